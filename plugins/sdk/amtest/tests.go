package amtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

var names = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// checkDescription looks for what a host would refuse, and for answers that differ.
func checkDescription(t *testing.T, cfg Config) {
	d := cfg.Method.Describe()
	require.Equal(t, d, cfg.Method.Describe(), "Describe must always return the same")
	require.Regexp(t, names, d.Name)
	require.NotEmpty(t, d.Version, "Version is what an operator tells builds apart by")
	require.NotEmpty(t, d.Classes)
	require.LessOrEqual(t, d.Caps.MaxColumns, wire.MaxColumns)
	defaults := map[uint32]string{}
	for _, c := range d.Classes {
		require.Regexp(t, names, c.Name)
		require.NotEmpty(t, c.Operators, "operator class %s", c.Name)
		if c.Default {
			require.Empty(t, defaults[c.Type], "two default classes for type %d", c.Type)
			defaults[c.Type] = c.Name
		}
	}
	for _, o := range d.Options {
		require.Regexp(t, names, o.Name)
		require.LessOrEqual(t, o.Min, o.Max, "option %s", o.Name)
		require.NotEmpty(t, o.Help, "option %s has no help", o.Name)
	}
	for name, v := range map[string]float64{
		"startup pages": d.Cost.StartupPages, "page fraction": d.Cost.PageFraction, "per page": d.Cost.PerPage,
		"per tuple": d.Cost.PerTuple, "false positives": d.Cost.FalsePositives,
	} {
		require.GreaterOrEqual(t, v, 0.0, name)
	}
}

// empty: the image of an empty index is always the same, finds nothing, and takes rows. A build of no rows does so, too.
func (r *run) empty() {
	pages, err := r.ix.BuildEmpty(r.ctx)
	require.NoError(r, err)
	again, err := r.ix.BuildEmpty(r.ctx)
	require.NoError(r, err)
	require.Equal(r, pages, again, "BuildEmpty must always return the same")
	for i, p := range pages {
		require.NoError(r, p.Validate(), "page %d", i)
	}
	require.NoError(r, r.ix.Store.Load(pages))
	r.verify(nil)
	r.insertAll(r.make(100))
	r.verify(nil)

	built := newRun(r.T, r.cfg, r.ix.Info.Columns)
	_, err = built.ix.Build(r.ctx, nil, 1)
	require.NoError(r, err)
	built.verify(nil)
	_, err = built.ix.BulkDelete(r.ctx, nil, 0)
	require.NoError(r, err)
	_, err = built.ix.Cleanup(r.ctx, 0)
	require.NoError(r, err)
	built.insertAll(built.make(10))
	built.verify(nil)
}

// start builds an index of n rows.
func (r *run) start(n, batch int) {
	rows := r.make(n)
	stats, err := r.ix.Build(r.ctx, rows, batch)
	require.NoError(r, err)
	require.EqualValues(r, n, stats.GetHeapTuples(), "Build must count the rows it was given")
}

// build: all rows are found after a build, whatever the size of the batches.
func (r *run) build() {
	r.start(r.cfg.Rows, 97)
	r.verify(nil)
}

// insert: all rows are found after inserts of one and of many rows, before and after a build.
func (r *run) insert() {
	r.start(r.cfg.Rows/4, 1000)
	for left := r.cfg.Rows; left > 0; {
		n := min([]int{1, 1, 7, 64, 300}[r.rng.IntN(5)], left)
		r.insertAll(r.make(n))
		left -= n
	}
	r.verify(nil)
}

// insertAll adds rows, none of which is refused.
func (r *run) insertAll(rows []sdk.Row) {
	r.Helper()
	conflicts, err := r.ix.Insert(r.ctx, rows, 0)
	require.NoError(r, err)
	require.Empty(r, conflicts, "an index that is not unique refuses no row")
}

// remove takes a share of the rows out and returns them.
func (r *run) remove(share float64) (dead []page.TID) {
	for tid := range r.rows {
		dead = append(dead, tid)
	}
	slices.SortFunc(dead, page.TID.Compare)
	dead = slices.DeleteFunc(dead, func(page.TID) bool { return r.rng.Float64() >= share })
	for _, tid := range dead {
		delete(r.rows, tid)
	}
	return dead
}

// vacuum: rows removed are gone, rows not removed stay, doing it again changes nothing, the counts are right.
func (r *run) vacuum() {
	r.start(r.cfg.Rows, 500)
	r.insertAll(r.make(100))
	for _, share := range []float64{0.01, 0.3, 0.9, 1} {
		dead := r.remove(share)
		stats, err := r.ix.BulkDelete(r.ctx, dead, 0)
		require.NoError(r, err)
		require.EqualValues(r, len(dead), stats.GetTuplesRemoved(), "entries removed")
		r.verify(nil)
		stats, err = r.ix.BulkDelete(r.ctx, dead, 0)
		require.NoError(r, err)
		require.Zero(r, stats.GetTuplesRemoved(), "nothing was left to remove")
		_, err = r.ix.Cleanup(r.ctx, 0)
		require.NoError(r, err)
		r.verify(nil)
		r.insertAll(r.make(50))
		r.verify(nil)
	}
}

// reuse: an index whose rows come and go does not grow for ever.
func (r *run) reuse() {
	r.start(r.cfg.Rows, 500)
	first := r.ix.Store.Length()
	for range 4 {
		dead := r.remove(1)
		_, err := r.ix.BulkDelete(r.ctx, dead, 0)
		require.NoError(r, err)
		_, err = r.ix.Cleanup(r.ctx, 0)
		require.NoError(r, err)
		for left := r.cfg.Rows; left > 0; left -= 100 {
			r.insertAll(r.make(min(left, 100)))
		}
	}
	r.verify(nil)
	require.LessOrEqual(r, int(r.ix.Store.Length()), 2*int(first)+8, "blocks after four generations of rows")
}

// conflicts: pages move on under the method's hands, by other calls and by chance.
func (r *run) conflicts() {
	r.start(r.cfg.Rows/10, 500)
	r.ix.Store.MoveOn(rand.New(rand.NewPCG(r.cfg.Seed, 1)), 0.2)
	dead := r.remove(0.5)
	var batches [][]sdk.Row
	for range 40 {
		batches = append(batches, r.make(1+r.rng.IntN(20)))
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(batches)+1)
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(batches); i += 4 {
				_, err := r.ix.Insert(r.ctx, batches[i], 0)
				errs <- err
			}
		}()
	}
	_, err := r.ix.BulkDelete(r.ctx, dead, 0)
	errs <- err
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(r, err)
	}
	_, err = r.ix.BulkDelete(r.ctx, dead, 0) // what moved behind the first one's back
	require.NoError(r, err)
	r.verify(nil)
}

// killed: a call is killed at its first request, at its second, and so on until it gets through. Whatever it leaves behind is
// a sound index that holds all earlier rows, and the call can be made again.
func (r *run) killed() {
	const most = 200 // requests looked at
	r.start(300, 100)
	r.insertAll(r.make(20))
	before, count := r.ix.Store.Clone(), len(r.rows)

	batch := r.make(400)
	extra := make(map[page.TID][]sdk.Value)
	for _, row := range batch {
		extra[row.TID] = row.Values
		delete(r.rows, row.TID)
	}
	require.Len(r, r.rows, count)
	r.untilDone(before, most, func(limit int) error {
		_, err := r.ix.Insert(r.ctx, batch, limit)
		return err
	}, func() { r.verify(extra) })

	all := make(map[page.TID][]sdk.Value, len(r.rows))
	for tid, values := range r.rows {
		all[tid] = values
	}
	dead := r.remove(0.7)
	vacuum := func(limit int) error {
		_, err := r.ix.BulkDelete(r.ctx, dead, limit)
		return err
	}
	r.untilDone(before, most, vacuum, func() { r.verify(all) })
	_, err := r.ix.BulkDelete(r.ctx, dead, 0)
	require.NoError(r, err)
	r.verify(nil)
	vacuumed := r.ix.Store.Clone()
	cleanup := func(limit int) error {
		_, err := r.ix.Cleanup(r.ctx, limit)
		return err
	}
	r.untilDone(vacuumed, most, cleanup, func() { r.verify(nil) })
}

// untilDone makes a call on a copy of before with ever more requests allowed, and looks at what it leaves each time.
func (r *run) untilDone(before *Store, most int, call func(limit int) error, look func()) {
	r.Helper()
	for limit := 1; limit <= most; limit++ {
		r.ix.Store = before.Clone()
		r.restart() // a killed process forgets
		err := call(limit)
		look()
		if err == nil {
			return
		}
		require.ErrorIs(r, err, errKilled)
		if limit%8 == 1 { // and the same call again, to its end
			require.NoError(r, call(0))
			look()
		}
	}
}

// twice: a row that is offered again after an error is found, and one removal takes all of it away.
func (r *run) twice() {
	r.start(200, 100)
	batch := r.make(50)
	for range 3 {
		r.insertAll(batch)
	}
	r.verify(nil)
	_, err := r.ix.BulkDelete(r.ctx, r.remove(1), 0)
	require.NoError(r, err)
	r.verify(nil)
}

// cancelled: a call whose statement is cancelled ends.
func (r *run) cancelled() {
	r.start(r.cfg.Rows, 500)
	enough := errors.New("enough")
	_, err := r.ix.Scan(r.ctx, sdk.Scan{}, func([]sdk.Hit) error { return enough })
	require.ErrorIs(r, err, enough)
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	_, err = r.ix.Insert(ctx, r.make(1), 0)
	require.Error(r, err)
	for tid := range r.rows {
		if int(tid.Block)*50+int(tid.Offset) == r.next {
			delete(r.rows, tid)
		}
	}
	r.verify(nil)
}

// spill: a build with little memory finds its way, through temporary files or without.
func (r *run) spill() {
	r.ix.WorkMem = 8 << 10
	r.start(r.cfg.Rows, 200)
	r.verify(nil)
}

// stopped: a scan whose reader has enough ends, and the lane carries further calls.
func (r *run) stopped() {
	r.start(r.cfg.Rows, 500)
	for _, limit := range []int64{0, 1, 5} {
		got := 0
		_, err := r.ix.Scan(r.ctx, sdk.Scan{Limit: limit}, func(hits []sdk.Hit) error {
			if got += len(hits); int64(got) >= limit {
				return sdk.ErrEnough
			}
			return nil
		})
		require.NoError(r, err)
		require.Positive(r, got)
		r.search(nil, nil)
	}
}

// returned: hits carry the values that were inserted, whichever are asked for and in whatever order.
func (r *run) returned() {
	r.start(r.cfg.Rows, 500)
	r.insertAll(r.make(100))
	for _, want := range r.returnable() {
		hits, err := r.ix.Scan(r.ctx, sdk.Scan{Return: want}, nil)
		require.NoError(r, err)
		require.Len(r, hits, len(r.rows))
		for _, h := range hits {
			stored, ok := r.rows[h.TID]
			require.True(r, ok, "row %v", h.TID)
			for i, c := range want {
				require.Equal(r, stored[c], h.Values[i], "column %d of row %v", c, h.TID)
			}
		}
	}
}

// returnable are lists of columns that can be returned: each alone, all of them forward and backward, one twice.
func (r *run) returnable() (lists [][]int) {
	var all []int
	for c, col := range r.ix.Info.Columns {
		for _, class := range r.cfg.Method.Describe().Classes {
			if class.Name == col.OpClass && class.Type == col.Type && !class.NoReturn {
				all = append(all, c)
				lists = append(lists, []int{c})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	back := slices.Clone(all)
	slices.Reverse(back)
	return append(lists, all, back, []int{all[0], all[0]})
}
