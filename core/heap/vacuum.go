package heap

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// maxDeadBytes bounds the memory for the set of dead rows. When it is reached, the indexes are cleaned and the line
// pointers freed before the scan of the heap goes on.
const maxDeadBytes = 64 << 20

// VacuumOptions steer a vacuum.
type VacuumOptions struct {
	// Horizon is xact.Manager.Horizon at the start.
	Horizon page.LSN
	// Indexes removes the entries of dead rows from every index, and is called zero or more times. After an error none of
	// their line pointers is freed, and the next vacuum finds the same ones. nil says that the relation has no index.
	Indexes func(dead *DeadSet) error
	// Progress, if set, is called after every page of the heap.
	Progress func(done, total page.BlockNumber)
	// Truncate, if set, tries to lock out everybody else, so that empty pages at the end can go; release undoes it. It must not wait long.
	Truncate func() (release func(), ok bool)
}

// VacuumStats says what a vacuum found and did.
type VacuumStats struct {
	Pages        page.BlockNumber // length at the end
	Scanned      page.BlockNumber // pages that were looked at; the others are all visible
	Truncated    page.BlockNumber
	Live         int64 // rows of committed transactions, the ones running included
	Removed      int64 // row versions that were removed, and roots that earlier pruning left of such
	RecentlyDead int64 // versions that some snapshot may still see
	IndexPasses  int
	FreeBytes    int64
	AllVisible   page.BlockNumber // pages with a bit in the visibility map at the end
}

// Vacuum removes the row versions that nobody can see (H3) and finds the free space. The caller holds a lock on the
// table that keeps other vacuums out. It may be cancelled at any point; what it has done stays.
func (h *Store) Vacuum(ctx context.Context, rel Relation, opts VacuumOptions) (VacuumStats, error) {
	v := vacuum{h: h, ctx: ctx, rel: rel, opts: opts, st: h.state(rel), dead: NewDeadSet(), clerk: newClerk(h.xact, opts.Horizon)}
	if err := v.run(); err != nil {
		return v.stats, wrapRel(rel, "vacuum", err)
	}
	return v.stats, nil
}

type vacuum struct {
	h     *Store
	ctx   context.Context
	rel   Relation
	opts  VacuumOptions
	st    *relState
	dead  *DeadSet
	clerk *clerk
	stats VacuumStats
	// marked says that pages got their bit in the visibility map. Snapshots do not believe it before the log is durable up to there.
	marked bool
}

func (v *vacuum) run() error {
	n, err := v.h.pool.Length(v.rel.File())
	if err != nil {
		return err
	}
	p, back := v.h.borrowPage()
	defer back()
	seen := &Visibility{h: v.h, rel: v.rel}
	defer seen.Close()
	for blk := range n {
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		if err := v.visit(blk, p, seen); err != nil {
			return err
		}
		if v.dead.Bytes() >= maxDeadBytes {
			if err := v.reap(); err != nil {
				return err
			}
		}
		if v.opts.Progress != nil {
			v.opts.Progress(blk+1, n)
		}
	}
	if err := v.reap(); err != nil {
		return err
	}
	if err := v.truncate(); err != nil {
		return err
	}
	if v.marked {
		if err := v.h.gx.Log().Flush(v.ctx, v.h.gx.Log().InsertLSN()); err != nil {
			return err
		}
	}
	v.stats.AllVisible, err = v.h.CountAllVisible(v.rel)
	return err
}

// visit deals with one page, using p as scratch. One that is all visible needs nothing, if this process has counted its rows and knows its
// free space, since it has not changed in the meantime.
func (v *vacuum) visit(blk page.BlockNumber, p page.Page, seen *Visibility) error {
	if rows, free := v.st.counted(blk); rows > 0 {
		if set, _, err := seen.bit(blk); err != nil {
			return err
		} else if set {
			v.stats.Live += int64(rows)
			v.stats.FreeBytes += int64(free)
			return nil
		}
	}
	if err := v.h.copyPage(v.rel, blk, p); err != nil {
		return err
	}
	v.stats.Scanned++
	return v.block(blk, p)
}

// block prunes one page, of which p is a copy, and notes what is left of dead rows for the indexes.
func (v *vacuum) block(blk page.BlockNumber, p page.Page) error {
	indexed := v.opts.Indexes != nil
	dead := deadPointers(p)
	pr, err := planPrune(v.rel, p, blk, v.clerk, indexed)
	if err != nil {
		return err
	}
	if !pr.empty() || pr.visible(p, indexed) && !allVisible(p) {
		if pr, err = v.prune(blk, p); err != nil {
			return err
		}
		v.stats.Removed += pr.versions
	}
	v.st.noteRows(blk, int(pr.live))
	v.stats.Live += pr.live
	v.stats.RecentlyDead += pr.recent
	v.stats.Removed += int64(len(dead))
	if !indexed {
		v.noteFree(blk, p)
		return nil
	}
	left := deadPointers(p)
	for _, off := range left {
		v.dead.Add(page.TID{Block: blk, Offset: off})
	}
	if len(left) == 0 {
		v.noteFree(blk, p)
	}
	return nil
}

// prune prunes one page, notes if all of it is visible now, and leaves a copy of it in p. What is dead now may be more than what was found in the copy before. The conflict
// horizon on its record stands before any record by which indexes lose entries of these rows: a standby settles with older readers
// first.
func (v *vacuum) prune(blk page.BlockNumber, p page.Page) (prune, error) {
	b, err := v.h.pool.Pin(v.rel.tag(blk))
	if err != nil {
		return prune{}, err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	pr, err := planPrune(v.rel, b.Page(), blk, v.clerk, v.opts.Indexes != nil)
	if err != nil {
		return prune{}, err
	}
	s := v.h.gx.Start(v.rel.gx())
	defer s.Abort()
	e, err := s.RegisterBuffer(b, 0)
	if err != nil {
		return prune{}, err
	}
	m := v.h.editMap(v.rel, s)
	defer m.release()
	visible := pr.visible(b.Page(), v.opts.Indexes != nil)
	if err := m.clear(e, blk); err != nil {
		return prune{}, err
	}
	if err := pr.apply(s, b, e, v.rel.Unlogged); err != nil {
		return prune{}, err
	}
	if err := trim(e); err != nil {
		return prune{}, err
	}
	if visible {
		if err := m.set(e, blk); err != nil {
			return prune{}, err
		}
		v.marked = true
	}
	if _, err := s.Finish(); err != nil {
		return prune{}, err
	}
	copy(p, b.Page())
	return pr, nil
}

func (v *vacuum) noteFree(blk page.BlockNumber, p page.Page) {
	free := page.MaxItemSize
	if !p.IsNew() {
		free = p.FreeSpace()
	}
	v.stats.FreeBytes += int64(free)
	v.st.noteFree(blk, free)
}

// reap removes the dead rows found so far from the indexes, then frees their line pointers (H3).
func (v *vacuum) reap() error {
	if v.dead.Len() == 0 {
		return nil
	}
	if err := v.opts.Indexes(v.dead); err != nil {
		return err
	}
	v.stats.IndexPasses++
	for blk, offsets := range v.dead.Blocks() {
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		if err := v.sweep(blk, offsets); err != nil {
			return err
		}
	}
	v.dead = NewDeadSet()
	return nil
}

// sweep frees line pointers of one page. What was dead is dead still, since nothing but a vacuum frees them, and their
// versions went before: readers have nothing to do with it.
func (v *vacuum) sweep(blk page.BlockNumber, offsets []page.OffsetNumber) error {
	b, err := v.h.pool.Pin(v.rel.tag(blk))
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	for _, off := range offsets {
		if f := b.Page().ItemID(off).Flags(); f != page.ItemDead {
			panic("heap: a dead line pointer came to life under vacuum")
		}
	}
	s := v.h.gx.Start(v.rel.gx())
	defer s.Abort()
	e, err := s.RegisterBuffer(b, 0)
	if err != nil {
		return err
	}
	if err := e.DeleteItems(offsets, true); err != nil {
		return err
	}
	if err := trim(e); err != nil {
		return err
	}
	m := v.h.editMap(v.rel, s)
	defer m.release()
	pr, err := planPrune(v.rel, e.Page(), blk, v.clerk, true)
	if err != nil {
		return err
	}
	if pr.visible(e.Page(), true) {
		if err := m.set(e, blk); err != nil {
			return err
		}
		v.marked = true
	}
	if _, err := s.Finish(); err != nil {
		return err
	}
	v.noteFree(blk, b.Page())
	return nil
}

// trim gives the room of unused line pointers at the end back to the hole. Those in between keep their numbers.
func trim(e *page.Editor) error {
	p := e.Page()
	n := p.NumItems()
	left := n
	for left > 0 && p.ItemID(page.OffsetNumber(left)).Flags() == page.ItemUnused {
		left--
	}
	if left == n {
		return nil
	}
	const pointer = 4
	return e.SetBounds(p.Lower()-(n-left)*pointer, p.Upper())
}
