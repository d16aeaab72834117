package amtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// Config says what is tested and how thoroughly.
type Config struct {
	Method sdk.AccessMethod
	// Options are set beside the defaults, for methods that need some.
	Options map[string]string
	// Rows is the size of the larger tests; 0 means 3000. A kill test makes a call for every page request of
	// another, so it takes few rows.
	Rows int
	// Seed plays a run again; 0 means a new one.
	Seed uint64
	// Shared runs everything over lanes in shared memory, which only Linux has.
	Shared bool
}

// rels numbers the stores of a test binary, so that no page cache mistakes one for another.
var rels atomic.Uint32

// Run runs the suite as subtests: once for each operator class the method declares as a default for a type, and once
// over several columns if it can do that.
func Run(t *testing.T, cfg Config) {
	if cfg.Seed == 0 {
		cfg.Seed = uint64(time.Now().UnixNano())
	}
	if cfg.Rows == 0 {
		cfg.Rows = 3000
	}
	t.Run("Describe", func(t *testing.T) { checkDescription(t, cfg) })
	caps := cfg.Method.Describe().Caps
	var all []sdk.Column
	for _, class := range cfg.Method.Describe().Classes {
		if _, known := kinds[class.Type]; !class.Default || !known {
			continue
		}
		col := sdk.Column{Name: fmt.Sprintf("c%d", class.Type), Type: class.Type, OpClass: class.Name}
		all = append(all, col)
		t.Run(class.Name, func(t *testing.T) { runColumns(t, cfg, []sdk.Column{col}) })
		if caps.Ordered {
			t.Run(class.Name+" desc", func(t *testing.T) { runOrdered(t, cfg, reversed([]sdk.Column{col})) })
		}
	}
	require.NotEmpty(t, all, "the suite knows none of the types the method indexes")
	if n := min(caps.MaxColumns, len(all), 4); n > 1 {
		t.Run(fmt.Sprintf("%d columns", n), func(t *testing.T) { runColumns(t, cfg, all[:n]) })
		if caps.Ordered {
			t.Run(fmt.Sprintf("%d columns mixed", n), func(t *testing.T) {
				runOrdered(t, cfg, reversed(all[:n]))
				runSpans(t, cfg, reversed(all[:n]))
			})
		}
	}
}

// A test is one thing to find out about an index.
type test struct {
	name string
	run  func(*run)
}

// runColumns runs everything on an index over the given columns.
func runColumns(t *testing.T, cfg Config, columns []sdk.Column) {
	tests := []test{
		{"Empty", (*run).empty}, {"Build", (*run).build}, {"Insert", (*run).insert}, {"Vacuum", (*run).vacuum},
		{"Reuse", (*run).reuse}, {"Conflicts", (*run).conflicts}, {"Killed", (*run).killed}, {"Twice", (*run).twice},
		{"Cancelled", (*run).cancelled}, {"Spill", (*run).spill}, {"Stopped", (*run).stopped},
	}
	if caps := cfg.Method.Describe().Caps; caps.ReturnKeys {
		tests = append(tests, test{"Returned", (*run).returned})
	}
	runTests(t, cfg, columns, tests)
	runOrdered(t, cfg, columns)
	runUnique(t, cfg, columns)
	runSpans(t, cfg, columns)
}

// runTests runs each test on an index of its own.
func runTests(t *testing.T, cfg Config, columns []sdk.Column, tests []test) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRun(t, cfg, columns)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("seed %d: set amtest.Config.Seed to play this again", cfg.Seed)
				}
			})
			test.run(r)
			require.NoError(t, r.ix.Store.Verify())
		})
	}
}

// A run is one test on one index: the index, and what it should hold.
type run struct {
	*testing.T
	cfg  Config
	ctx  context.Context
	rng  *rand.Rand
	ix   *Index
	rows map[page.TID][]sdk.Value
	next int
}

func newRun(t *testing.T, cfg Config, columns []sdk.Column) *run {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	rel := page.RelFileNumber(rels.Add(1))
	info := wire.IndexInfo{
		OID: uint32(rel), Name: fmt.Sprintf("%s_%d", cfg.Method.Describe().Name, rel), Rel: rel, Columns: columns,
		Options: defaults(cfg, len(columns)),
	}
	r := &run{
		T: t, cfg: cfg, ctx: ctx, rng: rand.New(rand.NewPCG(cfg.Seed, 0)), rows: make(map[page.TID][]sdk.Value),
		ix: &Index{Store: NewStore(rel), Info: info},
	}
	r.restart()
	options, err := r.ix.ValidateOptions(ctx)
	require.NoError(t, err, "the method refuses its own defaults")
	r.ix.Info.Options = options
	return r
}

// defaults are the options a host would fill in.
func defaults(cfg Config, columns int) map[string]string {
	out := make(map[string]string)
	for _, o := range cfg.Method.Describe().Options {
		switch {
		case o.Default == "":
		case o.PerColumn:
			for c := 1; c <= columns; c++ {
				out[fmt.Sprintf("%s%d", o.Name, c)] = o.Default
			}
		default:
			out[o.Name] = o.Default
		}
	}
	for name, value := range cfg.Options {
		out[name] = value
	}
	return out
}

// restart begins a new process, which remembers nothing.
func (r *run) restart() {
	if r.cfg.Shared {
		r.ix.Process = NewSharedProcess(r.cfg.Method)
	} else {
		r.ix.Process = NewProcess(r.cfg.Method)
	}
	r.Cleanup(r.ix.Process.Close)
}

// make returns n new rows and remembers them.
func (r *run) make(n int) []sdk.Row {
	rows := make([]sdk.Row, n)
	for i := range rows {
		rows[i] = sdk.Row{
			TID:    page.TID{Block: page.BlockNumber(r.next / 50), Offset: page.OffsetNumber(r.next%50 + 1)},
			Values: make([]sdk.Value, len(r.ix.Info.Columns)),
		}
		r.next++
		for c, col := range r.ix.Info.Columns {
			if r.rng.IntN(12) > 0 {
				rows[i].Values[c] = kinds[col.Type].make(r.rng)
			}
		}
		r.rows[rows[i].TID] = rows[i].Values
	}
	return rows
}

// search scans for keys and compares the hits with what the index should hold (extra rows may be there as well).
func (r *run) search(keys []sdk.ScanKey, extra map[page.TID][]sdk.Value) {
	r.Helper()
	hits, err := r.ix.Scan(r.ctx, sdk.Scan{Keys: keys}, nil)
	require.NoError(r, err)
	bitmap := r.cfg.Method.Describe().Caps.BitmapOnly
	found := make(map[page.TID]bool, len(hits))
	for _, h := range hits {
		values, ok := r.rows[h.TID]
		if !ok {
			values, ok = extra[h.TID]
		}
		switch {
		case !ok:
			require.Fail(r, "a row too many", "scan %v: row %v is reported and was removed, or never was there", keys, h.TID)
		case !h.Recheck && !r.match(keys, values):
			require.Fail(r, "a row too many", "scan %v: row %v is reported for sure and does not match: %v", keys, h.TID, values)
		case found[h.TID] && !bitmap:
			require.Fail(r, "a row comes twice", "scan %v: row %v; only a method of bitmap scans may do that", keys, h.TID)
		}
		found[h.TID] = true
	}
	for tid, values := range r.rows {
		if !found[tid] && r.match(keys, values) {
			require.Fail(r, "a row is missing", "scan %v: row %v with values %v is not reported", keys, tid, values)
		}
	}
}

func (r *run) match(keys []sdk.ScanKey, values []sdk.Value) bool {
	for _, k := range keys {
		if !kinds[r.ix.Info.Columns[k.Column].Type].meets(values[k.Column], k) {
			return false
		}
	}
	return true
}

// verify compares searches of all kinds with what the index should hold, and asks the method to check itself.
func (r *run) verify(extra map[page.TID][]sdk.Value) {
	r.Helper()
	r.search(nil, extra)
	d := r.cfg.Method.Describe()
	for c, col := range r.ix.Info.Columns {
		if c > 0 && !d.Caps.OptionalFirstKey {
			break
		}
		for _, op := range r.operators(col) {
			for range 3 {
				r.search([]sdk.ScanKey{{Column: c, Operator: op, Arg: r.argument(c)}}, extra)
			}
		}
		if d.Caps.AnyEqual && slices.Contains(r.operators(col), "=") {
			for range 3 {
				r.search([]sdk.ScanKey{r.anyOf(c)}, extra)
			}
		}
		if d.Caps.SearchNulls {
			r.search([]sdk.ScanKey{{Column: c, Operator: wire.IsNull}}, extra)
			r.search([]sdk.ScanKey{{Column: c, Operator: wire.IsNotNull}}, extra)
		}
	}
	for range 3 {
		var keys []sdk.ScanKey
		for c, col := range r.ix.Info.Columns {
			keys = append(keys, sdk.ScanKey{Column: c, Operator: r.operators(col)[0], Arg: r.argument(c)})
		}
		r.search(keys, extra)
	}
	problems, err := r.ix.Check(r.ctx)
	require.NoError(r, err)
	if n := len(problems); n > 0 {
		require.Fail(r, "Check reports problems in a sound index", "%d of them, the first: %s", n, strings.Join(problems[:min(n, 3)], "; "))
	}
}

// operators are those of the column's class that the suite can judge.
func (r *run) operators(col sdk.Column) (ops []string) {
	for _, class := range r.cfg.Method.Describe().Classes {
		if class.Name != col.OpClass || class.Type != col.Type {
			continue
		}
		for _, op := range class.Operators {
			if strings.Contains("= < <= > >=", op) {
				ops = append(ops, op)
			}
		}
	}
	require.NotEmpty(r, ops, "the suite knows none of the operators of class %s", col.OpClass)
	return ops
}

// argument is mostly a value that is there.
func (r *run) argument(column int) sdk.Value {
	if r.rng.IntN(4) > 0 {
		n := 0
		for _, values := range r.rows { // any; the order of maps is random enough for a guess that may fail
			if v := values[column]; !v.IsNull() {
				return v
			}
			if n++; n > 100 {
				break
			}
		}
	}
	return kinds[r.ix.Info.Columns[column].Type].make(r.rng)
}
