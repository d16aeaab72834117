package sdk

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// MaxBlocks is the number of pages one Finish may change.
const MaxBlocks = wire.MaxFinishBlocks

// An Index is one index within one call: what it is, and the way to its pages. It is valid until the call returns and
// belongs to the goroutine of the call.
type Index struct {
	info    *wire.IndexInfo // about's
	about   *described
	ctx     context.Context
	carrier wire.PageCarrier
	cache   *pageCache
	workMem int64 // of a build

	handed map[page.BlockNumber]wire.NewBlock // from NewPage and not used yet
	spare  []wire.NewBlock                    // handed out in an attempt that was given up
	read   map[page.BlockNumber]page.LSN      // versions read since Start, by K2; nil outside
	reread bool                               // an attempt before was out of date: PeekPage does not trust the cache
	alone  bool                               // Update holds the other writers of the index back
	turn   func() error                       // before a scan looks at another page

	inserts bool       // the call is an Insert
	ended   bool       // by its last Finish
	told    []Conflict // with that
}

// NewIndex binds an index to a carrier. Serve does it for each call; tests of an author's own functions may, too.
func NewIndex(ctx context.Context, info wire.IndexInfo, carrier wire.PageCarrier) *Index {
	return newIndex(ctx, &described{info: info, log: zerolog.Nop()}, carrier, newPageCache(defaultCachePages))
}

func newIndex(ctx context.Context, about *described, carrier wire.PageCarrier, cache *pageCache) *Index {
	return &Index{
		info: &about.info, about: about, ctx: ctx, carrier: carrier, cache: cache, workMem: wire.DefaultWorkMem,
		handed: make(map[page.BlockNumber]wire.NewBlock),
	}
}

// OID is the index's identity; it stays the same when the index is rebuilt.
func (ix *Index) OID() uint32 { return ix.info.OID }

// Rel is the file the index lives in; a rebuilt index has another. It is the key for anything remembered between calls.
func (ix *Index) Rel() page.RelFileNumber { return ix.info.Rel }

// Name is the index's name, for messages.
func (ix *Index) Name() string { return ix.info.Name }

// Columns are the index's columns. The caller must not change them.
func (ix *Index) Columns() []Column { return ix.info.Columns }

// Options are the index's options. The caller must not change them.
func (ix *Index) Options() Options { return Options(ix.info.Options) }

// Unique reports whether the index was declared UNIQUE.
func (ix *Index) Unique() bool { return ix.info.Unique }

// Unlogged reports whether the table, and so the index, is unlogged. A method need not care.
func (ix *Index) Unlogged() bool { return ix.info.Unlogged }

// Log is a logger whose lines name the index.
func (ix *Index) Log() *zerolog.Logger { return &ix.about.log }

// NBlocks asks the host for the length of the index in blocks.
func (ix *Index) NBlocks() (page.BlockNumber, error) {
	n, err := ix.carrier.NBlocks(ix.ctx)
	if err != nil {
		return 0, fmt.Errorf("length of index %s: %w", ix.info.Name, err)
	}
	return n, nil
}

// ReadPage returns a page as it is now, and its version. The page must not be changed (K1). ErrNotFound beyond the end.
func (ix *Index) ReadPage(blk page.BlockNumber) (page.Page, page.LSN, error) {
	if ix.turn != nil {
		if err := ix.turn(); err != nil {
			return nil, 0, err
		}
	}
	if e, ok := ix.cache.current(ix.info.Rel, blk); ok {
		ix.saw(blk, e.version)
		return e.page, e.version, nil
	}
	ref := wire.PageRef{Block: blk}
	old, known := ix.cache.get(ix.info.Rel, blk)
	if known {
		ref.Known = old.version
	}
	reads, err := ix.carrier.ReadPages(ix.ctx, []wire.PageRef{ref})
	if err != nil {
		return nil, 0, fmt.Errorf("read block %d of index %s: %w", blk, ix.info.Name, err)
	}
	ix.cache.located(ix.info.Rel, blk, reads[0].Frame)
	if reads[0].Unchanged {
		ix.saw(blk, old.version)
		return old.page, old.version, nil
	}
	ix.cache.put(ix.info.Rel, blk, reads[0].Page, reads[0].Version)
	ix.saw(blk, reads[0].Version)
	return reads[0].Page, reads[0].Version, nil
}

// PeekPage returns the page as this process last saw it, without asking the host if it ever did. It may be out of
// date. Use it for pages that are registered in the same XLog, where Finish notices, and for pages that never change.
// When Update repeats its function, PeekPage asks the host.
func (ix *Index) PeekPage(blk page.BlockNumber) (page.Page, page.LSN, error) {
	e, ok := ix.cache.current(ix.info.Rel, blk)
	if !ok && !ix.reread {
		e, ok = ix.cache.get(ix.info.Rel, blk)
	}
	if ok {
		ix.saw(blk, e.version)
		return e.page, e.version, nil
	}
	return ix.ReadPage(blk)
}

// NewPage returns a block for a new page: register it and initialise the editor. It may be a block that held a page
// before. Until a Finish uses it, it is reserved for this call.
func (ix *Index) NewPage() (page.BlockNumber, error) {
	if n := len(ix.spare); n > 0 {
		nb := ix.spare[n-1]
		ix.spare = ix.spare[:n-1]
		ix.handed[nb.Block] = nb
		return nb.Block, nil
	}
	nbs, err := ix.carrier.Extend(ix.ctx, 1)
	if err != nil {
		return 0, fmt.Errorf("extend index %s: %w", ix.info.Name, err)
	}
	ix.handed[nbs[0].Block] = nbs[0]
	return nbs[0].Block, nil
}

// FreePage gives a page back: nothing refers to it any more, and NewPage may hand it out again.
func (ix *Index) FreePage(blks ...page.BlockNumber) error {
	for len(blks) > 0 {
		n := min(len(blks), wire.MaxExtend)
		if err := ix.carrier.FreePages(ix.ctx, blks[:n]); err != nil {
			return fmt.Errorf("free pages of index %s: %w", ix.info.Name, err)
		}
		blks = blks[n:]
	}
	return nil
}

// RowFates asks the host what became of rows of the table, before a row enters a unique index: of the rows whose keys equal its own.
// rows says for each of tids which row of the Insert call it would be in the way of; a call may carry rows of several
// transactions, and whether a row is live depends on who asks. With rows nil, what any running transaction has
// changed may count as running, and the host sorts out what was refused because of it. Ask for all rows of a batch at once.
func (ix *Index) RowFates(tids []page.TID, rows []int) ([]RowFate, error) {
	if rows != nil && len(rows) != len(tids) {
		return nil, fmt.Errorf("%w: %d rows in whose way %d may be", ErrWrongState, len(rows), len(tids))
	}
	fates := make([]RowFate, 0, len(tids))
	for len(tids) > 0 {
		n := min(len(tids), wire.MaxRowFates)
		m := min(len(rows), n)
		part, err := ix.carrier.RowFates(ix.ctx, tids[:n], rows[:m])
		if err != nil {
			return nil, fmt.Errorf("fate of rows under index %s: %w", ix.info.Name, err)
		}
		fates = append(fates, part...)
		tids, rows = tids[n:], rows[m:]
	}
	return fates, nil
}

// MaintenanceWorkMem is the number of bytes of memory that a build may use for sorting.
func (ix *Index) MaintenanceWorkMem() int64 { return ix.workMem }

// saw remembers, between Start and Finish, the version at which a page was read (K2).
func (ix *Index) saw(blk page.BlockNumber, version page.LSN) {
	if ix.read != nil {
		ix.read[blk] = version
	}
}
