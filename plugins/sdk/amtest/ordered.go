package amtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// runOrdered runs what only ordered methods promise.
func runOrdered(t *testing.T, cfg Config, columns []sdk.Column) {
	if cfg.Method.Describe().Caps.Ordered {
		runTests(t, cfg, columns, []test{
			{"Order", (*run).order}, {"OrderAfterChanges", (*run).orderAfterChanges}, {"Limit", (*run).limit},
		})
	}
}

// reversed are columns in the opposite order, and for several in ever different ones.
func reversed(columns []sdk.Column) []sdk.Column {
	columns = slices.Clone(columns)
	for i := range columns {
		columns[i].Descending, columns[i].NullsFirst = i%2 == 0, i%4 < 2
	}
	return columns
}

// compare is the order of two rows in the index; rows that are equal in every column may come in any order.
func (r *run) compare(a, b page.TID) int {
	for i, col := range r.ix.Info.Columns {
		if c := kinds[col.Type].order(col, r.rows[a][i], r.rows[b][i]); c != 0 {
			return c
		}
	}
	return 0
}

// directions are those that the method can read in.
func (r *run) directions() []bool {
	if r.cfg.Method.Describe().Caps.Backward {
		return []bool{false, true}
	}
	return []bool{false}
}

// inOrder scans and checks that exactly the right rows come in the right order. It returns them.
func (r *run) inOrder(scan sdk.Scan) []sdk.Hit {
	r.Helper()
	hits, err := r.ix.Scan(r.ctx, scan, nil)
	require.NoError(r, err)
	want := 0
	for _, values := range r.rows {
		if r.match(scan.Keys, values) {
			want++
		}
	}
	seen := make(map[page.TID]bool, len(hits))
	exact := 0
	for i, h := range hits {
		values, ok := r.rows[h.TID]
		matches := ok && r.match(scan.Keys, values)
		switch {
		case !ok:
			require.Fail(r, "a row too many", "scan %v: row %v was removed, or never was there", scan, h.TID)
		case seen[h.TID]:
			require.Fail(r, "a row comes twice", "scan %v: row %v", scan, h.TID)
		case matches:
			exact++
		case !h.Recheck:
			require.Fail(r, "a row too many", "scan %v: row %v is reported for sure and does not match: %v", scan, h.TID, values)
		}
		seen[h.TID] = true
		if i == 0 {
			continue
		}
		before, after := hits[i-1].TID, h.TID
		if scan.Backward {
			before, after = after, before
		}
		if r.compare(before, after) > 0 {
			require.Fail(r, "the order is wrong", "scan %v: %v comes before %v: %v, %v", scan, hits[i-1].TID, h.TID, r.rows[hits[i-1].TID], values)
		}
	}
	require.Equal(r, want, exact, "scan %v: rows that match", scan)
	return hits
}

// anyOf is a list of values for a column, some of which are there.
func (r *run) anyOf(column int) sdk.ScanKey {
	k := kinds[r.ix.Info.Columns[column].Type]
	key := sdk.ScanKey{Column: column, Operator: wire.AnyEqual}
	for range 1 + r.rng.IntN(20) {
		key.Args = append(key.Args, r.argument(column))
	}
	slices.SortFunc(key.Args, k.compare)
	key.Args = slices.CompactFunc(key.Args, func(a, b sdk.Value) bool { return k.compare(a, b) == 0 })
	return key
}

// conditions are lists of keys of all the forms that a planner makes: nothing, a prefix of equalities with or without a range
// behind it, ranges, lists, tests for NULL.
func (r *run) conditions() (lists [][]sdk.ScanKey) {
	caps := r.cfg.Method.Describe().Caps
	lists = append(lists, nil)
	var prefix []sdk.ScanKey
	for c, col := range r.ix.Info.Columns {
		with := func(keys ...sdk.ScanKey) { lists = append(lists, append(slices.Clone(prefix), keys...)) }
		for _, op := range r.operators(col) {
			with(sdk.ScanKey{Column: c, Operator: op, Arg: r.argument(c)})
		}
		if slices.Contains(r.operators(col), ">=") {
			with(sdk.ScanKey{Column: c, Operator: ">=", Arg: r.argument(c)}, sdk.ScanKey{Column: c, Operator: "<", Arg: r.argument(c)})
			with(sdk.ScanKey{Column: c, Operator: ">", Arg: r.argument(c)}, sdk.ScanKey{Column: c, Operator: "<=", Arg: r.argument(c)})
		}
		if caps.AnyEqual {
			with(r.anyOf(c))
			with(r.anyOf(c), sdk.ScanKey{Column: c, Operator: ">", Arg: r.argument(c)})
			if c+1 < len(r.ix.Info.Columns) {
				with(r.anyOf(c), sdk.ScanKey{Column: c + 1, Operator: ">", Arg: r.argument(c + 1)})
				with(r.anyOf(c), r.anyOf(c+1))
			}
		}
		if caps.SearchNulls {
			with(sdk.ScanKey{Column: c, Operator: wire.IsNull})
			with(sdk.ScanKey{Column: c, Operator: wire.IsNotNull})
		}
		prefix = append(prefix, sdk.ScanKey{Column: c, Operator: "=", Arg: r.argument(c)})
	}
	return lists
}

// allOrders scans in all directions for conditions of all forms.
func (r *run) allOrders() {
	for _, keys := range r.conditions() {
		for _, backward := range r.directions() {
			r.inOrder(sdk.Scan{Keys: keys, Backward: backward})
		}
	}
}

// order: rows come in the order of the columns after a build.
func (r *run) order() {
	r.start(r.cfg.Rows, 500)
	for range 4 {
		r.allOrders()
	}
}

// orderAfterChanges: and after inserts, removals and rows offered again.
func (r *run) orderAfterChanges() {
	r.start(r.cfg.Rows/4, 500)
	for range 3 {
		batch := r.make(r.cfg.Rows / 8)
		for left := batch; len(left) > 0; {
			n := min(1+r.rng.IntN(60), len(left))
			r.insertAll(left[:n])
			left = left[n:]
		}
		r.insertAll(batch[:20])
		r.allOrders()
		_, err := r.ix.BulkDelete(r.ctx, r.remove(0.4), 0)
		require.NoError(r, err)
		_, err = r.ix.Cleanup(r.ctx, 0)
		require.NoError(r, err)
		r.allOrders()
	}
}

// limit: the first rows of a scan that is stopped early are those of the whole scan, and the first message is no larger than the
// limit.
func (r *run) limit() {
	r.start(r.cfg.Rows, 500)
	for _, backward := range r.directions() {
		all := r.inOrder(sdk.Scan{Backward: backward})
		for _, limit := range []int{1, 2, 10, 100} {
			scan := sdk.Scan{Backward: backward, Limit: int64(limit)}
			var got []sdk.Hit
			_, err := r.ix.Scan(r.ctx, scan, func(hits []sdk.Hit) error {
				if got == nil {
					require.LessOrEqual(r, len(hits), limit)
				}
				if got = append(got, hits...); len(got) >= limit {
					return sdk.ErrEnough
				}
				return nil
			})
			require.NoError(r, err)
			require.Equal(r, all[:len(got)], got)
			require.GreaterOrEqual(r, len(got), min(limit, len(all)))
			whole, err := r.ix.Scan(r.ctx, scan, nil) // who goes on beyond the limit gets the rest
			require.NoError(r, err)
			require.Equal(r, all, whole)
		}
	}
}
