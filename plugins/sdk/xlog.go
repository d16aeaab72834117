package sdk

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// Flags of RegisterBuffer.
type Flags uint8

// FullImage logs the page whole: cheaper where nearly all of it changes anyway.
const FullImage Flags = 1

// An XLog collects the changes of up to MaxBlocks pages that belong together. It mirrors PostgreSQL's GenericXLog, but
// no lock is held from RegisterBuffer to Finish: Finish compares versions instead.
//
//	Open ──Finish──▶ Done
//	Open ──Finish fails, Abort──▶ Done
//
// One XLog of an Index is open at a time.
type XLog struct {
	ix        *Index
	blocks    []*registered
	finish    wire.Finish // but for the blocks
	conflicts []Conflict  // of the call, if this is its last
	done      bool
}

type registered struct {
	blk     page.BlockNumber
	version page.LSN
	isNew   bool
	full    bool
	horizon page.LSN
	editor  *page.Editor
}

// Start opens an XLog. Most callers want Update.
func (ix *Index) Start() *XLog {
	ix.read = make(map[page.BlockNumber]page.LSN)
	return &XLog{ix: ix}
}

// RegisterBuffer adds a page and returns the editor of its private copy. blk is a block of the index or one from
// NewPage. Registering a block again returns the same editor; FullImage then counts from that time on.
//
// Decide what to change by what the editor's Page shows, or by what was read since Start; what was read before Start is
// a hint only. A page that is registered and not changed is still compared by Finish.
func (x *XLog) RegisterBuffer(blk page.BlockNumber, flags Flags) (*page.Editor, error) {
	if x.done {
		return nil, fmt.Errorf("register block %d: %w: Finish or Abort came before", blk, ErrWrongState)
	}
	for _, b := range x.blocks {
		if b.blk == blk {
			b.full = b.full || flags&FullImage != 0
			return b.editor, nil
		}
	}
	if len(x.blocks) == MaxBlocks {
		return nil, fmt.Errorf("register block %d: %w: the limit is %d", blk, ErrTooManyBlocks, MaxBlocks)
	}
	b := &registered{blk: blk, full: flags&FullImage != 0}
	if nb, ok := x.ix.handed[blk]; ok && !nb.Recycled {
		b.isNew = true
		b.editor = page.NewEditor(make(page.Page, page.Size))
	} else {
		p, version, err := x.base(blk)
		if err != nil {
			return nil, err
		}
		b.version = version
		b.editor = page.NewEditor(p)
	}
	x.blocks = append(x.blocks, b)
	return b.editor, nil
}

// base finds the page to edit: the one that was read since Start, else the newest this process knows.
func (x *XLog) base(blk page.BlockNumber) (page.Page, page.LSN, error) {
	ix := x.ix
	seen, wasRead := ix.read[blk]
	c, ok := ix.cache.get(ix.info.Rel, blk)
	if !wasRead {
		if now, found := ix.cache.current(ix.info.Rel, blk); found {
			return now.page, now.version, nil
		}
	}
	if ok && (wasRead && c.version == seen || !wasRead && !ix.reread) {
		return c.page, c.version, nil
	}
	p, version, err := ix.ReadPage(blk)
	if err != nil {
		return nil, 0, err
	}
	if wasRead && version != seen { // by K2
		return nil, 0, fmt.Errorf("register block %d of index %s: %w", blk, ix.info.Name, ErrConflict)
	}
	return p, version, nil
}

// Annotate names the record in log dumps, for instance "bloom insert". It has no other effect.
func (x *XLog) Annotate(text string) {
	if len(text) > wire.MaxAnnotation {
		text = text[:wire.MaxAnnotation]
	}
	x.finish.Annotation = text
}

// Last says that an Insert has nothing left to do once this XLog is finished, and which conflicts it is going to return. The answer then travels
// with the changes, which saves a message each way. Until the call returns nothing more can be asked of the host. If Finish fails, nothing
// was last. Outside of Insert it has no effect.
func (x *XLog) Last(conflicts []Conflict) {
	x.finish.Last, x.conflicts = x.ix.inserts, conflicts
}

// RequireDead has Finish fail with ErrAlive, and change nothing, unless these rows of the table are dead, each to the row of the call whose
// place rows has, as with RowFates. It saves asking where the answer is known to be mostly that: ask when it was ErrAlive.
func (x *XLog) RequireDead(tids []page.TID, rows []int) error {
	if len(rows) != len(tids) {
		return fmt.Errorf("%w: %d rows in whose way %d may be", ErrWrongState, len(rows), len(tids))
	}
	if len(x.finish.Dead)+len(tids) > wire.MaxRowFates {
		return fmt.Errorf("%w: a Finish that requires more than %d rows to be dead", ErrTooLarge, wire.MaxRowFates)
	}
	x.finish.Dead, x.finish.DeadTo = append(x.finish.Dead, tids...), append(x.finish.DeadTo, rows...)
	return nil
}

// SetConflictHorizon says that the change of a registered block removes entries of rows that were dead to every
// snapshot at or after lsn, so that readers on a replica with an older snapshot are dealt with first.
func (x *XLog) SetConflictHorizon(blk page.BlockNumber, lsn page.LSN) error {
	for _, b := range x.blocks {
		if b.blk == blk {
			b.horizon = lsn
			return nil
		}
	}
	return fmt.Errorf("conflict horizon of block %d: %w: it is not registered", blk, ErrWrongState)
}

// Finish hands all changes to the host. They are in the log and on the pages when it returns nil; on any error nothing
// changed. ErrConflict: some page moved on, start again.
func (x *XLog) Finish() error {
	if x.done {
		return fmt.Errorf("finish: %w: Finish or Abort came before", ErrWrongState)
	}
	if len(x.blocks) == 0 {
		x.end()
		return nil
	}
	edits := make([]wire.BlockEdit, len(x.blocks))
	for i, b := range x.blocks {
		edits[i] = wire.BlockEdit{
			Block: b.blk, Version: b.version, New: b.isNew, FullImage: b.full, ConflictHorizon: b.horizon,
		}
		if forward, ok := b.editor.ForwardEdits(); ok {
			edits[i].Forward = forward
		} else {
			edits[i].Image = b.editor.Page()
		}
	}
	x.finish.Blocks = edits
	if x.finish.Last {
		x.finish.Conflicts = wire.AppendConflicts(nil, x.conflicts)
	}
	versions, err := x.ix.carrier.Finish(x.ix.ctx, x.finish)
	if err != nil {
		x.Abort()
		return fmt.Errorf("finish on index %s: %w", x.ix.info.Name, err)
	}
	for i, b := range x.blocks {
		delete(x.ix.handed, b.blk)
		x.ix.remember(b, edits[i], versions[i])
	}
	if x.finish.Last {
		x.ix.ended, x.ix.told = true, x.conflicts
	}
	x.end()
	return nil
}

// Abort gives all changes up. It may follow Finish, and then does nothing.
func (x *XLog) Abort() {
	if x.done {
		return
	}
	for _, b := range x.blocks {
		x.ix.cache.drop(x.ix.info.Rel, b.blk)
		x.ix.takeBack(b.blk)
	}
	x.end()
}

func (x *XLog) end() {
	x.done = true
	x.ix.read, x.ix.reread = nil, false
}

// takeBack makes a block from NewPage available to the next NewPage.
func (ix *Index) takeBack(blk page.BlockNumber) {
	if nb, ok := ix.handed[blk]; ok {
		delete(ix.handed, blk)
		ix.spare = append(ix.spare, nb)
	}
}

// remember keeps a finished page in the cache: the host made the same page out of the same edits. A page submitted as
// an image is left out, because the host zeroes its hole; a page that did not change is there already.
func (ix *Index) remember(b *registered, sent wire.BlockEdit, version page.LSN) {
	if sent.Image != nil {
		ix.cache.drop(ix.info.Rel, b.blk)
		return
	}
	if version == b.version {
		return
	}
	b.editor.Stamp(version)
	p := append(make(page.Page, 0, page.Size), b.editor.Page()...)
	p.SetLSN(version)
	ix.cache.put(ix.info.Rel, b.blk, p, version)
}
