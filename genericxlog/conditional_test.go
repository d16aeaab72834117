package genericxlog_test

import (
	"bytes"
	"math/rand"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// forward edits a copy of the block and returns what a plugin would send.
func (w *world) forward(rel genericxlog.Relation, blk page.BlockNumber, edit func(e *page.Editor) error) genericxlog.BlockEdit {
	base := w.page(rel, blk)
	e := page.NewEditor(base)
	require.NoError(w.t, edit(e))
	list, ok := e.ForwardEdits()
	require.True(w.t, ok)
	return genericxlog.BlockEdit{Block: blk, Version: base.LSN(), Forward: bytes.Clone(list)}
}

func (w *world) reserve(rel genericxlog.Relation) page.BlockNumber {
	blk, err := w.pool.Reserve(rel.File())
	require.NoError(w.t, err)
	return blk
}

func TestFinishEditsChangesAllPagesOrNone(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	var blocks []genericxlog.BlockEdit
	for range 3 {
		e := w.forward(rel, w.reserve(rel), initItems)
		e.New = true
		blocks = append([]genericxlog.BlockEdit{e}, blocks...) // descending: the record is in ascending order all the same
	}
	versions, err := w.gx.FinishEdits(rel, 9, "three new pages", blocks)
	require.NoError(t, err)
	recs := w.records()
	require.Len(t, recs, 1)
	require.Equal(t, []page.LSN{recs[0].LSN, recs[0].LSN, recs[0].LSN}, versions)
	require.EqualValues(t, 9, recs[0].XID)
	body, err := genericxlog.DecodeBody(recs[0].Body, recs[0].LSN)
	require.NoError(t, err)
	require.Equal(t, "three new pages", body.Annotation)
	require.EqualValues(t, 0, body.Blocks[0].Block)
	require.EqualValues(t, 2, body.Blocks[2].Block)

	stale := w.forward(rel, 1, insert(1, []byte("loser")))
	w.change(rel, 1, 0, insert(1, []byte("winner")))
	before := []page.Page{w.page(rel, 0), w.page(rel, 1)}
	_, err = w.gx.FinishEdits(rel, 0, "", []genericxlog.BlockEdit{w.forward(rel, 0, insert(1, []byte("x"))), stale})
	require.ErrorIs(t, err, genericxlog.ErrConflict)
	require.ErrorContains(t, err, "page 16384/main 1")
	require.Equal(t, before, []page.Page{w.page(rel, 0), w.page(rel, 1)})

	same := w.forward(rel, 2, func(*page.Editor) error { return nil })
	versions, err = w.gx.FinishEdits(rel, 0, "", []genericxlog.BlockEdit{same})
	require.NoError(t, err)
	require.Equal(t, []page.LSN{same.Version}, versions, "no change, no new version")
}

// Whatever a plugin sends is refused before anything is touched, with the block and a reason.
func TestFinishEditsRefuses(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	w.change(rel, 1, 0, initItems)
	good := w.forward(rel, 0, insert(1, []byte("x")))
	version := w.page(rel, 1).LSN()
	image := func(spoil func(p page.Page)) genericxlog.BlockEdit {
		p := w.page(rel, 1)
		spoil(p)
		return genericxlog.BlockEdit{Block: 1, Version: version, Image: p}
	}
	for _, c := range []struct {
		name, annotation string
		bad              genericxlog.BlockEdit
		message          string
	}{
		{"beyond", "", genericxlog.BlockEdit{Block: 7, New: true}, "page 16384/main 7: no such block: the relation has 2 and this one was not reserved"},
		{"twice", "", good, "page 16384/main 0: registered twice in one record"},
		{"flags", "", genericxlog.BlockEdit{Block: 1, Version: version, Flags: 8}, "unknown flags 0x8"},
		{"both", "", genericxlog.BlockEdit{Block: 1, Version: version, Image: page.New(), Forward: []byte{1}}, "both an image and an edit list"},
		{"short image", "", genericxlog.BlockEdit{Block: 1, Version: version, Image: page.New()[:100]}, "image of 100 bytes, a page has 8192"},
		{"garbage", "", genericxlog.BlockEdit{Block: 1, Version: version, Forward: []byte{0xff, 1, 2}}, "page 16384/main 1: bad edit list: edit 0"},
		{"layout", "", image(func(p page.Page) { p[16] = 3 }), "page 16384/main 1: bad page layout"},
		{"emptied", "", image(func(p page.Page) { clear(p) }), "page 16384/main 1: the page was emptied"},
		{"horizon", "", genericxlog.BlockEdit{Block: 1, Version: version, Forward: good.Forward, ConflictHorizon: 1 << 60}, "lies beyond the end of the log"},
		{"annotation", "line\nbreak", genericxlog.BlockEdit{Block: 1, Version: version}, "is not printable ASCII"},
		{"long annotation", string(bytes.Repeat([]byte("x"), 64)), genericxlog.BlockEdit{Block: 1, Version: version}, "annotation of 64 bytes, limit 63"},
	} {
		end, before := w.log.InsertLSN(), []page.Page{w.page(rel, 0), w.page(rel, 1)}
		_, err := w.gx.FinishEdits(rel, 0, c.annotation, []genericxlog.BlockEdit{good, c.bad})
		var refused *genericxlog.ValidationError
		require.ErrorAs(t, err, &refused, c.name)
		require.ErrorContains(t, err, c.message, c.name)
		require.Equal(t, end, w.log.InsertLSN(), c.name)
		require.Equal(t, before, []page.Page{w.page(rel, 0), w.page(rel, 1)}, c.name)
	}
	_, err := w.gx.FinishEdits(rel, 0, "", make([]genericxlog.BlockEdit, genericxlog.MaxBlocks+1))
	require.ErrorIs(t, err, genericxlog.ErrTooManyBlocks)
}

// What a plugin writes into LSN and checksum of an image is ignored.
func TestImagesDoNotCarryTheHostsFields(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	p := w.page(rel, 0)
	version := p.LSN()
	p[100] = 0
	p.SetLSN(1 << 50)
	p.SetFlags(5)
	versions, err := w.gx.FinishEdits(rel, 0, "", []genericxlog.BlockEdit{{Block: 0, Version: version, Image: p}})
	require.NoError(t, err)
	got := w.page(rel, 0)
	require.Equal(t, versions[0], got.LSN())
	require.EqualValues(t, 5, got.Flags())
	require.NoError(t, got.Verify(rel.Tag(0)))
}

// Many callers retry on conflict over the same pages in every order: nothing is lost and nobody waits for ever.
func TestConcurrentConditionalCallers(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	const pages, callers, each = 3, 6, 40
	for blk := range page.BlockNumber(pages) {
		w.change(rel, blk, 0, initItems)
	}
	var wait sync.WaitGroup
	for c := range callers {
		wait.Go(func() {
			rng := rand.New(rand.NewSource(int64(c)))
			for i := 0; i < each; {
				order := rng.Perm(pages)[:2]
				var edits []genericxlog.BlockEdit
				for _, blk := range order {
					edits = append(edits, w.forward(rel, page.BlockNumber(blk), insert(1, []byte{byte(c), byte(i)})))
				}
				if _, err := w.gx.FinishEdits(rel, 0, "", edits); err == nil {
					i++
				} else {
					require.ErrorIs(t, err, genericxlog.ErrConflict)
				}
			}
		})
	}
	wait.Wait()
	total := 0
	for blk := range page.BlockNumber(pages) {
		total += w.page(rel, blk).NumItems()
	}
	require.Equal(t, 2*callers*each, total)
}
