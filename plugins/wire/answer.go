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
	case *pb.PageRequest_Fates:
		return answerFates(ctx, pages, k.Fates)
	case *pb.PageRequest_Spill:
		return answerSpill(ctx, pages, k.Spill)
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
	f, err := FinishFromProto(m)
	if err != nil {
		return nil, err
	}
	versions, err := pages.Finish(ctx, f)
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

func answerFates(ctx context.Context, pages Pages, m *pb.RowFates) (*pb.PageReply, error) {
	tids, rows, err := RowFatesFromProto(m)
	if err != nil {
		return nil, err
	}
	fates, err := pages.RowFates(ctx, tids, rows)
	if err != nil {
		return nil, err
	}
	return &pb.PageReply{Kind: &pb.PageReply_Fates{Fates: FatesToProto(fates)}}, nil
}

func answerSpill(ctx context.Context, pages Pages, m *pb.Spill) (*pb.PageReply, error) {
	reply := &pb.SpillReply{}
	answer := &pb.PageReply{Kind: &pb.PageReply_Spill{Spill: reply}}
	var err error
	switch k := m.GetWhat().(type) {
	case *pb.Spill_Open:
		reply.File, err = pages.OpenSpill(ctx)
	case *pb.Spill_Write:
		if err = checkSpillIO(k.Write.GetOffset(), len(k.Write.GetData())); err == nil {
			err = pages.WriteSpill(ctx, m.GetFile(), int64(k.Write.GetOffset()), k.Write.GetData())
		}
	case *pb.Spill_Read:
		if err = checkSpillIO(k.Read.GetOffset(), int(k.Read.GetLength())); err == nil {
			reply.Data, err = pages.ReadSpill(ctx, m.GetFile(), int64(k.Read.GetOffset()), int(k.Read.GetLength()))
		}
	case *pb.Spill_Close:
		err = pages.CloseSpill(ctx, m.GetFile())
	default:
		err = Errorf(ErrUnsupported, "request %T to a temporary file", m.GetWhat())
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// checkSpillIO refuses what no file can hold.
func checkSpillIO(offset uint64, n int) error {
	const farthest = 1 << 50
	if n > MaxSpillIO || offset > farthest {
		return Errorf(ErrTooLarge, "%d bytes at %d of a temporary file, the limit is %d up to %d", n, offset, MaxSpillIO, int64(farthest))
	}
	return nil
}
