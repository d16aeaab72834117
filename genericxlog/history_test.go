package genericxlog_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

// A model is what the pages of a relation were after each record.
type model map[page.LSN]map[page.BlockNumber]page.Page

// randomHistory changes pages in every way there is and returns what they were after each record.
func randomHistory(w *world, rng *rand.Rand, rel genericxlog.Relation, steps int) model {
	m := model{}
	now := map[page.BlockNumber]page.Page{}
	for range steps {
		lsn := randomRecord(w, rng, rel)
		if lsn == 0 {
			continue
		}
		for blk := range page.BlockNumber(maxRandomBlocks) {
			now[blk] = w.page(rel, blk)
		}
		m[lsn] = map[page.BlockNumber]page.Page{}
		for blk, p := range now {
			m[lsn][blk] = p
		}
	}
	return m
}

const maxRandomBlocks = 4

func randomRecord(w *world, rng *rand.Rand, rel genericxlog.Relation) page.LSN {
	s := w.gx.Start(rel)
	for blk := range page.BlockNumber(maxRandomBlocks) {
		if rng.Intn(3) != 0 {
			continue
		}
		b := w.pin(rel, blk)
		defer release(b)
		var flags genericxlog.Flags
		if rng.Intn(20) == 0 {
			flags = genericxlog.FullImage
		}
		e, err := s.RegisterBuffer(b, flags)
		require.NoError(w.t, err)
		for range rng.Intn(4) {
			randomEdit(rng, e)
		}
		if rng.Intn(10) == 0 {
			s.SetConflictHorizon(b, b.Version())
			s.SetRecycled(b)
		}
	}
	if rng.Intn(2) == 0 {
		s.Annotate("random")
	}
	lsn, err := s.Finish()
	require.NoError(w.t, err)
	return lsn
}

// randomEdit tries an edit; what the page refuses is not done.
func randomEdit(rng *rand.Rand, e *page.Editor) {
	p := e.Page()
	if p.IsNew() {
		_ = e.Init(rng.Intn(3)*8, uint16(rng.Intn(8)))
		return
	}
	item := make([]byte, 1+rng.Intn(300))
	rng.Read(item)
	n := p.NumItems()
	at := page.OffsetNumber(rng.Intn(n+2) + 1)
	switch rng.Intn(9) {
	case 0, 1, 2:
		_ = e.InsertItem(at, item)
	case 3:
		_ = e.PutItem(at, item)
	case 4:
		var offs []page.OffsetNumber
		for off := 1; off <= n; off++ {
			if rng.Intn(3) == 0 {
				offs = append(offs, page.OffsetNumber(off))
			}
		}
		_ = e.DeleteItems(offs, rng.Intn(2) == 0)
	case 5:
		_ = e.OverwriteItem(at, item)
	case 6:
		_ = e.SetFlags(uint16(rng.Intn(8)))
	case 7:
		if p.Special() < page.Size {
			_ = e.SetSpecial(0, item[:1])
		}
	case 8:
		if rng.Intn(8) == 0 {
			_ = e.Init(8, 0) // a barrier
		} else if n > 0 {
			if it, ok := p.Item(1); ok {
				raw := e.Raw()
				raw[page.Size-(page.Size-p.Special())-len(it)] ^= 0x55
			}
		}
	}
}

// replayAll applies all records to a fresh copy and calls check after each.
func replayAll(t require.TestingT, recs []*wal.Record, rel genericxlog.Relation, check func(lsn page.LSN, pages map[page.BlockNumber]page.Page)) {
	pages := map[page.BlockNumber]page.Page{}
	for _, rec := range recs {
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(t, err)
		for i := range body.Blocks {
			ref := &body.Blocks[i]
			before := pages[ref.Block]
			if before == nil {
				before = page.New()
			}
			after, err := ref.Redo(rel.Tag(ref.Block), before, rec.LSN)
			require.NoError(t, err)
			pages[ref.Block] = after
		}
		check(rec.LSN, pages)
	}
}

// Replayed elsewhere, every page is byte-identical at every record; and taken back, every page is what it was at every record
// before.
func TestReplayAndUndoAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		rel := w.create(16384)
		history := randomHistory(w, rng, rel, 60)
		recs := w.records()
		require.Len(rt, recs, len(history))
		replayAll(rt, recs, rel, func(lsn page.LSN, pages map[page.BlockNumber]page.Page) {
			for blk, want := range history[lsn] {
				got := pages[blk]
				if got == nil {
					got = page.New()
				}
				require.Equal(rt, want, got, "block %d at %v", blk, lsn)
			}
		})

		r := w.reader()
		defer r.Close()
		for blk := range page.BlockNumber(maxRandomBlocks) {
			last := history[recs[len(recs)-1].LSN][blk]
			for lsn, pages := range history {
				p := append(page.Page(nil), last...)
				require.NoError(rt, genericxlog.UndoPage(p, rel.Tag(blk), r.ReadAt, lsn))
				require.Equal(rt, pages[blk], p, "block %d back to %v", blk, lsn)
			}
			p := append(page.Page(nil), last...)
			require.NoError(rt, genericxlog.UndoPage(p, rel.Tag(blk), r.ReadAt, 0))
			require.Equal(rt, page.New(), p, "back to the start")
		}
	})
}

func TestUndoStopsAtDamage(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	w.change(rel, 0, 0, insert(1, []byte("one")))
	w.records()
	r := w.reader()
	defer r.Close()
	p := w.page(rel, 0)
	p[8000] ^= 1
	before := append(page.Page(nil), p...)
	err := genericxlog.UndoPage(p, rel.Tag(0), r.ReadAt, 0)
	require.ErrorContains(t, err, "the content has CRC")
	require.Equal(t, before, p)
	err = genericxlog.UndoPage(w.page(rel, 0), rel.Tag(1), r.ReadAt, 0)
	require.ErrorContains(t, err, "the record does not mention the page")
}

// A page that lives long has versions that stand on their own.
func TestFullVersionsRecur(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	w.change(rel, 0, 0, insert(1, []byte("counter!")))
	for i := range 20000 {
		w.change(rel, 0, 0, func(e *page.Editor) error { return e.OverwriteItem(1, fmt.Appendf(nil, "%08d", i)) })
	}
	images := 0
	for _, rec := range w.records() {
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(t, err)
		if body.Blocks[0].Change.Mode == page.ModeImage {
			images++
		}
	}
	require.Greater(t, images, 2)
	require.Less(t, images, 40)
}
