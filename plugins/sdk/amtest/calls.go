package amtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// An Index is an index of a Process on a Store: the calls a host makes.
type Index struct {
	Process *Process
	Store   *Store
	Info    wire.IndexInfo
	WorkMem uint64 // of a build, 0 = the default
	XID     uint64 // of the transaction that inserts
}

func unexpected(m *pb.PluginMessage) (*pb.HostMessage, error) {
	return nil, fmt.Errorf("the method sent %T, which has no place in this call", m.GetKind())
}

func (ix *Index) run(ctx context.Context, pages *Pages, call *pb.Call, parts []*pb.HostMessage, other func(*pb.PluginMessage) (*pb.HostMessage, error)) (*pb.Result, error) {
	call.Index = wire.IndexToProto(ix.Info)
	if other == nil {
		other = unexpected
	}
	return ix.Process.call(ctx, pages, call, parts, other)
}

// Build feeds rows to the method in batches.
func (ix *Index) Build(ctx context.Context, rows []sdk.Row, batch int) (*pb.Result, error) {
	return ix.run(ctx, ix.Store.Open(), &pb.Call{Method: pb.Method_BUILD, WorkMem: ix.WorkMem}, nil, func(m *pb.PluginMessage) (*pb.HostMessage, error) {
		if m.GetWantRows() == nil {
			return unexpected(m)
		}
		n := min(batch, len(rows))
		msg := &pb.Rows{Packed: packRows(rows[:n]), Count: uint32(n), Last: n == 0}
		rows = rows[n:]
		return &pb.HostMessage{Kind: &pb.HostMessage_Rows{Rows: msg}}, nil
	})
}

// BuildEmpty returns the pages of an empty index.
func (ix *Index) BuildEmpty(ctx context.Context) ([]page.Page, error) {
	r, err := ix.run(ctx, ix.Store.Open(), &pb.Call{Method: pb.Method_BUILD_EMPTY}, nil, nil)
	if err != nil {
		return nil, err
	}
	return wire.PagesFrom(r.GetPages(), wire.MaxEmptyPages)
}

// Insert adds rows and returns those that a unique index did not take. With limit > 0 the call is killed at its limit-th page
// request.
func (ix *Index) Insert(ctx context.Context, rows []sdk.Row, limit int) ([]sdk.Conflict, error) {
	pages := ix.Store.Open()
	pages.limit, pages.xid = limit, ix.XID
	r, err := ix.run(ctx, pages, &pb.Call{Method: pb.Method_INSERT, Rows: packRows(rows), RowCount: uint32(len(rows))}, nil, nil)
	if err != nil {
		return nil, err
	}
	return wire.DecodeConflicts(r.GetConflicts(), len(rows))
}

func packRows(rows []sdk.Row) []byte {
	var b []byte
	for _, r := range rows {
		b = wire.AppendRow(b, r.TID, r.Values)
	}
	return b
}

// Scan returns all hits; each, if it is not nil, gets them as they come. If it returns sdk.ErrEnough the method is told to stop,
// and what it sends nevertheless is not looked at; with any other error the lane is cut.
func (ix *Index) Scan(ctx context.Context, scan sdk.Scan, each func([]sdk.Hit) error) ([]sdk.Hit, error) {
	var all []sdk.Hit
	stopped, late := false, 0
	take := func(h *pb.Hits) error {
		hits, err := wire.DecodeHits(nil, h.GetPacked(), int(h.GetCount()), h.GetOrderBy())
		if err == nil && len(scan.Return) > 0 {
			err = wire.SetHitValues(hits, h.GetValues(), len(scan.Return))
		}
		if err == nil && each != nil {
			err = each(hits)
		}
		all = append(all, hits...)
		return err
	}
	call := &pb.Call{Method: pb.Method_SCAN}
	wire.ScanToProto(call, scan)
	r, err := ix.run(ctx, ix.Store.Open(), call, nil, func(m *pb.PluginMessage) (*pb.HostMessage, error) {
		h := m.GetHits()
		if h == nil {
			return unexpected(m)
		}
		flow := &pb.Flow{Call: call.GetId()}
		if stopped {
			if late++; late > wire.HitWindow { // what was under way is no offence
				return nil, errors.New("the method was told to stop and goes on sending hits")
			}
			return nil, nil
		}
		if err := take(h); errors.Is(err, sdk.ErrEnough) {
			flow.Stop, stopped = true, true
		} else if err != nil {
			return nil, err
		}
		return &pb.HostMessage{Kind: &pb.HostMessage_Flow{Flow: flow}}, nil
	})
	switch {
	case stopped && errors.Is(err, sdk.ErrEnough), stopped && err == nil:
		return all, nil
	case err == nil && r.GetHits() != nil:
		if err = take(r.GetHits()); errors.Is(err, sdk.ErrEnough) {
			err = nil
		}
	}
	return all, err
}

// BulkDelete removes the entries of dead rows.
func (ix *Index) BulkDelete(ctx context.Context, dead []page.TID, limit int) (*pb.Result, error) {
	data, err := wire.NewDeadSet(dead...).MarshalBinary()
	if err != nil {
		return nil, err
	}
	parts := []*pb.HostMessage{
		{Kind: &pb.HostMessage_Dead{Dead: &pb.DeadSetPart{Data: data[:len(data)/2]}}},
		{Kind: &pb.HostMessage_Dead{Dead: &pb.DeadSetPart{Data: data[len(data)/2:], Last: true}}},
	}
	pages := ix.Store.Open()
	pages.limit = limit
	return ix.run(ctx, pages, &pb.Call{Method: pb.Method_BULK_DELETE}, parts, nil)
}

// Cleanup ends a vacuum.
func (ix *Index) Cleanup(ctx context.Context, limit int) (*pb.Result, error) {
	pages := ix.Store.Open()
	pages.limit = limit
	return ix.run(ctx, pages, &pb.Call{Method: pb.Method_CLEANUP}, nil, nil)
}

// Check returns the problems the method finds.
func (ix *Index) Check(ctx context.Context) ([]string, error) {
	var problems []string
	_, err := ix.run(ctx, ix.Store.Open(), &pb.Call{Method: pb.Method_CHECK}, nil, func(m *pb.PluginMessage) (*pb.HostMessage, error) {
		if m.GetProblem() == nil {
			return unexpected(m)
		}
		problems = append(problems, m.GetProblem().GetText())
		return nil, nil
	})
	return problems, err
}

// ValidateOptions asks the method about options.
func (ix *Index) ValidateOptions(ctx context.Context) (map[string]string, error) {
	r, err := ix.run(ctx, ix.Store.Open(), &pb.Call{Method: pb.Method_VALIDATE_OPTIONS}, nil, nil)
	return r.GetOptions(), err
}
