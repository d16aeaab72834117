package amtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// runUnique runs what only unique indexes promise.
func runUnique(t *testing.T, cfg Config, columns []sdk.Column) {
	if cfg.Method.Describe().Caps.Unique {
		var tests []test
		for _, u := range []test{
			{"UniqueProtocol", (*run).protocol}, {"UniqueBatch", (*run).uniqueBatch}, {"UniqueNulls", (*run).uniqueNulls},
			{"UniqueManyDead", (*run).manyDead}, {"UniqueKilled", (*run).uniqueKilled}, {"UniqueRace", (*run).race},
		} {
			tests = append(tests, test{u.name, func(r *run) {
				r.ix.Info.Unique = true
				u.run(r)
			}})
		}
		runTests(t, cfg, columns, tests)
	}
}

var (
	dead = sdk.RowFate{State: sdk.RowDead}
	live = sdk.RowFate{State: sdk.RowLive}
)

func running(xid uint64) sdk.RowFate { return sdk.RowFate{State: sdk.RowRunning, XID: xid} }

// keyed makes a row with the n-th of many different keys. It is live until somebody says otherwise, and not among the rows that should be
// found until it is stored.
func (r *run) keyed(n int) sdk.Row {
	row := r.make(1)[0]
	delete(r.rows, row.TID)
	rng := rand.New(rand.NewPCG(r.cfg.Seed, uint64(n)))
	for c, col := range r.ix.Info.Columns {
		row.Values[c] = kinds[col.Type].make(rng)
	}
	r.ix.Store.SetFate(row.TID, live)
	return row
}

// keys returns n numbers for keyed whose keys differ. There may be fewer of them in a small type.
func (r *run) keys(n int) (out []int) {
	seen := map[string]bool{}
	for try := 0; len(out) < n && try < 20*n; try++ {
		if k := fmt.Sprintf("%q", r.keyed(try).Values); !seen[k] {
			seen[k] = true
			out = append(out, try)
		}
	}
	return out
}

// store inserts rows and requires the given conflicts. Rows without one are to be found from then on.
func (r *run) store(rows []sdk.Row, want ...sdk.Conflict) {
	r.Helper()
	got, err := r.ix.Insert(r.ctx, rows, 0)
	require.NoError(r, err)
	require.Equal(r, want, got)
	refused := map[int]bool{}
	for _, c := range got {
		refused[c.Row] = true
	}
	for i, row := range rows {
		if !refused[i] {
			r.rows[row.TID] = row.Values
		}
	}
}

// protocol: a live equal row is in the way, a dead one is not, a running one is to be waited for; a refused row leaves no trace, and
// a row offered twice is there once.
func (r *run) protocol() {
	r.start(0, 1)
	for i, k := range r.keys(30) {
		a, b, c := r.keyed(k), r.keyed(k), r.keyed(k)
		r.store([]sdk.Row{a})
		r.store([]sdk.Row{a})
		r.store([]sdk.Row{b}, sdk.Conflict{TID: a.TID})
		r.ix.Store.SetFate(a.TID, running(7))
		r.store([]sdk.Row{b}, sdk.Conflict{TID: a.TID, XID: 7})
		if i%2 == 0 { // it ends, and the row stays
			r.ix.Store.SetFate(a.TID, live)
			r.store([]sdk.Row{b}, sdk.Conflict{TID: a.TID})
			continue
		}
		r.ix.Store.SetFate(a.TID, dead)
		r.store([]sdk.Row{b})
		r.store([]sdk.Row{b})
		r.store([]sdk.Row{c}, sdk.Conflict{TID: b.TID})
		r.ix.Store.SetFate(b.TID, running(8))
		r.ix.Store.SetFate(a.TID, running(9))
		got, err := r.ix.Insert(r.ctx, []sdk.Row{c}, 0)
		require.NoError(r, err)
		require.Contains(r, [][]sdk.Conflict{{{TID: b.TID, XID: 8}}, {{TID: a.TID, XID: 9}}}, got)
		r.ix.Store.SetFate(a.TID, live) // one that is live outweighs one that runs
		r.store([]sdk.Row{c}, sdk.Conflict{TID: a.TID})
		r.ix.Store.SetFate(b.TID, dead)
	}
	r.verify(nil)
}

// uniqueBatch: rows of a batch conflict with one another, and only those that must are refused.
func (r *run) uniqueBatch() {
	r.start(0, 1)
	keys := r.keys(60)
	var batch []sdk.Row
	var want []sdk.Conflict
	for i, k := range keys {
		row := r.keyed(k)
		switch i % 3 {
		case 0: // stored before
			r.store([]sdk.Row{row})
			want = append(want, sdk.Conflict{Row: len(batch), TID: row.TID})
			batch = append(batch, r.keyed(k))
		case 1: // twice in the batch
			again := r.keyed(k)
			want = append(want, sdk.Conflict{Row: len(batch) + 1, TID: row.TID})
			batch = append(batch, row, again)
		default:
			batch = append(batch, row)
		}
	}
	r.store(batch, want...)
	r.verify(nil)
	if len(keys) < 2 {
		return
	}
	a, b, c := r.keyed(keys[0]), r.keyed(keys[0]), r.keyed(keys[0]) // refused for one and the same reason
	for tid := range r.rows {
		r.ix.Store.SetFate(tid, running(5))
	}
	got, err := r.ix.Insert(r.ctx, []sdk.Row{a, b, c}, 0)
	require.NoError(r, err)
	require.Len(r, got, 3)
	for i, conflict := range got {
		require.Equal(r, sdk.Conflict{Row: i, TID: got[0].TID, XID: 5}, conflict, "a row that was refused itself is in nobody's way")
	}
	r.verify(nil)
}

// uniqueNulls: a NULL in any column makes a row different from every other.
func (r *run) uniqueNulls() {
	r.start(0, 1)
	for range 50 {
		row := r.keyed(1)
		row.Values[r.rng.IntN(len(row.Values))] = nil
		r.store([]sdk.Row{row})
	}
	r.verify(nil)
}

// manyDead: however many dead rows have a key, a live one among them is noticed.
func (r *run) manyDead() {
	const versions = 700 // of one row, more than a page holds
	r.start(0, 1)
	var all []sdk.Row
	for range versions {
		row := r.keyed(3)
		r.store([]sdk.Row{row})
		r.ix.Store.SetFate(row.TID, dead)
		all = append(all, row)
	}
	r.ix.Store.SetFate(all[0].TID, live)
	r.store([]sdk.Row{r.keyed(3)}, sdk.Conflict{TID: all[0].TID})
	r.ix.Store.SetFate(all[0].TID, dead)
	r.ix.Store.SetFate(all[versions-1].TID, running(4))
	r.store([]sdk.Row{r.keyed(3)}, sdk.Conflict{TID: all[versions-1].TID, XID: 4})
	r.ix.Store.SetFate(all[versions-1].TID, dead)
	r.store([]sdk.Row{r.keyed(3)})
	r.verify(nil)
}

// uniqueKilled: an insert that was killed and is made again meets no conflict with itself.
func (r *run) uniqueKilled() {
	const most = 100
	r.start(0, 1)
	for _, k := range r.keys(100) {
		r.store([]sdk.Row{r.keyed(1000 + k)}, r.rivals(1000+k)...)
	}
	before := r.ix.Store.Clone()
	var batch []sdk.Row
	extra := map[page.TID][]sdk.Value{}
	for n := range 2000 {
		if row := r.keyed(n); len(batch) < 100 && len(r.conflicting(row)) == 0 && !containsKey(batch, row) {
			batch = append(batch, row)
			extra[row.TID] = row.Values
			before.SetFate(row.TID, live)
		}
	}
	r.untilDone(before, most, func(limit int) error {
		conflicts, err := r.ix.Insert(r.ctx, batch, limit)
		require.Empty(r, conflicts)
		return err
	}, func() { r.verify(extra) })
}

func containsKey(rows []sdk.Row, row sdk.Row) bool {
	for _, other := range rows {
		if fmt.Sprintf("%q", other.Values) == fmt.Sprintf("%q", row.Values) {
			return true
		}
	}
	return false
}

// conflicting are the rows that should be found and have a row's key.
func (r *run) conflicting(row sdk.Row) (out []page.TID) {
	for tid, values := range r.rows {
		if containsKey([]sdk.Row{{Values: values}}, row) {
			out = append(out, tid)
		}
	}
	return out
}

// rivals are the conflicts that the n-th key would meet as the only row of a call.
func (r *run) rivals(n int) (out []sdk.Conflict) {
	for _, tid := range r.conflicting(r.keyed(n)) {
		out = append(out, sdk.Conflict{TID: tid})
	}
	return out
}

// race: transactions insert the same keys at the same time, and commit or not. Of each key at most one row is live in the end.
func (r *run) race() {
	const workers, each = 6, 40
	r.start(0, 1)
	keys := r.keys(12)
	type txn struct {
		row   sdk.Row
		xid   uint64
		ended chan struct{}
	}
	var mu sync.Mutex
	txns := map[uint64]*txn{}
	var work [workers][]*txn
	for i := range workers * each {
		t := &txn{row: r.keyed(keys[r.rng.IntN(len(keys))]), xid: uint64(100 + i), ended: make(chan struct{})}
		r.ix.Store.SetFate(t.row.TID, dead) // not inserted yet
		work[i%workers] = append(work[i%workers], t)
		txns[t.xid] = t
	}
	store := r.ix.Store
	committed, stored := map[page.TID]*txn{}, map[page.TID][]sdk.Value{}
	run := func(t *txn, commit bool) error {
		ix := *r.ix
		ix.XID = t.xid
		store.SetFate(t.row.TID, running(t.xid))
		defer close(t.ended)
		for {
			conflicts, err := ix.Insert(r.ctx, []sdk.Row{t.row}, 0)
			switch {
			case err != nil:
				return err
			case len(conflicts) == 1 && conflicts[0].XID != 0:
				mu.Lock()
				other := txns[conflicts[0].XID]
				mu.Unlock()
				<-other.ended
				continue
			}
			mu.Lock()
			defer mu.Unlock()
			if len(conflicts) == 0 {
				stored[t.row.TID] = t.row.Values
			}
			if commit = commit && len(conflicts) == 0; commit {
				committed[t.row.TID] = t
				store.SetFate(t.row.TID, live)
			} else {
				store.SetFate(t.row.TID, dead)
			}
			return nil
		}
	}
	var wg sync.WaitGroup
	errs := make(chan error, workers*each)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i, t := range work[w] {
				errs <- run(t, i%3 > 0)
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(r, err)
	}
	owners := map[string]page.TID{}
	for tid, t := range committed {
		key := fmt.Sprintf("%q", t.row.Values)
		require.NotContains(r, owners, key, "rows %v and %v have the key %s and are both live", owners[key], tid, key)
		owners[key] = tid
	}
	require.NotEmpty(r, owners)
	for tid, values := range stored {
		r.rows[tid] = values
	}
	r.verify(nil)
}
