package sdk

import (
	"context"
	"fmt"
	"sync"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// laneStream is the plugin's end of a lane.
type laneStream interface {
	Send(*pb.PluginMessage) error
	Recv() (*pb.HostMessage, error)
}

// A laneCarrier carries the requests of one call over its lane. The host answers in the order it was asked, so requests
// may be under way while others are made: an answer that somebody else waits for is put aside for them.
type laneCarrier struct {
	stream laneStream
	call   uint64 // goes with every message
	mu     struct {
		sync.Mutex
		waiting []*reply // requests not answered yet, the oldest first
		broken  error    // the lane is gone
		allowed int      // messages of hits that may still be sent
		stopped bool     // the reader of a scan has enough
		ended   bool     // the call is over since its last Finish
	}
}

// reply is the place of one answer.
type reply struct {
	msg *pb.HostMessage // nil until it came
}

var _ wire.PageCarrier = (*laneCarrier)(nil)

func newLaneCarrier(stream laneStream, call uint64) *laneCarrier {
	c := &laneCarrier{stream: stream, call: call}
	c.mu.allowed = wire.HitWindow
	return c
}

// send makes a request and returns the place of its answer.
func (c *laneCarrier) send(m *pb.PluginMessage) (*reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.broken != nil {
		return nil, c.mu.broken
	}
	if c.mu.ended {
		return nil, fmt.Errorf("%w: the call is over since its last Finish", ErrWrongState)
	}
	m.Call = c.call
	if err := c.stream.Send(m); err != nil {
		c.mu.broken = fmt.Errorf("lane to the host: %w", err)
		return nil, c.mu.broken
	}
	r := &reply{}
	c.mu.waiting = append(c.mu.waiting, r)
	return r, nil
}

// tell sends a message that has no answer.
func (c *laneCarrier) tell(m *pb.PluginMessage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.broken != nil {
		return c.mu.broken
	}
	m.Call = c.call
	if err := c.stream.Send(m); err != nil {
		c.mu.broken = fmt.Errorf("lane to the host: %w", err)
	}
	return c.mu.broken
}

// wait returns the answer that belongs to r.
func (c *laneCarrier) wait(r *reply) (*pb.HostMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for r.msg == nil {
		if err := c.receiveLocked(); err != nil {
			return nil, err
		}
	}
	return r.msg, nil
}

func (c *laneCarrier) receiveLocked() error {
	if c.mu.broken != nil {
		return c.mu.broken
	}
	m, err := c.stream.Recv()
	if err != nil {
		c.mu.broken = fmt.Errorf("lane to the host: %w", err)
		return c.mu.broken
	}
	if flow := m.GetFlow(); flow != nil {
		if flow.GetCall() == c.call {
			c.mu.allowed++
			c.mu.stopped = c.mu.stopped || flow.GetStop()
		}
		return nil
	}
	if len(c.mu.waiting) == 0 {
		c.mu.broken = fmt.Errorf("%w: %T that nobody asked for", wire.ErrProtocol, m.GetKind())
		return c.mu.broken
	}
	c.mu.waiting[0].msg = m
	c.mu.waiting = c.mu.waiting[1:]
	return nil
}

// hits sends a message of hits as soon as the host allows one, unless it wants no more.
func (c *laneCarrier) hits(ctx context.Context, m *pb.Hits) error {
	c.mu.Lock()
	for c.mu.allowed == 0 && !c.mu.stopped {
		if err := c.receiveLocked(); err != nil {
			c.mu.Unlock()
			return err
		}
	}
	c.mu.allowed--
	stopped := c.mu.stopped
	c.mu.Unlock()
	if stopped {
		return ErrEnough
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.tell(&pb.PluginMessage{Kind: &pb.PluginMessage_Hits{Hits: m}})
}

// settle receives the answers nobody waited for, so that the lane is in step again (K4).
func (c *laneCarrier) settle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.mu.waiting) > 0 {
		if err := c.receiveLocked(); err != nil {
			return err
		}
	}
	return c.mu.broken
}

// page makes a page request; the function yields its answer.
func (c *laneCarrier) page(req *pb.PageRequest) func() (*pb.PageReply, error) {
	r, err := c.send(&pb.PluginMessage{Kind: &pb.PluginMessage_Page{Page: req}})
	return func() (*pb.PageReply, error) {
		if err != nil {
			return nil, err
		}
		m, err := c.wait(r)
		if err != nil {
			return nil, err
		}
		answer := m.GetPage()
		if answer == nil {
			return nil, fmt.Errorf("%w: a page request was answered with %T", wire.ErrProtocol, m.GetKind())
		}
		if answer.GetError() != nil {
			return nil, wire.ErrorFromProto(answer.GetError())
		}
		return answer, nil
	}
}

func (c *laneCarrier) StartRead(_ context.Context, refs []wire.PageRef) func() ([]wire.PageRead, error) {
	answer := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Read{Read: wire.RefsToProto(refs)}})
	return func() ([]wire.PageRead, error) {
		m, err := answer()
		if err != nil {
			return nil, err
		}
		return wire.ReadsFromProto(m.GetRead(), refs)
	}
}

func (c *laneCarrier) ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error) {
	return c.StartRead(ctx, refs)()
}

func (c *laneCarrier) NBlocks(context.Context) (page.BlockNumber, error) {
	m, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Nblocks{Nblocks: &pb.NBlocks{}}})()
	if err != nil {
		return 0, err
	}
	return page.BlockNumber(m.GetNblocks().GetBlocks()), nil
}

func (c *laneCarrier) Extend(_ context.Context, count int) ([]wire.NewBlock, error) {
	m, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Extend{Extend: &pb.Extend{Count: uint32(count)}}})()
	if err != nil {
		return nil, err
	}
	blocks, recycled := m.GetExtend().GetBlocks(), m.GetExtend().GetRecycled()
	if len(blocks) != count || len(recycled) != count {
		return nil, fmt.Errorf("%w: %d blocks in answer to %d", wire.ErrProtocol, len(blocks), count)
	}
	out := make([]wire.NewBlock, count)
	for i := range out {
		out[i] = wire.NewBlock{Block: page.BlockNumber(blocks[i]), Recycled: recycled[i]}
	}
	return out, nil
}

// Finish changes pages. Where it is the last of its call, the answer to a success may come with the next call only.
func (c *laneCarrier) Finish(_ context.Context, f wire.Finish) ([]page.LSN, error) {
	m, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Finish{Finish: wire.FinishToProto(f)}})()
	if err != nil {
		return nil, err
	}
	if f.Last {
		c.mu.Lock()
		c.mu.ended = true
		c.mu.Unlock()
	}
	return wire.LSNsFrom(m.GetFinish().GetVersions(), len(f.Blocks))
}

// ended reports whether the call is over since its last Finish.
func (c *laneCarrier) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.ended
}

func (c *laneCarrier) FreePages(_ context.Context, blocks []page.BlockNumber) error {
	m := &pb.FreePages{Blocks: make([]uint32, len(blocks))}
	for i, b := range blocks {
		m.Blocks[i] = uint32(b)
	}
	_, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Free{Free: m}})()
	return err
}

func (c *laneCarrier) StartBulkWrite(_ context.Context, first page.BlockNumber, pages []page.Page) func() error {
	answer := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Bulk{
		Bulk: &pb.BulkWrite{First: uint32(first), Pages: wire.JoinPages(pages)},
	}})
	return func() error {
		_, err := answer()
		return err
	}
}

func (c *laneCarrier) BulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) error {
	return c.StartBulkWrite(ctx, first, pages)()
}

func (c *laneCarrier) RowFates(_ context.Context, tids []page.TID, rows []int) ([]wire.RowFate, error) {
	m, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Fates{Fates: wire.RowFatesToProto(tids, rows)}})()
	if err != nil {
		return nil, err
	}
	return wire.FatesFromProto(m.GetFates(), len(tids))
}

func (c *laneCarrier) spill(m *pb.Spill) (*pb.SpillReply, error) {
	reply, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Spill{Spill: m}})()
	return reply.GetSpill(), err
}

func (c *laneCarrier) OpenSpill(context.Context) (uint32, error) {
	m, err := c.spill(&pb.Spill{What: &pb.Spill_Open{Open: true}})
	return m.GetFile(), err
}

func (c *laneCarrier) WriteSpill(_ context.Context, file uint32, offset int64, data []byte) error {
	_, err := c.spill(&pb.Spill{File: file, What: &pb.Spill_Write{Write: &pb.SpillWrite{Offset: uint64(offset), Data: data}}})
	return err
}

func (c *laneCarrier) ReadSpill(_ context.Context, file uint32, offset int64, length int) ([]byte, error) {
	m, err := c.spill(&pb.Spill{File: file, What: &pb.Spill_Read{Read: &pb.SpillRead{Offset: uint64(offset), Length: uint32(length)}}})
	return m.GetData(), err
}

func (c *laneCarrier) CloseSpill(_ context.Context, file uint32) error {
	_, err := c.spill(&pb.Spill{File: file, What: &pb.Spill_Close{Close: true}})
	return err
}

func (c *laneCarrier) Alone(_ context.Context, on bool) error {
	_, err := c.page(&pb.PageRequest{Kind: &pb.PageRequest_Alone{Alone: &pb.Alone{On: on}}})()
	return err
}
