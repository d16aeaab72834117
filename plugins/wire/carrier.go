package wire

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// Pages are the pages of one index during one call: the page requests, answered. It reaches that index and no other, and
// is used by one goroutine at a time.
//
// Every method may return an error of package wire (W3); a page is identified by its block, its state by its version.
type Pages interface {
	// ReadPages returns the pages refs names, in that order; at most MaxReadPages. A page whose version is still the
	// one the caller knows comes back as Unchanged without bytes. ErrNotFound when a block lies beyond the end.
	ReadPages(ctx context.Context, refs []PageRef) ([]PageRead, error)
	// NBlocks is the length of the index in blocks.
	NBlocks(ctx context.Context) (page.BlockNumber, error)
	// Extend hands out count blocks for new pages. They belong to the call until Finish or BulkWrite uses them; what
	// is left over when the call ends returns to the host.
	Extend(ctx context.Context, count int) ([]NewBlock, error)
	// Finish applies the edits to all blocks in one record, or to none: ErrConflict when a version moved on,
	// ErrInvalidEdit when an edit is wrong, ErrAlive when a row that has to be dead is not. It returns the new version of each block.
	Finish(ctx context.Context, f Finish) ([]page.LSN, error)
	// FreePages gives blocks back for later Extends. Their contents stay until then.
	FreePages(ctx context.Context, blocks []page.BlockNumber) error
	// BulkWrite writes whole pages to the blocks from first on, 32 to a record. Only for building.
	BulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) error
	// RowFates is the host's verdict on rows of the index's table. Each is judged in the eyes of the transaction to which that row of the
	// call's belongs whose place rows has; with rows nil in the eyes of the call's transaction, which a call with rows of several has not.
	RowFates(ctx context.Context, tids []page.TID, rows []int) ([]RowFate, error)
	// Alone(true) returns when no other call can change this index; it holds until Alone(false) or the call's end.
	Alone(ctx context.Context, on bool) error
	Spills
}

// Spills are the temporary files of a build. The host makes them, bounds what they take, and removes them when the call ends,
// however it ends. They hold what was written and nothing after a crash.
type Spills interface {
	// OpenSpill makes a file and returns its number within the call. At most MaxSpills are open at a time.
	OpenSpill(ctx context.Context) (uint32, error)
	// WriteSpill writes at most MaxSpillIO bytes. ErrTooLarge when the call's files take more than the host allows.
	WriteSpill(ctx context.Context, file uint32, offset int64, data []byte) error
	// ReadSpill reads at most MaxSpillIO bytes; fewer than length come at the end of the file. The caller owns them.
	ReadSpill(ctx context.Context, file uint32, offset int64, length int) ([]byte, error)
	// CloseSpill removes a file.
	CloseSpill(ctx context.Context, file uint32) error
}

// PageCarrier carries the page requests of a call from the plugin to the host's Pages. Beside the requests themselves it
// can begin two of them and fetch the answer later, after other requests; a carrier for which a request costs next to
// nothing may do it all in either half.
type PageCarrier interface {
	Pages
	// StartRead begins ReadPages and returns at once; the function yields the result.
	StartRead(ctx context.Context, refs []PageRef) func() ([]PageRead, error)
	// StartBulkWrite begins BulkWrite; the function yields its error.
	StartBulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) func() error
}

// PageRef asks for a page. Known is the version the caller has in hand, 0 for none.
type PageRef struct {
	Block page.BlockNumber
	Known page.LSN
}

// PageRead is a page as it was at Version.
type PageRead struct {
	Version   page.LSN
	Unchanged bool      // Version equals PageRef.Known; Page is nil
	Page      page.Page // the receiver may keep it and must not change it
	Frame     uint32    // 1 + the frame of the arena that had the page, 0 = none; a hint
}

// NewBlock is a block handed out by Extend. A recycled block holds an old page, which has a version.
type NewBlock struct {
	Block    page.BlockNumber
	Recycled bool
}

// Finish is the wished change of several blocks.
type Finish struct {
	Annotation string
	Blocks     []BlockEdit
	// Dead are rows of the index's table that have to be dead, each to the row of the call whose place DeadTo has, as with RowFates.
	Dead   []page.TID
	DeadTo []int
	// Last says that an Insert call is over when this succeeds, with these conflicts.
	Last      bool
	Conflicts []byte // packed
}

// BlockEdit is the wished change of one block.
type BlockEdit struct {
	Block           page.BlockNumber
	Version         page.LSN  // what the edit was made upon
	New             bool      // the block was handed out by Extend and not recycled: its page was all zero
	FullImage       bool      // log the page whole
	Forward         []byte    // edit list of a page.Editor, or
	Image           page.Page // the page whole
	ConflictHorizon page.LSN  // rows dead to all snapshots at or after this position were removed; 0 = none
}

// InProcess carries requests to Pages in the same process: for tests of an author's own functions.
func InProcess(p Pages) PageCarrier { return inProcess{p} }

type inProcess struct{ Pages }

func (c inProcess) StartRead(ctx context.Context, refs []PageRef) func() ([]PageRead, error) {
	return func() ([]PageRead, error) { return c.ReadPages(ctx, refs) }
}

func (c inProcess) StartBulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) func() error {
	return func() error { return c.BulkWrite(ctx, first, pages) }
}
