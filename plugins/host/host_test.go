package host

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

func TestAccessMethodWorks(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m := r.method("hostile")
	require.Equal(t, "hostile", m.Describe().Name)
	idx := r.index("")

	stats, err := m.Build(ctx, idx, in(rows(0, 1500), rows(1500, 500)))
	require.NoError(t, err)
	require.EqualValues(t, 2000, stats.Rows)
	require.Greater(t, int(stats.Pages), 5)

	require.NoError(t, insert(m, idx, 7, rows(2000, 3000)))
	hits, err := search(m, idx, idEquals(4321))
	require.NoError(t, err)
	require.Equal(t, []am.Hit{{TID: rows(4321, 1)[0].TID}}, hits)
	hits, err = search(m, idx, am.ScanKey{Column: 1, Strategy: am.IsNull})
	require.NoError(t, err)
	require.Len(t, hits, 500)
	all, err := search(m, idx)
	require.NoError(t, err)
	require.Len(t, all, 5000)

	ds, err := m.BulkDelete(ctx, idx, deadSet(rows(1000, 1000)))
	require.NoError(t, err)
	require.Equal(t, am.BulkDeleteStats{Removed: 1000, Remaining: 4000}, ds)
	ds, err = m.BulkDelete(ctx, idx, deadSet(rows(1000, 1000)))
	require.NoError(t, err)
	require.Equal(t, am.BulkDeleteStats{Remaining: 4000}, ds)
	cs, err := m.Cleanup(ctx, idx)
	require.NoError(t, err)
	require.EqualValues(t, 4000, cs.Rows)
	hits, err = search(m, idx, idEquals(1234))
	require.NoError(t, err)
	require.Empty(t, hits)
	require.NoError(t, m.Check(ctx, idx, func(p string) { t.Error(p) }))

	pages, err := m.BuildEmpty(ctx, idx)
	require.NoError(t, err)
	require.Len(t, pages, 1)
	require.NoError(t, pages[0].Validate())
}

func TestUnloggedIndex(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	idx.Rel.Unlogged = true
	before := r.engine.WAL.InsertLSN()
	_, err := m.Build(ctx, idx, in(rows(0, 1000)))
	require.NoError(t, err)
	require.NoError(t, insert(m, idx, 7, rows(1000, 100)))
	require.Equal(t, before, r.engine.WAL.InsertLSN())
	hits, err := search(m, idx)
	require.NoError(t, err)
	require.Len(t, hits, 1100)
}

func TestOptions(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m := r.method("hostile")
	cols := r.index("").Columns
	got, err := m.ValidateOptions(ctx, cols, map[string]string{"label": "x", "fill": " 050"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"label": "x", "fill": "50"}, got)
	got, err = m.ValidateOptions(ctx, cols, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"fill": "100"}, got)

	for _, c := range []struct {
		options map[string]string
		parts   []string
	}{
		{map[string]string{"fall": "1"}, []string{`unrecognized parameter "fall"`, "label, fill"}},
		{map[string]string{"fill": "9"}, []string{`value 9 out of bounds for option "fill"`, `between "10" and "100"`}},
		{map[string]string{"fill": "many"}, []string{`invalid value for integer option "fill": many`, `between "10" and "100"`}},
		{map[string]string{"label": "reject"}, []string{`label "reject" is taken`}},
	} {
		_, err := m.ValidateOptions(ctx, cols, c.options)
		requireState(t, err, pgerr.InvalidParameterValue, c.parts...)
	}
	_, err = m.ValidateOptions(ctx, cols, map[string]string{"fall": "1"})
	require.EqualError(t, err, `unrecognized parameter "fall"`, "the user's mistake is told in PostgreSQL's words")
	_, err = m.ValidateOptions(ctx, cols, map[string]string{"label": "smuggle"})
	requireState(t, err, pgerr.ExternalRoutineException, "unheard_of")
	_, err = m.ValidateOptions(ctx, []am.Column{{Name: "b", Type: datum.Bool}}, nil)
	requireState(t, err, pgerr.UndefinedObject, `column "b"`, "operator class")
	_, err = m.ValidateOptions(ctx, append(cols, append(cols, cols...)...), nil)
	requireState(t, err, pgerr.TooManyColumns, "up to 4 columns")
}

// Rows that arrive while a call is under way travel together; nobody's rows are lost, and a bad row costs its own
// statement only.
func TestInsertsAreCombined(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	const sessions, each = 24, 20
	errs := make(chan error, sessions*each)
	var wg sync.WaitGroup
	for s := range sessions {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				errs <- insert(m, idx, uint64(100+s), rows(s*each+i, 1))
			}
		}()
	}
	tooLong := am.Row{TID: page.TID{Block: 1, Offset: 1}, Values: []datum.Datum{datum.NewInt(-1), datum.NewText(fmt.Sprintf("%9000d", 0))}}
	for range 10 {
		requireState(t, insert(m, idx, 99, []am.Row{tooLong}), pgerr.ProgramLimitExceeded, "does not fit on a page")
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	found := map[page.TID]bool{}
	hits, err := search(m, idx)
	require.NoError(t, err)
	for _, h := range hits {
		found[h.TID] = true
	}
	require.Len(t, found, sessions*each)
}

// Two indexes of one plugin, and inserts, scans and vacuums of one index, run side by side.
func TestConcurrentCalls(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m := r.method("hostile")
	a, b := r.index(""), r.index("")
	var wg sync.WaitGroup
	run := func(fn func() error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 15 {
				if err := fn(); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	var na, nb int
	run(func() error { na += 50; return insert(m, a, 5, rows(na-50, 50)) })
	run(func() error { nb += 50; return insert(m, b, 6, rows(nb-50, 50)) })
	run(func() error { _, err := search(m, a); return err })
	run(func() error { _, err := m.BulkDelete(ctx, a, deadSet(rows(5000, 100))); return err })
	run(func() error { _, err := m.BulkDelete(ctx, a, deadSet(rows(0, 50))); return err })
	wg.Wait()
	_, err := m.BulkDelete(ctx, a, deadSet(rows(0, 50)))
	require.NoError(t, err)
	for idx, want := range map[*am.Index]int{&a: 700, &b: 750} {
		hits, err := search(m, *idx)
		require.NoError(t, err)
		require.Len(t, hits, want)
	}
}

func TestCursorClosedEarly(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	_, err := m.Build(ctx, idx, in(rows(0, 9000)))
	require.NoError(t, err)
	for range 20 {
		cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{})
		require.NoError(t, err)
		hits, err := cur.Next()
		require.NoError(t, err)
		require.NotEmpty(t, hits)
		require.NoError(t, cur.Close())
		require.NoError(t, cur.Close())
		_, err = cur.Next()
		require.Error(t, err)
	}
	require.NoError(t, insert(m, idx, 1, rows(9000, 1)))
}

func TestBuildFails(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m := r.method("hostile")
	boom := fmt.Errorf("heap is on fire")
	_, err := m.Build(ctx, r.index(""), func(yield func([]am.Row) error) error {
		if err := yield(rows(0, 10)); err != nil {
			return err
		}
		return boom
	})
	require.ErrorIs(t, err, boom)
	_, err = m.Build(ctx, r.index("early@Build"), in(rows(0, 10), rows(10, 10), rows(20, 10), rows(30, 10)))
	requireState(t, err, pgerr.ExternalRoutineException, "ended the build after")
	_, err = m.Build(ctx, r.index("crash-late@Build"), in(rows(0, 10)))
	requireState(t, err, pgerr.ExternalRoutineException, "exit code 7", "being restarted")
	_, err = r.method("hostile").Build(ctx, r.index(""), in())
	require.NoError(t, err)
}

// A cancelled statement comes back at once, and what its plugin still does changes nothing.
func TestCancel(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("wait@Insert")
	cancelled, cancel := newCause(t)
	done := make(chan error)
	go func() { done <- insertCtx(cancelled, m, idx, 1, rows(0, 1)) }()
	go func() { done <- insertCtx(cancelled, m, idx, 2, rows(1, 1)) }()
	cancel()
	for range 2 {
		requireState(t, <-done, pgerr.QueryCanceled, "because I said so")
	}
	idx.Options["label"] = "endless@Scan"
	cancelled, cancel = newCause(t)
	cur, err := m.Scan(cancelled, idx, nil, am.ScanOptions{})
	require.NoError(t, err)
	_, err = cur.Next()
	require.NoError(t, err)
	cancel()
	for err == nil {
		_, err = cur.Next()
	}
	requireState(t, err, pgerr.QueryCanceled, "because I said so")
	require.NoError(t, cur.Close())
	idx.Options["label"] = ""
	require.NoError(t, insert(m, idx, 3, rows(2, 1)))
}

// A plugin that goes on with a call nobody waits for is killed after the grace time.
func TestCancelledCallThatGoesOn(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Timeouts.Grace = 50 * time.Millisecond
		c.Policy.ProbeEvery = 20 * time.Millisecond
	}, "hostile")
	m, idx := r.method("hostile"), r.index("deaf@Scan")
	cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{})
	require.NoError(t, err)
	_, err = cur.Next()
	require.NoError(t, err)
	gen := r.reg.mu.keepers["hostile"].generation()
	require.NoError(t, cur.Close())
	require.Eventually(t, func() bool { return r.reg.mu.keepers["hostile"].generation() > gen }, 20*time.Second, time.Millisecond)
	idx.Options["label"] = ""
	require.NoError(t, insert(r.method("hostile"), idx, 3, rows(2, 1)))
	require.Contains(t, r.log.String(), "after it was cancelled")
}
