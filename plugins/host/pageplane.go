package host

import (
	"context"
	"errors"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// may says what a method may ask of the page plane (H4).
type may uint8

const (
	mayRead may = 1 << iota
	mayWrite
	mayBulk
)

var permissions = map[pb.Method]may{
	pb.Method_BUILD:       mayRead | mayWrite | mayBulk,
	pb.Method_INSERT:      mayRead | mayWrite,
	pb.Method_BULK_DELETE: mayRead | mayWrite,
	pb.Method_CLEANUP:     mayRead | mayWrite,
	pb.Method_SCAN:        mayRead,
	pb.Method_CHECK:       mayRead,
}

// servePage answers one page request. An error goes to the plugin in the reply; those that must end the statement
// whatever the plugin makes of them are kept as well.
func (c *call) servePage(req *pb.PageRequest) *pb.PageReply {
	reply, err := c.answer(req)
	if err == nil {
		return reply
	}
	var invalid *genericxlog.ValidationError
	switch {
	case hostsOwn(err) && c.hostErr == nil && c.ctx.Err() == nil:
		c.hostErr = err
	case c.lie == nil && (errors.As(err, &invalid) || errors.Is(err, wire.ErrInvalidEdit)):
		c.lie = lieError("plugin submitted a page edit that cannot be: %w", err)
	}
	return &pb.PageReply{Error: toPlugin(err)}
}

// answer lets a request pass that the call may make.
func (c *call) answer(req *pb.PageRequest) (*pb.PageReply, error) {
	need := mayRead
	switch req.GetKind().(type) {
	case *pb.PageRequest_Extend, *pb.PageRequest_Finish, *pb.PageRequest_Free, *pb.PageRequest_Alone:
		need = mayWrite
	case *pb.PageRequest_Bulk, *pb.PageRequest_Spill:
		need = mayBulk
	}
	if c.pages == nil || permissions[c.method]&need == 0 {
		return nil, wire.Errorf(wire.ErrWrongState, "%v may not ask for %T", c.method, req.GetKind())
	}
	return wire.AnswerPage(c.ctx, gatedPages{c.pages, &c.spills, c.gate, c.id, c.rows}, req)
}

// gatedPages are a call's pages behind the index's gate, and its temporary files. A call that may not change pages has none.
type gatedPages struct {
	CallPages
	*spills
	gate   *gate
	ticket uint64
	rows   *cargo // of an insertion
}

var _ wire.Pages = gatedPages{}

func (g gatedPages) Finish(ctx context.Context, f wire.Finish) ([]page.LSN, error) {
	if f.Last {
		if g.rows == nil {
			return nil, wire.Errorf(wire.ErrWrongState, "only an Insert ends with a Finish")
		}
		if _, err := wire.DecodeConflicts(f.Conflicts, g.rows.count); err != nil {
			return nil, err
		}
	}
	if len(f.Dead) > 0 {
		if err := g.requireDead(ctx, f.Dead, f.DeadTo); err != nil {
			return nil, err
		}
	}
	if err := g.gate.pass(ctx, g.ticket); err != nil {
		return nil, err
	}
	defer g.gate.leave()
	return g.CallPages.Finish(ctx, f.Annotation, f.Blocks)
}

// requireDead is ErrAlive if one of the rows is not dead.
func (g gatedPages) requireDead(ctx context.Context, tids []page.TID, rivals []int) error {
	fates, err := g.RowFates(ctx, tids, rivals)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(fates, func(f wire.RowFate) bool { return f.State != wire.RowDead }) {
		return wire.ErrAlive
	}
	return nil
}

func (g gatedPages) Alone(ctx context.Context, on bool) error {
	if !on {
		g.gate.open(g.ticket)
		return nil
	}
	return g.gate.close(ctx, g.ticket)
}

// RowFates judges each row in the eyes of the transaction to which the row of the call belongs that it would be in the way of. Where
// none is named, and the call's rows are several transactions', nobody's eyes will do: what one of them has changed
// then depends on a transaction, and the rows refused because of it are offered again in a call of their own.
func (g gatedPages) RowFates(ctx context.Context, tids []page.TID, rivals []int) ([]wire.RowFate, error) {
	if g.rows == nil {
		return g.CallPages.RowFates(ctx, 0, tids)
	}
	if rivals == nil {
		return g.CallPages.RowFates(ctx, g.rows.xid, tids)
	}
	for _, row := range rivals {
		if row < 0 || row >= g.rows.count {
			return nil, wire.Errorf(wire.ErrProtocol, "row %d of a call that has %d", row, g.rows.count)
		}
	}
	fates := make([]wire.RowFate, 0, len(tids))
	for first := 0; first < len(tids); {
		xid, end := g.rows.xidOf(rivals[first]), first+1
		for end < len(tids) && g.rows.xidOf(rivals[end]) == xid {
			end++
		}
		part, err := g.CallPages.RowFates(ctx, xid, tids[first:end])
		if err != nil {
			return nil, err
		}
		fates, first = append(fates, part...), end
	}
	return fates, nil
}
