package host

import (
	"context"
	"os"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// A PageStore opens the pages of an index for one call. NewPoolStore makes the one on the engine; tests have their own.
type PageStore interface {
	// Open gives an access method access to idx's pages; changes are logged for the transaction xid, 0 for none or several.
	Open(method string, idx am.Index, xid uint64) CallPages
	// HeapLength is the number of blocks of the table under idx, to judge row addresses by.
	HeapLength(idx am.Index) (page.BlockNumber, error)
	// Watch sets a watch on a page of idx; see buffer.Pool.Watch.
	Watch(idx am.Index, blk page.BlockNumber, version page.LSN) (buffer.Watch, bool, error)
	// Arena returns a handle of the memory that the pages of an access method's indexes are in, which nobody can write through; nil
	// if it cannot be shared. The caller closes it.
	Arena(method string) (*os.File, error)
}

// CallPages are the pages of one index during one call: the page requests of wire.PageCarrier, answered. Used by one
// goroutine at a time.
type CallPages interface {
	ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error)
	NBlocks(ctx context.Context) (page.BlockNumber, error)
	Extend(ctx context.Context, count int) ([]wire.NewBlock, error)
	Finish(ctx context.Context, annotation string, blocks []wire.BlockEdit) ([]page.LSN, error)
	FreePages(ctx context.Context, blocks []page.BlockNumber) error
	BulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) error
	// RowFates judges rows of the table in the eyes of the transaction xid, 0 for none.
	RowFates(ctx context.Context, xid uint64, tids []page.TID) ([]wire.RowFate, error)
	// Close takes blocks back that were handed out and not used.
	Close()
}
