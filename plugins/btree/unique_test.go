package btree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/wire"
)

// testRels numbers the stores of this package's tests, apart from those of the conformance suite.
var testRels atomic.Uint32

func newIndex(t testing.TB, unique bool, columns ...sdk.Column) *amtest.Index {
	ix := emptyIndex(unique, columns...)
	pages, err := ix.BuildEmpty(context.Background())
	require.NoError(t, err)
	require.NoError(t, ix.Store.Load(pages))
	return ix
}

// emptyIndex has no pages yet.
func emptyIndex(unique bool, columns ...sdk.Column) *amtest.Index {
	rel := page.RelFileNumber(1<<20 + testRels.Add(1))
	return &amtest.Index{
		Process: amtest.NewProcess(Method{}), Store: amtest.NewStore(rel),
		Info: wire.IndexInfo{
			OID: uint32(rel), Name: "i", Rel: rel, Columns: columns, Unique: unique, Options: map[string]string{"fillfactor": "90"},
		},
	}
}

func intColumn(name string) sdk.Column {
	return sdk.Column{Name: name, Type: wire.TypeInt4, OpClass: "int4_ops"}
}

func textColumn(name string) sdk.Column {
	return sdk.Column{Name: name, Type: wire.TypeText, OpClass: "text_ops"}
}

func tidOf(i int) page.TID {
	return page.TID{Block: page.BlockNumber(i / 100), Offset: page.OffsetNumber(i%100 + 1)}
}

func intRow(tid int, values ...int) sdk.Row {
	r := sdk.Row{TID: tidOf(tid)}
	for _, v := range values {
		r.Values = append(r.Values, wire.OfInt4(int32(v)))
	}
	return r
}

func requireSound(t testing.TB, ix *amtest.Index) {
	t.Helper()
	problems, err := ix.Check(context.Background())
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, ix.Store.Verify())
}

func TestConflicts(t *testing.T) {
	ctx := context.Background()
	ix := newIndex(t, true, intColumn("a"), intColumn("b"))
	insert := func(rows ...sdk.Row) []sdk.Conflict {
		t.Helper()
		c, err := ix.Insert(ctx, rows, 0)
		require.NoError(t, err)
		requireSound(t, ix)
		return c
	}
	fate := func(tid int, state sdk.RowFate) { ix.Store.SetFate(tidOf(tid), state) }
	live, running := sdk.RowFate{State: sdk.RowLive}, sdk.RowFate{State: sdk.RowRunning, XID: 77}

	require.Empty(t, insert(intRow(1, 1, 1), intRow(2, 1, 2)))
	fate(1, live)
	fate(2, running)
	require.Equal(t, []sdk.Conflict{{Row: 1, TID: tidOf(2), XID: 77}, {Row: 2, TID: tidOf(1)}},
		insert(intRow(3, 2, 1), intRow(4, 1, 2), intRow(5, 1, 1)))
	require.Empty(t, insert(intRow(1, 1, 1), intRow(2, 1, 2)), "rows that are there already")
	fate(2, sdk.RowFate{})
	require.Empty(t, insert(intRow(4, 1, 2)), "dead rows are in nobody's way")
	fate(2, running)
	fate(4, live)
	require.Equal(t, []sdk.Conflict{{Row: 0, TID: tidOf(4)}}, insert(intRow(6, 1, 2)), "a live row rather than a running one")

	require.Equal(t, []sdk.Conflict{{Row: 2, TID: tidOf(11)}, {Row: 3, TID: tidOf(11)}},
		insert(intRow(11, 9, 9), intRow(12, 9, 8), intRow(10, 9, 9), intRow(13, 9, 9)), "of equal rows in a call the first one goes in")

	null := intRow(20, 5, 0)
	null.Values[1] = nil
	other := null
	other.TID = tidOf(21)
	require.Empty(t, insert(null, other))
	fate(20, live)
	other.TID = tidOf(22)
	require.Empty(t, insert(other), "NULL equals nothing")
}

// Many dead versions of one key fill several leaves; the check sees them all, and an insert into a leaf that is not the key's first one
// changes the first one, too (T9).
func TestAKeyOverManyLeaves(t *testing.T) {
	ctx := context.Background()
	ix := newIndex(t, true, textColumn("a"))
	row := func(tid int) []sdk.Row {
		return []sdk.Row{{TID: tidOf(tid), Values: []sdk.Value{wire.OfText(strings.Repeat("k", 2000))}}}
	}
	const rows = 300
	for i := range rows { // one at a time: in one call they would be in one another's way
		c, err := ix.Insert(ctx, row(i*7%rows), 0)
		require.NoError(t, err)
		require.Empty(t, c)
	}
	require.Greater(t, int(ix.Store.Length()), 5)
	requireSound(t, ix)
	for _, at := range []int{0, rows / 2, rows - 1} {
		ix.Store.SetFate(tidOf(at), sdk.RowFate{State: sdk.RowLive})
		c, err := ix.Insert(ctx, row(7000), 0)
		require.NoError(t, err)
		require.Equal(t, []sdk.Conflict{{TID: tidOf(at)}}, c)
		ix.Store.SetFate(tidOf(at), sdk.RowFate{})
	}
}

// Whatever races, no two live rows are equal: every row that went in is made live before anybody else is told so.
func TestRacingInsertersOfTheSameKeys(t *testing.T) {
	ctx := context.Background()
	ix := newIndex(t, true, textColumn("a"))
	const workers, keys, tries = 8, 12, 150
	var mu sync.Mutex
	taken := make(map[string]page.TID)
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	// Rows are live from the moment they are offered, so that of two equal ones the index may let one in at most.
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewPCG(uint64(w), 7))
			for i := range tries {
				key := fmt.Sprintf("%0900d", rng.IntN(keys))
				row := sdk.Row{TID: tidOf(w*tries + i), Values: []sdk.Value{wire.OfText(key)}}
				ix.Store.SetFate(row.TID, sdk.RowFate{State: sdk.RowLive})
				conflicts, err := ix.Insert(ctx, []sdk.Row{row}, 0)
				if err != nil {
					errs <- err
					return
				}
				mu.Lock()
				if len(conflicts) == 0 {
					if other, ok := taken[key]; ok {
						errs <- fmt.Errorf("rows %v and %v are both in", other, row.TID)
					}
					taken[key] = row.TID
				}
				mu.Unlock()
				if len(conflicts) == 0 && rng.IntN(2) == 0 { // roll back: the key is free again
					mu.Lock()
					delete(taken, key)
					mu.Unlock()
					ix.Store.SetFate(row.TID, sdk.RowFate{})
				}
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	requireSound(t, ix)
}
