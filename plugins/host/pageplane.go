package host

import (
	"errors"
	"fmt"

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

func (c *call) answer(req *pb.PageRequest) (*pb.PageReply, error) {
	need := mayRead
	switch req.GetKind().(type) {
	case *pb.PageRequest_Extend, *pb.PageRequest_Finish, *pb.PageRequest_Free, *pb.PageRequest_Alone:
		need = mayWrite
	case *pb.PageRequest_Bulk:
		need = mayBulk
	}
	if c.pages == nil || permissions[c.method]&need == 0 {
		return nil, wire.Errorf(wire.ErrWrongState, "%v may not ask for %T", c.method, req.GetKind())
	}
	switch k := req.GetKind().(type) {
	case *pb.PageRequest_Read:
		return c.read(k.Read)
	case *pb.PageRequest_Nblocks:
		n, err := c.pages.NBlocks(c.ctx)
		return &pb.PageReply{Kind: &pb.PageReply_Nblocks{Nblocks: &pb.NBlocksReply{Blocks: uint32(n)}}}, err
	case *pb.PageRequest_Extend:
		return c.extend(k.Extend)
	case *pb.PageRequest_Finish:
		return c.finishEdits(k.Finish)
	case *pb.PageRequest_Free:
		return c.free(k.Free)
	case *pb.PageRequest_Bulk:
		pages, err := wire.PagesFrom(k.Bulk.GetPages(), wire.MaxBulkPages)
		if err != nil {
			return nil, err
		}
		return done, c.pages.BulkWrite(c.ctx, page.BlockNumber(k.Bulk.GetFirst()), pages)
	case *pb.PageRequest_Live:
		return c.rowsLive(k.Live)
	case *pb.PageRequest_Alone:
		if !k.Alone.GetOn() {
			c.gate.open(c.id)
			return done, nil
		}
		return done, c.gate.close(c.ctx, c.id)
	}
	return nil, fmt.Errorf("%w: page request %T", wire.ErrUnsupported, req.GetKind())
}

// done answers a request that has nothing to return. It is never changed.
var done = &pb.PageReply{Kind: &pb.PageReply_Done{Done: &pb.Done{}}}

func (c *call) read(m *pb.Read) (*pb.PageReply, error) {
	refs, err := wire.RefsFromProto(m)
	if err != nil {
		return nil, err
	}
	reads, err := c.pages.ReadPages(c.ctx, refs)
	if err != nil {
		return nil, err
	}
	return &pb.PageReply{Kind: &pb.PageReply_Read{Read: wire.ReadsToProto(reads)}}, nil
}

func (c *call) extend(m *pb.Extend) (*pb.PageReply, error) {
	n := m.GetCount()
	if n == 0 || n > wire.MaxExtend {
		return nil, wire.Errorf(wire.ErrTooLarge, "%d blocks asked for, 1 to %d are handed out at once", n, wire.MaxExtend)
	}
	blocks, err := c.pages.Extend(c.ctx, int(n))
	if err != nil {
		return nil, err
	}
	reply := &pb.ExtendReply{}
	for _, b := range blocks {
		reply.Blocks = append(reply.Blocks, uint32(b.Block))
		reply.Recycled = append(reply.Recycled, b.Recycled)
	}
	return &pb.PageReply{Kind: &pb.PageReply_Extend{Extend: reply}}, nil
}

func (c *call) finishEdits(m *pb.Finish) (*pb.PageReply, error) {
	annotation, blocks, err := wire.EditsFromProto(m)
	if err != nil {
		return nil, err
	}
	if err := c.gate.pass(c.ctx, c.id); err != nil {
		return nil, err
	}
	defer c.gate.leave()
	versions, err := c.pages.Finish(c.ctx, annotation, blocks)
	if err != nil {
		return nil, err
	}
	return &pb.PageReply{Kind: &pb.PageReply_Finish{Finish: &pb.FinishReply{Versions: wire.LSNs(versions)}}}, nil
}

func (c *call) free(m *pb.FreePages) (*pb.PageReply, error) {
	if len(m.GetBlocks()) > wire.MaxExtend {
		return nil, wire.Errorf(wire.ErrTooLarge, "%d blocks given back, the limit is %d", len(m.GetBlocks()), wire.MaxExtend)
	}
	blocks := make([]page.BlockNumber, len(m.GetBlocks()))
	for i, b := range m.GetBlocks() {
		blocks[i] = page.BlockNumber(b)
	}
	return done, c.pages.FreePages(c.ctx, blocks)
}

func (c *call) rowsLive(m *pb.RowsLive) (*pb.PageReply, error) {
	tids, err := wire.DecodeTIDs(m.GetTids(), wire.MaxRowsLive)
	if err != nil {
		return nil, err
	}
	states, err := c.pages.RowsLive(c.ctx, tids)
	if err != nil {
		return nil, err
	}
	reply := &pb.RowsLiveReply{States: make([]byte, len(states))}
	for i, s := range states {
		reply.States[i] = byte(s)
	}
	return &pb.PageReply{Kind: &pb.PageReply_Live{Live: reply}}, nil
}
