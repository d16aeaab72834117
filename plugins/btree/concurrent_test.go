package btree

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// While rows come and go in the way of one another, scans in both directions find every row that stays, once and in its
// place, and the structure is sound at every moment that Check looks. Some scans are a process of their own, which sees nothing of the
// changes but the pages, as on a replica.
func TestConcurrentCalls(t *testing.T) {
	ctx := context.Background()
	ix := newIndex(t, false, textColumn("a"))
	const stay, rounds = 60, 25
	key := func(i int) sdk.Value {
		return wire.OfText(fmt.Sprintf("%05d%s", i, strings.Repeat("k", 100+i*7919%1500)))
	}
	keys := make(map[page.TID]int)
	var rows []sdk.Row
	for i := range stay {
		rows = append(rows, sdk.Row{TID: tidOf(i), Values: []sdk.Value{key(i * 100)}})
		keys[rows[i].TID] = i
	}
	_, err := ix.Insert(ctx, rows, 0)
	require.NoError(t, err)

	var next atomic.Int64
	next.Store(stay)
	var dying struct { // rows that a vacuum may remove
		sync.Mutex
		tids []page.TID
	}
	errs := make(chan error, 1000)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for range rounds {
				var batch []sdk.Row
				base := rng.IntN(stay * 100)
				for range 1 + rng.IntN(40) { // near one another: leaves fill, divide, and empty together
					batch = append(batch, sdk.Row{TID: tidOf(int(next.Add(1))), Values: []sdk.Value{key(base + rng.IntN(300))}})
				}
				if _, err := ix.Insert(ctx, batch, 0); err != nil {
					errs <- fmt.Errorf("insert: %w", err)
				}
				dying.Lock()
				for _, r := range batch {
					dying.tids = append(dying.tids, r.TID)
				}
				dying.Unlock()
			}
		}()
	}
	writers.Add(1)
	go func() {
		defer writers.Done()
		for range rounds {
			dying.Lock()
			dead := dying.tids
			dying.tids = nil
			dying.Unlock()
			stats, err := ix.BulkDelete(ctx, dead, 0)
			if err == nil && int(stats.GetTuplesRemoved()) != len(dead) {
				err = fmt.Errorf("%v of %d dead rows were removed", stats.GetTuplesRemoved(), len(dead))
			}
			if err == nil {
				_, err = ix.Cleanup(ctx, 0)
			}
			if err != nil {
				errs <- fmt.Errorf("vacuum: %w", err)
			}
		}
	}()
	for r := range 3 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			by := *ix
			if r > 0 {
				by.Process = amtest.NewProcess(Method{})
			}
			for {
				if err := scanWhole(ctx, &by, keys, r == 2); err != nil {
					errs <- err
					return
				}
				problems, err := by.Check(ctx)
				if err == nil && len(problems) > 0 {
					err = errors.New(strings.Join(problems, "; "))
				}
				if err != nil {
					errs <- fmt.Errorf("check: %w", err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	writers.Wait()
	close(done)
	readers.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	requireSound(t, ix)
}

// scanWhole reads the index from one end to the other and looks for the rows in keys, which come in the order of their numbers.
func scanWhole(ctx context.Context, ix *amtest.Index, keys map[page.TID]int, backward bool) error {
	hits, err := ix.Scan(ctx, sdk.Scan{Backward: backward}, nil)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	seen := make(map[page.TID]bool)
	var found []int
	for _, h := range hits {
		if seen[h.TID] {
			return fmt.Errorf("backward %t: row %v came twice", backward, h.TID)
		}
		seen[h.TID] = true
		if i, ok := keys[h.TID]; ok {
			found = append(found, i)
		}
	}
	if backward {
		slices.Reverse(found)
	}
	if len(found) != len(keys) || !slices.IsSorted(found) {
		return fmt.Errorf("backward %t: rows that stay came as %v", backward, found)
	}
	return nil
}

// A process that remembers pages from before their blocks were used again notices, and finds its way.
func TestOldPagesLeadNowhereWrong(t *testing.T) {
	ctx := context.Background()
	ix := newIndex(t, false, textColumn("a"))
	key := func(i int) sdk.Value { return wire.OfText(fmt.Sprintf("%05d%s", i, strings.Repeat("k", 600))) }
	add := func(from, to, tid int) (tids []page.TID) {
		var rows []sdk.Row
		for i := from; i < to; i++ {
			rows = append(rows, sdk.Row{TID: tidOf(tid + i), Values: []sdk.Value{key(i)}})
			tids = append(tids, tidOf(tid+i))
		}
		_, err := ix.Insert(ctx, rows, 0)
		require.NoError(t, err)
		return tids
	}
	reader := *ix
	first := add(0, 600, 0)
	add(600, 700, 0)
	for generation := range 5 {
		reader.Process = amtest.NewProcess(Method{})
		for i := 0; i < 700; i += 7 { // remembers the inner pages
			_, err := reader.Scan(ctx, sdk.Scan{Keys: []sdk.ScanKey{{Operator: "=", Arg: key(i)}}}, nil)
			require.NoError(t, err)
		}
		_, err := ix.BulkDelete(ctx, first, 0)
		require.NoError(t, err)
		_, err = ix.Cleanup(ctx, 0)
		require.NoError(t, err)
		length := ix.Store.Length()
		first = add(0, 600, 10000*(generation+1)) // in other places of the same blocks
		require.LessOrEqual(t, int(ix.Store.Length()), int(length)+10, "blocks were not used again")
		for i := 0; i < 700; i += 3 {
			hits, err := reader.Scan(ctx, sdk.Scan{Keys: []sdk.ScanKey{{Operator: "=", Arg: key(i)}}, Backward: i%2 == 0}, nil)
			require.NoError(t, err)
			require.Len(t, hits, 1, "key %d", i)
		}
		requireSound(t, ix)
	}
}
