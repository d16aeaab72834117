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
	// Indexes removes the entries of dead rows from every index, and is called zero or more times. After an error no line pointer
	// is freed, and the next vacuum finds the same rows.
	Indexes func(dead *DeadSet) error
	// Progress, if set, is called after every page of the heap.
	Progress func(done, total page.BlockNumber)
	// Truncate, if set, tries to lock out everybody else, so that empty pages at the end can go; release undoes it. It must not wait long.
	Truncate func() (release func(), ok bool)
}

// VacuumStats says what a vacuum found and did.
type VacuumStats struct {
	Pages        page.BlockNumber // length at the end
	Scanned      page.BlockNumber
	Truncated    page.BlockNumber
	Live         int64 // rows of committed transactions, the ones running included
	Removed      int64 // row versions whose line pointers were freed
	RecentlyDead int64 // versions that some snapshot may still see
	IndexPasses  int
	FreeBytes    int64
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
}

func (v *vacuum) run() error {
	n, err := v.h.pool.Length(v.rel.File())
	if err != nil {
		return err
	}
	p, back := v.h.borrowPage()
	defer back()
	for blk := range n {
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		if err := v.h.copyPage(v.rel, blk, p); err != nil {
			return err
		}
		if err := v.survey(blk, p); err != nil {
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
	v.stats.Scanned = n
	if err := v.reap(); err != nil {
		return err
	}
	return v.truncate()
}

// survey sorts the row versions of one page.
func (v *vacuum) survey(blk page.BlockNumber, p page.Page) error {
	clean := true
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		item, ok := p.Item(off)
		if !ok {
			continue
		}
		tid := page.TID{Block: blk, Offset: off}
		if len(item) < headerSize {
			return corrupt(v.rel, tid, errShortItem)
		}
		fate, removed, err := v.clerk.fate(decodeHeader(item))
		switch {
		case err != nil:
			return err
		case fate == fateDead:
			v.dead.Add(tid)
			v.dead.RemovedAt(removed)
			clean = false
		case fate == fateRecent:
			v.stats.RecentlyDead++
		default:
			v.stats.Live++
		}
	}
	if clean {
		v.noteFree(blk, p)
	}
	return nil
}

func (v *vacuum) noteFree(blk page.BlockNumber, p page.Page) {
	free := page.MaxItemSize
	if !p.IsNew() {
		free = p.FreeSpace()
	}
	v.stats.FreeBytes += int64(free)
	v.st.noteFree(blk, free)
}

// reap removes the dead rows found so far from the indexes, then from the heap (H3).
func (v *vacuum) reap() error {
	if v.dead.Len() == 0 {
		return nil
	}
	if v.opts.Indexes != nil {
		if err := v.announce(); err != nil {
			return err
		}
		if err := v.opts.Indexes(v.dead); err != nil {
			return err
		}
		v.stats.IndexPasses++
	}
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

// announce has standbys settle with the readers of the dead rows before entries leave the indexes: a snapshot that is
// older would look there for rows that it must see.
func (v *vacuum) announce() error {
	for tid := range v.dead.All() {
		return v.h.LogConflict(v.rel, tid.Block, v.dead.Horizon())
	}
	return nil
}

// sweep frees line pointers of one page. What was dead is dead still, since nothing but a vacuum frees a line pointer; the
// versions are judged again for the conflict horizon that the record carries.
func (v *vacuum) sweep(blk page.BlockNumber, offsets []page.OffsetNumber) error {
	b, err := v.h.pool.Pin(v.rel.tag(blk))
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	p := b.Page()
	var horizon page.LSN
	for _, off := range offsets {
		item, ok := p.Item(off)
		if !ok || len(item) < headerSize {
			return corrupt(v.rel, page.TID{Block: blk, Offset: off}, errShortItem)
		}
		fate, removed, err := v.clerk.fate(decodeHeader(item))
		if err != nil {
			return err
		}
		if fate != fateDead {
			panic("heap: a dead row version came to life under vacuum")
		}
		horizon = max(horizon, removed)
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
	if !v.rel.Unlogged {
		s.SetConflictHorizon(b, horizon)
	}
	if _, err := s.Finish(); err != nil {
		return err
	}
	v.stats.Removed += int64(len(offsets))
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
