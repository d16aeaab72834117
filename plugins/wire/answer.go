package wire

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// done answers a request that has nothing to return. It is never changed.
var done = &pb.PageReply{Kind: &pb.PageReply_Done{Done: &pb.Done{}}}

// AnswerPage decodes a page request, checks its limits and asks pages. It is the receiving end of a lane.
func AnswerPage(ctx context.Context, pages Pages, req *pb.PageRequest) (*pb.PageReply, error) {
	switch k := req.GetKind().(type) {
	case *pb.PageRequest_Read:
		return answerRead(ctx, pages, k.Read)
	case *pb.PageRequest_Nblocks:
		n, err := pages.NBlocks(ctx)
		return &pb.PageReply{Kind: &pb.PageReply_Nblocks{Nblocks: &pb.NBlocksReply{Blocks: uint32(n)}}}, err
	case *pb.PageRequest_Extend:
		return answerExtend(ctx, pages, k.Extend)
	case *pb.PageRequest_Finish:
		return answerFinish(ctx, pages, k.Finish)
	case *pb.PageRequest_Free:
		return answerFree(ctx, pages, k.Free)
	case *pb.PageRequest_Bulk:
		images, err := PagesFrom(k.Bulk.GetPages(), MaxBulkPages)
		if err != nil {
			return nil, err
		}
		return done, pages.BulkWrite(ctx, page.BlockNumber(k.Bulk.GetFirst()), images)
	case *pb.PageRequest_Live:
		return answerLive(ctx, pages, k.Live)
	case *pb.PageRequest_Alone:
		return done, pages.Alone(ctx, k.Alone.GetOn())
	}
	return nil, fmt.Errorf("%w: page request %T", ErrUnsupported, req.GetKind())
}

func answerRead(ctx context.Context, pages Pages, m *pb.Read) (*pb.PageReply, error) {
	refs, err := RefsFromProto(m)
	if err != nil {
		return nil, err
	}
	reads, err := pages.ReadPages(ctx, refs)
	if err != nil {
		return nil, err
	}
	return &pb.PageReply{Kind: &pb.PageReply_Read{Read: ReadsToProto(reads)}}, nil
}

func answerExtend(ctx context.Context, pages Pages, m *pb.Extend) (*pb.PageReply, error) {
	n := m.GetCount()
	if n == 0 || n > MaxExtend {
		return nil, Errorf(ErrTooLarge, "%d blocks asked for, 1 to %d are handed out at once", n, MaxExtend)
	}
	blocks, err := pages.Extend(ctx, int(n))
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

func answerFinish(ctx context.Context, pages Pages, m *pb.Finish) (*pb.PageReply, error) {
	annotation, blocks, err := EditsFromProto(m)
	if err != nil {
		return nil, err
	}
	versions, err := pages.Finish(ctx, annotation, blocks)
	if err != nil {
		return nil, err
	}
	return &pb.PageReply{Kind: &pb.PageReply_Finish{Finish: &pb.FinishReply{Versions: LSNs(versions)}}}, nil
}

func answerFree(ctx context.Context, pages Pages, m *pb.FreePages) (*pb.PageReply, error) {
	if len(m.GetBlocks()) > MaxExtend {
		return nil, Errorf(ErrTooLarge, "%d blocks given back, the limit is %d", len(m.GetBlocks()), MaxExtend)
	}
	blocks := make([]page.BlockNumber, len(m.GetBlocks()))
	for i, b := range m.GetBlocks() {
		blocks[i] = page.BlockNumber(b)
	}
	return done, pages.FreePages(ctx, blocks)
}

func answerLive(ctx context.Context, pages Pages, m *pb.RowsLive) (*pb.PageReply, error) {
	tids, err := DecodeTIDs(m.GetTids(), MaxRowsLive)
	if err != nil {
		return nil, err
	}
	states, err := pages.RowsLive(ctx, tids)
	if err != nil {
		return nil, err
	}
	reply := &pb.RowsLiveReply{States: make([]byte, len(states))}
	for i, s := range states {
		reply.States[i] = byte(s)
	}
	return &pb.PageReply{Kind: &pb.PageReply_Live{Live: reply}}, nil
}
