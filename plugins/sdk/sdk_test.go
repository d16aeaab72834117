package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
	"github.com/quiredb/quire/plugins/wire"
)

var ctx = context.Background()

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting counts the requests that reach the host.
type counting struct {
	wire.Pages
	reads, pagesSent, finishes, alone int
}

func (c *counting) ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error) {
	c.reads++
	out, err := c.Pages.ReadPages(ctx, refs)
	for _, r := range out {
		if !r.Unchanged {
			c.pagesSent++
		}
	}
	return out, err
}

func (c *counting) Finish(ctx context.Context, f wire.Finish) ([]page.LSN, error) {
	c.finishes++
	return c.Pages.Finish(ctx, f)
}

func (c *counting) Alone(ctx context.Context, on bool) error {
	c.alone++
	return c.Pages.Alone(ctx, on)
}

// newIndex returns an index of n pages with one item each, and what counts its requests.
func newIndex(t *testing.T, n int) (*sdk.Index, *counting, *amtest.Store) {
	store := amtest.NewStore(1)
	c := &counting{Pages: store.Open()}
	ix := sdk.NewIndex(ctx, wire.IndexInfo{Name: "idx", Rel: 1}, wire.InProcess(c))
	w := ix.BulkWriter()
	for i := range n {
		blk, err := w.Append(newPage(t, fmt.Sprintf("page %d", i)))
		require.NoError(t, err)
		require.EqualValues(t, i, blk)
	}
	require.NoError(t, w.Close())
	t.Cleanup(func() { require.NoError(t, store.Verify()) })
	return ix, c, store
}

func newPage(t *testing.T, item string) page.Page {
	ed := page.NewEditor(page.New())
	require.NoError(t, ed.Init(0, 0))
	require.NoError(t, ed.InsertItem(1, []byte(item)))
	return ed.Page()
}

func item(p page.Page, off page.OffsetNumber) string {
	b, _ := p.Item(off)
	return string(b)
}

// A page is fetched once; after that the host confirms it, and a page this process finished itself need not be fetched at
// all.
func TestReadsAreCached(t *testing.T) {
	ix, c, _ := newIndex(t, 3)
	for range 3 {
		p, v, err := ix.ReadPage(1)
		require.NoError(t, err)
		require.NotZero(t, v)
		require.Equal(t, "page 1", item(p, 1))
	}
	require.Equal(t, 3, c.reads)
	require.Equal(t, 1, c.pagesSent)
	for range 3 {
		_, _, err := ix.PeekPage(1)
		require.NoError(t, err)
	}
	require.Equal(t, 3, c.reads)
	for i := range 5 {
		require.NoError(t, ix.Update(ctx, func(x *sdk.XLog) error {
			ed, err := x.RegisterBuffer(1, 0)
			require.NoError(t, err)
			return ed.InsertItem(page.OffsetNumber(i+2), []byte("more"))
		}))
	}
	require.Equal(t, 3, c.reads, "five records and not one read")
	require.Equal(t, 5, c.finishes)
	p, _, err := ix.ReadPage(1)
	require.NoError(t, err)
	require.Equal(t, 6, p.NumItems())
	require.Equal(t, 1, c.pagesSent)
	_, _, err = ix.ReadPage(9)
	require.ErrorIs(t, err, sdk.ErrNotFound)
	require.ErrorContains(t, err, "block 9 of index idx")
}

func TestReadPages(t *testing.T) {
	ix, c, _ := newIndex(t, 300)
	walk := func() {
		r := ix.ReadPages(10, 300)
		blk := page.BlockNumber(10)
		for r.Next() {
			require.Equal(t, blk, r.Block())
			require.Equal(t, fmt.Sprintf("page %d", blk), item(r.Page(), 1))
			require.NotZero(t, r.Version())
			if blk%50 == 0 { // other requests in between
				_, err := ix.NBlocks()
				require.NoError(t, err)
			}
			blk++
		}
		require.NoError(t, r.Err())
		require.EqualValues(t, 300, blk)
		require.False(t, r.Next())
	}
	walk()
	require.Equal(t, 3, c.reads)
	require.Equal(t, 290, c.pagesSent)
	walk()
	require.Equal(t, 6, c.reads)
	require.Equal(t, 290, c.pagesSent, "nothing changed, so nothing was sent again")

	r := ix.ReadPages(299, 301)
	require.False(t, r.Next())
	require.ErrorIs(t, r.Err(), sdk.ErrNotFound)
	require.False(t, ix.ReadPages(5, 5).Next())
}

// K2: between Start and Finish, the page that was read is the page that is registered.
func TestReadThenRegister(t *testing.T) {
	ix, _, store := newIndex(t, 2)
	other := sdk.NewIndex(ctx, wire.IndexInfo{Rel: 1}, wire.InProcess(store.Open()))
	change := func() {
		require.NoError(t, other.Update(ctx, func(x *sdk.XLog) error {
			ed, err := x.RegisterBuffer(0, 0)
			require.NoError(t, err)
			return ed.InsertItem(1, []byte("first"))
		}))
	}
	_, _, err := ix.ReadPage(0)
	require.NoError(t, err)
	x := ix.Start()
	_, _, err = ix.ReadPage(0)
	require.NoError(t, err)
	change()
	_, _, err = ix.ReadPage(1)
	require.NoError(t, err)
	ed, err := x.RegisterBuffer(0, 0)
	require.NoError(t, err, "it is registered as it was read")
	require.Equal(t, "page 0", item(ed.Page(), 1))
	require.NoError(t, ed.InsertItem(1, []byte("mine")))
	require.ErrorIs(t, x.Finish(), sdk.ErrConflict)

	attempts := 0
	require.NoError(t, ix.Update(ctx, func(x *sdk.XLog) error {
		attempts++
		if attempts == 1 {
			_, _, err := ix.PeekPage(0)
			require.NoError(t, err)
			change()
		}
		ed, err := x.RegisterBuffer(0, 0)
		if err != nil {
			return err
		}
		return ed.InsertItem(1, []byte("mine"))
	}))
	require.Equal(t, 2, attempts)
	p, _, err := ix.ReadPage(0)
	require.NoError(t, err)
	require.Equal(t, "mine", item(p, 1))
	require.Equal(t, "first", item(p, 2))
}

// An unchanged page that was registered is compared all the same.
func TestRegisteredButUnchanged(t *testing.T) {
	ix, _, store := newIndex(t, 2)
	other := sdk.NewIndex(ctx, wire.IndexInfo{Rel: 1}, wire.InProcess(store.Open()))
	x := ix.Start()
	_, err := x.RegisterBuffer(0, 0)
	require.NoError(t, err)
	ed, err := x.RegisterBuffer(1, 0)
	require.NoError(t, err)
	require.NoError(t, ed.InsertItem(1, []byte("depends on page 0")))
	require.NoError(t, other.Update(ctx, func(x *sdk.XLog) error {
		ed, err := x.RegisterBuffer(0, 0)
		require.NoError(t, err)
		return ed.InsertItem(1, []byte("first"))
	}))
	require.ErrorIs(t, x.Finish(), sdk.ErrConflict)
	p, _, err := ix.ReadPage(1)
	require.NoError(t, err)
	require.Equal(t, 1, p.NumItems())
}

func TestXLogStates(t *testing.T) {
	ix, c, _ := newIndex(t, 40)
	x := ix.Start()
	a, err := x.RegisterBuffer(0, 0)
	require.NoError(t, err)
	b, err := x.RegisterBuffer(0, sdk.FullImage)
	require.NoError(t, err)
	require.Same(t, a, b)
	require.NoError(t, x.SetConflictHorizon(0, 5))
	require.ErrorIs(t, x.SetConflictHorizon(1, 5), sdk.ErrWrongState)
	for i := 1; i < sdk.MaxBlocks; i++ {
		_, err := x.RegisterBuffer(page.BlockNumber(i), 0)
		require.NoError(t, err)
	}
	_, err = x.RegisterBuffer(sdk.MaxBlocks, 0)
	require.ErrorIs(t, err, sdk.ErrTooManyBlocks)
	x.Abort()
	x.Abort()
	require.ErrorIs(t, x.Finish(), sdk.ErrWrongState)
	_, err = x.RegisterBuffer(0, 0)
	require.ErrorIs(t, err, sdk.ErrWrongState)
	require.NoError(t, ix.Start().Finish(), "nothing registered, nothing to do")
	require.Zero(t, c.finishes)

	boom := errors.New("boom")
	require.ErrorIs(t, ix.Update(ctx, func(x *sdk.XLog) error {
		ed, err := x.RegisterBuffer(0, 0)
		require.NoError(t, err)
		require.NoError(t, ed.InsertItem(1, []byte("never")))
		return boom
	}), boom)
	require.NoError(t, ix.Update(ctx, func(x *sdk.XLog) error { x.Abort(); return nil }))
	p, _, err := ix.ReadPage(0)
	require.NoError(t, err)
	require.Equal(t, 1, p.NumItems())
}

// Blocks from NewPage that an attempt did not use serve the next one; those never used go back to the host.
func TestNewPages(t *testing.T) {
	ix, c, store := newIndex(t, 1)
	var blocks []page.BlockNumber
	attempts := 0
	require.NoError(t, ix.Update(ctx, func(x *sdk.XLog) error {
		attempts++
		unused, err := ix.NewPage()
		require.NoError(t, err)
		used, err := ix.NewPage()
		require.NoError(t, err)
		blocks = append(blocks, unused, used)
		ed, err := x.RegisterBuffer(used, 0)
		require.NoError(t, err)
		require.True(t, ed.Page().IsNew())
		require.NoError(t, ed.Init(0, 0))
		require.NoError(t, ed.InsertItem(1, []byte("new")))
		if attempts < 3 {
			return sdk.ErrConflict
		}
		return nil
	}))
	require.Len(t, blocks, 6)
	for _, b := range blocks {
		require.Contains(t, blocks[:2], b, "the same two blocks each time")
	}
	c.Pages.(*amtest.Pages).Close()
	n := store.Length()

	again := sdk.NewIndex(ctx, wire.IndexInfo{Rel: 1}, wire.InProcess(store.Open()))
	require.NoError(t, again.FreePage(blocks[5]))
	blk, err := again.NewPage()
	require.NoError(t, err)
	require.Equal(t, blocks[5], blk)
	require.NoError(t, again.Update(ctx, func(x *sdk.XLog) error {
		ed, err := x.RegisterBuffer(blk, sdk.FullImage)
		require.NoError(t, err)
		require.Equal(t, "new", item(ed.Page(), 1), "a recycled block shows what it held")
		return ed.Init(8, 1)
	}))
	require.Equal(t, n, store.Length())
	require.ErrorIs(t, again.FreePage(1000), sdk.ErrNotFound)
}

// A function that meets a conflict each time is run alone in the end, and then given up.
func TestUpdateGivesUp(t *testing.T) {
	ix, c, _ := newIndex(t, 1)
	attempts := 0
	err := ix.Update(ctx, func(*sdk.XLog) error { attempts++; return sdk.ErrConflict })
	require.ErrorIs(t, err, sdk.ErrConflict)
	require.ErrorContains(t, err, "8 attempts")
	require.Equal(t, 8, attempts)
	require.Equal(t, 2, c.alone, "alone, and not alone any more")

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, ix.Update(cancelled, func(*sdk.XLog) error { return sdk.ErrConflict }), context.Canceled)
}

// Raw edits travel as an image, and what the host made of it is read again.
func TestRawEdit(t *testing.T) {
	ix, c, _ := newIndex(t, 1)
	require.NoError(t, ix.Update(ctx, func(x *sdk.XLog) error {
		ed, err := x.RegisterBuffer(0, 0)
		require.NoError(t, err)
		raw := ed.Raw()
		i := bytes.Index(raw, []byte("page 0"))
		copy(raw[i:], "PAGE 0")
		raw[raw.Lower()+10] = 0xff // in the hole
		return nil
	}))
	sent := c.pagesSent
	p, _, err := ix.ReadPage(0)
	require.NoError(t, err)
	require.Equal(t, "PAGE 0", item(p, 1))
	require.Zero(t, p[p.Lower()+10], "the host zeroes the hole")
	require.Equal(t, sent+1, c.pagesSent)
}

func TestBulkWriter(t *testing.T) {
	store := amtest.NewStore(1)
	ix := sdk.NewIndex(ctx, wire.IndexInfo{Rel: 1}, wire.InProcess(store.Open()))
	w := ix.BulkWriter()
	require.EqualValues(t, 0, w.Reserve(1))
	for i := range 200 {
		_, err := w.Append(newPage(t, fmt.Sprint(i)))
		require.NoError(t, err)
	}
	require.EqualValues(t, 201, w.NBlocks())
	require.ErrorIs(t, w.WriteAt(500, newPage(t, "x")), sdk.ErrWrongState)
	require.ErrorIs(t, w.WriteAt(0, page.Page("short")), sdk.ErrInvalidEdit)
	require.NoError(t, w.WriteAt(0, newPage(t, "meta")))
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.WriteAt(0, newPage(t, "x")), sdk.ErrWrongState)
	p, _, err := ix.ReadPage(0)
	require.NoError(t, err)
	require.Equal(t, "meta", item(p, 1))
	require.EqualValues(t, 201, store.Length())

	bad := newPage(t, "bad")
	bad[14] = 0xff // lower
	w = ix.BulkWriter()
	_, err = w.Append(bad)
	require.NoError(t, err)
	require.ErrorIs(t, w.Close(), sdk.ErrInvalidEdit)
}

func TestRowFates(t *testing.T) {
	ix, _, store := newIndex(t, 1)
	live, busy := page.TID{Block: 1, Offset: 1}, page.TID{Block: 1, Offset: 2}
	store.SetFate(live, sdk.RowFate{State: sdk.RowLive})
	store.SetFate(busy, sdk.RowFate{State: sdk.RowRunning, XID: 17})
	fates, err := ix.RowFates([]page.TID{live, busy, {Block: 2, Offset: 1}}, nil)
	require.NoError(t, err)
	require.Equal(t, []sdk.RowFate{{State: sdk.RowLive}, {State: sdk.RowRunning, XID: 17}, {}}, fates)
	_, err = ix.RowFates([]page.TID{live, busy}, []int{0})
	require.ErrorIs(t, err, sdk.ErrWrongState)
}

func TestSpillFile(t *testing.T) {
	ix, _, store := newIndex(t, 1)
	require.EqualValues(t, 64<<20, ix.MaintenanceWorkMem())
	f, err := ix.Spill()
	require.NoError(t, err)
	want := make([]byte, 3<<19) // more than one message takes
	for i := range want {
		want[i] = byte(i * 7)
	}
	n, err := f.WriteAt(want, 100)
	require.NoError(t, err)
	require.Equal(t, len(want), n)
	require.EqualValues(t, 100+len(want), f.Size())
	got := make([]byte, len(want)+10)
	n, err = f.ReadAt(got, 100)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, want, got[:n])
	_, err = f.ReadAt(got[:200], 0)
	require.NoError(t, err)
	require.Equal(t, append(make([]byte, 100), want[:100]...), got[:200])
	_, err = f.ReadAt(got, -1)
	require.ErrorIs(t, err, sdk.ErrWrongState)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	_, err = f.WriteAt(want, 0)
	require.ErrorIs(t, err, sdk.ErrWrongState)
	require.Equal(t, 1, store.Spilled())
}

func TestRowReaderAndHitWriter(t *testing.T) {
	n := 0
	r := sdk.NewRowReader(func() ([]sdk.Row, error) {
		if n++; n > 2 {
			return nil, io.EOF
		}
		return make([]sdk.Row, n), nil
	})
	for want := 1; want <= 2; want++ {
		rows, err := r.Next()
		require.NoError(t, err)
		require.Len(t, rows, want)
	}
	for range 2 {
		_, err := r.Next()
		require.ErrorIs(t, err, io.EOF)
	}
	require.EqualValues(t, 3, r.Count())

	var got []sdk.Hit
	var sizes []int
	take := func(h []sdk.Hit) error {
		got, sizes = append(got, h...), append(sizes, len(h))
		return nil
	}
	w := sdk.NewHitWriter(sdk.Scan{}, take)
	for i := range 5000 {
		require.NoError(t, w.AddOrdered(page.TID{Block: page.BlockNumber(i), Offset: 1}, i%2 == 0, float64(i)))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, w.Flush())
	require.Len(t, got, 5000)
	require.Equal(t, 5000, w.Count())
	require.Equal(t, sdk.Hit{TID: page.TID{Block: 4999, Offset: 1}, OrderBy: 4999}, got[4999])
	require.ErrorIs(t, w.Add(page.TID{}, false), sdk.ErrCorruptIndex)
	require.Equal(t, []int{64, 256, 1000, 1000, 1000, 1000, 680}, sizes)

	got, sizes = nil, nil
	w = sdk.NewHitWriter(sdk.Scan{Limit: 3, Return: []int{1, 0}}, take)
	require.ErrorIs(t, w.Add(page.TID{Offset: 1}, false), sdk.ErrWrongState)
	for range 7 {
		require.NoError(t, w.AddWithValues(page.TID{Offset: 1}, false, []sdk.Value{nil, sdk.Value("")}))
	}
	require.NoError(t, w.Flush())
	require.Equal(t, []int{3, 4}, sizes)
	require.Equal(t, sdk.Hit{TID: page.TID{Offset: 1}, Values: []sdk.Value{nil, sdk.Value("")}}, got[6])
}

func TestOptions(t *testing.T) {
	o := sdk.Options{"n": "7", "x": "0.5", "b": "true", "s": "word"}
	n, err := o.Int("n")
	require.NoError(t, err)
	require.Equal(t, 7, n)
	x, err := o.Real("x")
	require.NoError(t, err)
	require.Equal(t, 0.5, x)
	require.True(t, o.Bool("b"))
	require.False(t, o.Bool("none"))
	for _, name := range []string{"s", "none"} {
		_, err = o.Int(name)
		require.ErrorIs(t, err, sdk.ErrInvalidOption)
		_, err = o.Real(name)
		require.ErrorIs(t, err, sdk.ErrInvalidOption)
	}
	c := o.Clone()
	c["n"] = "8"
	require.Equal(t, "7", o["n"])
}

func TestPrepared(t *testing.T) {
	ix := sdk.NewIndex(context.Background(), wire.IndexInfo{Name: "idx", Rel: 1}, nil)
	made := 0
	prepare := func(ix *sdk.Index) (string, error) {
		if made++; made == 1 {
			return "", errors.New("not yet")
		}
		return ix.Name(), nil
	}
	_, err := sdk.Prepared(ix, prepare)
	require.ErrorContains(t, err, "not yet") // and is not kept
	for range 3 {
		v, err := sdk.Prepared(ix, prepare)
		require.NoError(t, err)
		require.Equal(t, "idx", v)
	}
	require.Equal(t, 2, made)
}

// hasty says in Insert that a Finish is the last, and then goes on.
type hasty struct {
	sample.Sample
	said chan error
}

func (h hasty) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	if err := ix.Update(ctx, func(x *sdk.XLog) error {
		x.Last(nil)
		_, err := x.RegisterBuffer(0, 0)
		return err
	}); err != nil {
		return nil, err
	}
	_, err := ix.NBlocks()
	h.said <- err
	return nil, err
}

func TestNothingComesAfterTheLastFinish(t *testing.T) {
	said := make(chan error, 1)
	p := amtest.NewProcess(hasty{sample.New("hasty"), said})
	defer p.Close()
	ix := &amtest.Index{Process: p, Store: amtest.NewStore(1), Info: wire.IndexInfo{Name: "idx", Rel: 1, Columns: []wire.Column{{Type: wire.TypeInt4}}, Options: map[string]string{"fill": "100"}}}
	row := sdk.Row{TID: page.TID{Block: 1, Offset: 1}, Values: []sdk.Value{{0, 0, 0, 1}}}
	_, err := ix.Build(ctx, []sdk.Row{row}, 1)
	require.NoError(t, err)
	for range 3 { // the lane stays in step
		_, err = ix.Insert(ctx, nil, 0)
		require.NoError(t, err)
		require.ErrorIs(t, <-said, sdk.ErrWrongState)
	}
}
