package page

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// The targets of the design for the block data of one record: what PostgreSQL's generic WAL needs for the same is in
// brackets. Bytes that the edit adds or removes are part of the first and the last, beyond the target in the middle.
const (
	targetLeafInsert    = 64  // [600-700]
	targetItemVacuum    = 64  // [2600-4600]
	targetArrayVacuum   = 250 // [7000]
	targetPostingInsert = 32  // [1950]
)

func randomOffsets(rng *rand.Rand, n, k int) []OffsetNumber {
	var out []OffsetNumber
	for i := 1; i <= n; i++ {
		if rng.Intn(n-i+1) < k {
			out = append(out, OffsetNumber(i))
			k--
		}
	}
	return out
}

func finish(t *testing.T, base Page, e *Editor) Change {
	c, changed := checkChange(t, base, e, false)
	require.True(t, changed)
	return c
}

func TestSizeLeafInsert(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	worst := 0
	for range 200 {
		base := itemPage(rng, 1+rng.Intn(350), 16)
		e := NewEditor(base)
		check(e.InsertItem(OffsetNumber(1+rng.Intn(base.NumItems()+1)), make([]byte, 16)))
		worst = max(worst, len(finish(t, base, e).Payload))
	}
	t.Logf("random leaf insert: at most %d bytes, target %d", worst, targetLeafInsert)
	require.LessOrEqual(t, worst, targetLeafInsert)
}

func TestSizeItemVacuum(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, keep := range []bool{false, true} {
		worst := 0
		for range 200 {
			base := itemPage(rng, 405, 16) // 8100 of 8152 bytes
			offs := randomOffsets(rng, 405, 4)
			e := NewEditor(base)
			check(e.DeleteItems(offs, keep))
			worst = max(worst, len(finish(t, base, e).Payload)-4*16)
		}
		t.Logf("vacuum of 1%%, keep slots %v: at most %d bytes beyond what is removed, target %d", keep, worst, targetItemVacuum)
		require.LessOrEqual(t, worst, targetItemVacuum)
	}
}

func TestSizeArrayVacuum(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	worst := 0
	for range 200 {
		const count, width = 509, 16
		elems := make([]byte, count*width)
		rng.Read(elems)
		e := NewEditor(New())
		check(e.Init(8, FlagArray))
		check(e.ArrayInsert(HeaderSize, width, 0, 0, elems))
		base := append(Page(nil), e.Page()...)
		e.Reset(base)
		var idx []int
		for _, o := range randomOffsets(rng, count, count/10) {
			idx = append(idx, int(o)-1)
		}
		check(e.ArrayDelete(HeaderSize, width, count, idx))
		worst = max(worst, len(finish(t, base, e).Payload)-len(idx)*width)
	}
	t.Logf("bloom vacuum of 10%%: at most %d bytes beyond what is removed, target %d", worst, targetArrayVacuum)
	require.LessOrEqual(t, worst, targetArrayVacuum)
}

func TestSizePostingInsert(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	worst := 0
	for range 200 {
		count := 1 + rng.Intn(1300)
		elems := make([]byte, count*TIDSize)
		rng.Read(elems)
		e := NewEditor(New())
		check(e.Init(8, FlagArray))
		check(e.ArrayInsert(HeaderSize, TIDSize, 0, 0, elems))
		base := append(Page(nil), e.Page()...)
		e.Reset(base)
		check(e.ArrayInsert(HeaderSize, TIDSize, count, rng.Intn(count+1), []byte("tidtid")))
		worst = max(worst, len(finish(t, base, e).Payload))
	}
	t.Logf("posting insert: at most %d bytes, target %d", worst, targetPostingInsert)
	require.LessOrEqual(t, worst, targetPostingInsert)
}

func TestEditorDoesNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 300, 16)
	item := make([]byte, 16)
	offs := []OffsetNumber{3, 77, 200}
	e := NewEditor(base)
	host := NewEditor(base)
	p := New()
	run := func() {
		e.Reset(base)
		check(e.InsertItem(5, item))
		check(e.DeleteItems(offs, false))
		check(e.OverwriteItem(9, item))
		check(e.SetFlags(1))
		c, _ := e.Change(false)
		list, _ := e.ForwardEdits()
		host.Reset(base)
		check(host.Replay(list))
		copy(p, base)
		check(c.Apply(p, 1))
		check(c.Undo(p, 1))
		p.Seal(Tag{}, 1, p.ContentCRC())
		check(p.Verify(Tag{}))
		e.Reset(base)
		copy(e.Raw()[7000:], item)
		e.Change(false)
		e.Change(true)
	}
	run()
	require.Zero(t, testing.AllocsPerRun(50, run))
}
