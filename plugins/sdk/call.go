package sdk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// callState is one call on its way through the author's code.
type callState struct {
	am      AccessMethod
	ctx     context.Context
	carrier *laneCarrier
	call    *pb.Call
	ix      *Index
}

// callContext ends with the stream or at the call's deadline.
func callContext(parent context.Context, call *pb.Call) (context.Context, context.CancelFunc) {
	if ms := call.GetDeadlineMs(); ms > 0 {
		return context.WithTimeout(parent, time.Duration(ms)*time.Millisecond)
	}
	return context.WithCancel(parent)
}

func (c *callState) validateOptions() (*pb.Result, error) {
	v, ok := c.am.(OptionValidator)
	if !ok {
		return &pb.Result{Options: c.ix.info.Options}, nil
	}
	options, err := v.ValidateOptions(c.ctx, c.ix.Columns(), c.ix.Options().Clone())
	if err != nil {
		return nil, err
	}
	return &pb.Result{Options: options}, nil
}

func (c *callState) build() (*pb.Result, error) {
	stats, err := c.am.Build(c.ctx, c.ix, &RowReader{ask: c.wantRows})
	if err != nil {
		return nil, err
	}
	return &pb.Result{HeapTuples: stats.HeapTuples, IndexTuples: stats.IndexTuples}, nil
}

// wantRows begins a request for the next batch of a build.
func (c *callState) wantRows() func() ([]wire.Row, error) {
	r, err := c.carrier.send(&pb.PluginMessage{Kind: &pb.PluginMessage_WantRows{WantRows: &pb.WantRows{}}})
	return func() ([]wire.Row, error) {
		if err != nil {
			return nil, err
		}
		m, err := c.carrier.wait(r)
		if err != nil {
			return nil, err
		}
		rows := m.GetRows()
		switch {
		case rows == nil:
			return nil, fmt.Errorf("%w: rows were asked for and %T came", wire.ErrProtocol, m.GetKind())
		case rows.GetLast():
			return nil, nil
		}
		return wire.DecodeRows(rows.GetPacked(), int(rows.GetCount()), len(c.ix.info.Columns))
	}
}

func (c *callState) buildEmpty() (*pb.Result, error) {
	pages, err := c.am.BuildEmpty(c.ctx, c.ix)
	if err != nil {
		return nil, err
	}
	if len(pages) > wire.MaxEmptyPages {
		return nil, fmt.Errorf("%w: an empty index of %d pages, the limit is %d", wire.ErrTooLarge, len(pages), wire.MaxEmptyPages)
	}
	for i, p := range pages {
		if len(p) != page.Size {
			return nil, fmt.Errorf("%w: page %d of the empty index has %d bytes", wire.ErrInvalidEdit, i, len(p))
		}
	}
	return &pb.Result{Pages: wire.JoinPages(pages)}, nil
}

func (c *callState) insert() (*pb.Result, error) {
	rows, err := wire.DecodeRows(c.call.GetRows(), int(c.call.GetRowCount()), len(c.ix.info.Columns))
	if err != nil {
		return nil, err
	}
	c.ix.inserts = true
	conflicts, err := c.am.Insert(c.ctx, c.ix, rows)
	if err == nil && len(conflicts) > 0 && !c.ix.info.Unique {
		err = fmt.Errorf("%w: conflicts of an index that is not unique", wire.ErrWrongState)
	}
	if err != nil {
		return nil, err
	}
	if c.ix.ended && !slices.Equal(c.ix.told, conflicts) {
		return nil, fmt.Errorf("%w: Insert returns other conflicts than it gave to Last", ErrWrongState)
	}
	packed := wire.AppendConflicts(nil, conflicts)
	_, err = wire.DecodeConflicts(packed, len(rows)) // what the host would refuse is the author's to hear of
	return &pb.Result{Conflicts: packed}, err
}

func (c *callState) scan() (*pb.Result, error) {
	scan, err := wire.ScanFromProto(c.call, len(c.ix.info.Columns))
	if err != nil {
		return nil, err
	}
	if len(c.call.GetLookups()) > 0 {
		return c.lookups(scan)
	}
	hits := newHitWriter(scan, func(m *pb.Hits) error { return c.carrier.hits(c.ctx, m) })
	c.ix.turn = hits.flushFull
	if err := c.am.Scan(c.ctx, c.ix, scan, hits); err != nil {
		return nil, err
	}
	return &pb.Result{Hits: hits.take()}, nil
}

// lookups runs the searches of several sessions one after the other. One that finds more than belongs into a common answer is left
// to a call of its own.
func (c *callState) lookups(scan Scan) (*pb.Result, error) {
	if n := len(c.call.GetLookups()); n > wire.MaxLookups {
		return nil, fmt.Errorf("%w: %d lookups in a call, the limit is %d", wire.ErrTooLarge, n, wire.MaxLookups)
	}
	r, room := &pb.Result{Found: make([]*pb.Found, len(c.call.GetLookups()))}, wire.MaxMessage
	var sent spans
	for i, m := range c.call.GetLookups() {
		var err error
		if scan.Keys, err = wire.KeysFromProto(m.GetKeys(), len(c.ix.info.Columns)); err != nil {
			return nil, err
		}
		again := false
		hits := newHitWriter(Scan{Return: scan.Return}, func(*pb.Hits) error {
			again = true
			return ErrEnough
		})
		if m.GetSpan() {
			hits.span = &SpanWriter{}
		}
		c.ix.turn = hits.flushFull
		err = c.am.Scan(c.ctx, c.ix, scan, hits)
		switch {
		case again || room < len(hits.values):
			r.Found[i] = &pb.Found{Again: true}
		case err != nil:
			return nil, err
		default:
			room -= len(hits.values)
			r.Found[i] = &pb.Found{Hits: hits.take()}
		}
		if s := hits.span.take(); s != nil && s.Size() <= room && !sent.has(s) {
			room -= s.Size()
			sent = append(sent, s)
			r.Found[i].Span = wire.SpanToProto(s)
		}
	}
	return r, nil
}

// spans are those of one call, which need not carry the same page twice.
type spans []*wire.Span

func (s spans) has(t *wire.Span) bool {
	return slices.ContainsFunc(s, func(o *wire.Span) bool { return o.Block == t.Block && o.Version == t.Version })
}

func (c *callState) bulkDelete() (*pb.Result, error) {
	dead, err := c.receiveDead()
	if err != nil {
		return nil, err
	}
	stats, err := c.am.BulkDelete(c.ctx, c.ix, dead)
	if err != nil {
		return nil, err
	}
	return &pb.Result{
		IndexTuples: stats.TuplesLeft, TuplesRemoved: stats.Removed,
		PagesTotal: stats.Pages, PagesDeleted: stats.PagesFreed, PagesFree: stats.PagesUnused,
	}, nil
}

// receiveDead takes the parts of the dead set, which follow the call unasked.
func (c *callState) receiveDead() (*DeadSet, error) {
	var data []byte
	for {
		m, err := c.carrier.stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("lane to the host: %w", err)
		}
		part := m.GetDead()
		if part == nil {
			return nil, fmt.Errorf("%w: a dead set was expected and %T came", wire.ErrProtocol, m.GetKind())
		}
		if len(data)+len(part.GetData()) > wire.MaxDeadSet {
			return nil, fmt.Errorf("%w: dead set beyond %d bytes", wire.ErrTooLarge, wire.MaxDeadSet)
		}
		data = append(data, part.GetData()...)
		if part.GetLast() {
			dead := wire.NewDeadSet()
			return dead, dead.UnmarshalBinary(data)
		}
	}
}

func (c *callState) cleanup() (*pb.Result, error) {
	stats, err := c.am.Cleanup(c.ctx, c.ix)
	if err != nil {
		return nil, err
	}
	return &pb.Result{
		IndexTuples: stats.Tuples, PagesTotal: stats.Pages, PagesDeleted: stats.PagesFreed, PagesFree: stats.PagesUnused,
	}, nil
}

func (c *callState) check() (*pb.Result, error) {
	var broken error
	err := c.am.Check(c.ctx, c.ix, func(problem string) {
		if broken == nil {
			broken = c.carrier.tell(&pb.PluginMessage{Kind: &pb.PluginMessage_Problem{
				Problem: &pb.Problem{Text: wire.CleanText(problem)},
			}})
		}
	})
	if err != nil {
		return nil, err
	}
	return &pb.Result{}, broken
}
