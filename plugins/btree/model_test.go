package btree

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/wire"
)

// A model is the slow, obvious twin of an index: its rows, sorted when asked. Values are compared as Go compares them, not by
// core/ordkey.
type model struct {
	*rapid.T
	ctx     context.Context
	ix      *amtest.Index
	reader  *amtest.Process // only reads, now and then: what it remembers of pages is old, as on a replica
	columns []sdk.Column
	rows    map[page.TID][]sdk.Value
	next    int
	width   int // of texts; long ones make deep trees of few rows
	values  int // different values of a column
	spans   []*wire.Span
}

func (m *model) value(c int) sdk.Value {
	if rapid.IntRange(0, 14).Draw(m.T, "null") == 0 {
		return nil
	}
	return m.notNull(c)
}

func (m *model) notNull(c int) sdk.Value {
	n := rapid.IntRange(0, m.values-1).Draw(m.T, "value")
	if m.columns[c].Type == wire.TypeInt4 {
		return wire.OfInt4(int32(n - m.values/2))
	}
	s := fmt.Sprintf("%04d", n)
	if n%3 == 0 { // long common beginnings: separators cannot be short
		return wire.OfText(strings.Repeat("x", m.width) + s)
	}
	return wire.OfText(s + strings.Repeat("y", n%m.width))
}

// compareValues orders two values of a column as the index does.
func (m *model) compareValues(c int, a, b sdk.Value) int {
	col := m.columns[c]
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return map[bool]int{true: -1, false: 1}[col.NullsFirst]
	case b.IsNull():
		return map[bool]int{true: 1, false: -1}[col.NullsFirst]
	}
	r := m.plain(c, a, b)
	if col.Descending {
		return -r
	}
	return r
}

func (m *model) plain(c int, a, b sdk.Value) int {
	if m.columns[c].Type == wire.TypeInt4 {
		x, _ := wire.Int4(a)
		y, _ := wire.Int4(b)
		return cmp.Compare(x, y)
	}
	return strings.Compare(string(a), string(b))
}

func (m *model) holds(k sdk.ScanKey, v sdk.Value) bool {
	switch k.Operator {
	case wire.IsNull:
		return v.IsNull()
	case wire.IsNotNull:
		return !v.IsNull()
	}
	if v.IsNull() {
		return false
	}
	if k.Operator == wire.AnyEqual {
		return slices.ContainsFunc(k.Args, func(a sdk.Value) bool { return m.plain(k.Column, v, a) == 0 })
	}
	c := m.plain(k.Column, v, k.Arg)
	switch k.Operator {
	case "=":
		return c == 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// answer is what a scan must report, in order.
func (m *model) answer(scan sdk.Scan) (out []page.TID) {
	for tid, values := range m.rows {
		if !slices.ContainsFunc(scan.Keys, func(k sdk.ScanKey) bool { return !m.holds(k, values[k.Column]) }) {
			out = append(out, tid)
		}
	}
	slices.SortFunc(out, func(a, b page.TID) int {
		for c := range m.columns {
			if r := m.compareValues(c, m.rows[a][c], m.rows[b][c]); r != 0 {
				return r
			}
		}
		return a.Compare(b)
	})
	if scan.Backward {
		slices.Reverse(out)
	}
	return out
}

func (m *model) newRows(n int) []sdk.Row {
	rows := make([]sdk.Row, n)
	for i := range rows {
		rows[i] = sdk.Row{TID: tidOf((m.next*37)%9973 + m.next/9973*9973)}
		m.next++
		for c := range m.columns {
			rows[i].Values = append(rows[i].Values, m.value(c))
		}
		m.rows[rows[i].TID] = rows[i].Values
	}
	return rows
}

func (m *model) Insert(t *rapid.T) {
	m.T = t
	rows := m.newRows(rapid.SampledFrom([]int{1, 1, 2, 10, 60}).Draw(t, "rows"))
	c, err := m.ix.Insert(m.ctx, rows, 0)
	require.NoError(t, err)
	require.Empty(t, c)
}

// Vacuum removes a share of the rows, or all rows of a range of the first column, which empties pages.
func (m *model) Vacuum(t *rapid.T) {
	m.T = t
	all := m.answer(sdk.Scan{})
	var dead []page.TID
	if rapid.Bool().Draw(t, "stretch") && len(all) > 0 {
		from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
		dead = all[from:min(len(all), from+rapid.IntRange(0, len(all)).Draw(t, "count"))]
	} else {
		share := rapid.SampledFrom([]int{2, 50, 90}).Draw(t, "share")
		for i, tid := range all {
			if i*7919%100 < share {
				dead = append(dead, tid)
			}
		}
	}
	for _, tid := range dead {
		delete(m.rows, tid)
	}
	stats, err := m.ix.BulkDelete(m.ctx, dead, 0)
	require.NoError(t, err)
	require.EqualValues(t, len(dead), stats.GetTuplesRemoved())
	require.EqualValues(t, len(m.rows), stats.GetIndexTuples())
	if rapid.Bool().Draw(t, "cleanup") {
		stats, err = m.ix.Cleanup(m.ctx, 0)
		require.NoError(t, err)
		require.EqualValues(t, len(m.rows), stats.GetIndexTuples())
	}
}

// Forget makes the process another one: what it remembers of pages is gone.
func (m *model) Forget(t *rapid.T) { m.ix.Process = amtest.NewProcess(Method{}) }

func (m *model) Scan(t *rapid.T) {
	m.T = t
	scan := sdk.Scan{Backward: rapid.Bool().Draw(t, "backward")}
	for range rapid.IntRange(0, 3).Draw(t, "keys") {
		k := sdk.ScanKey{Column: rapid.IntRange(0, len(m.columns)-1).Draw(t, "column")}
		k.Operator = rapid.SampledFrom([]string{"=", "<", "<=", ">", ">=", wire.IsNull, wire.IsNotNull, wire.AnyEqual}).Draw(t, "operator")
		switch k.Operator {
		case wire.IsNull, wire.IsNotNull:
		case wire.AnyEqual:
			for range rapid.IntRange(0, 5).Draw(t, "list") {
				k.Args = append(k.Args, m.notNull(k.Column))
			}
			slices.SortFunc(k.Args, func(a, b sdk.Value) int { return m.plain(k.Column, a, b) })
			k.Args = slices.CompactFunc(k.Args, func(a, b sdk.Value) bool { return m.plain(k.Column, a, b) == 0 })
		default:
			k.Arg = m.notNull(k.Column)
		}
		scan.Keys = append(scan.Keys, k)
	}
	for c := range m.columns {
		if rapid.Bool().Draw(t, "return") {
			scan.Return = append(scan.Return, c)
		}
	}
	slices.Reverse(scan.Return)
	by := *m.ix
	if rapid.Bool().Draw(t, "reader") {
		by.Process = m.reader
	}
	hits, err := by.Scan(m.ctx, scan, nil)
	require.NoError(t, err)
	want := m.answer(scan)
	got := make([]page.TID, len(hits))
	for i, h := range hits {
		got[i] = h.TID
		require.False(t, h.Recheck)
		for j, c := range scan.Return {
			require.Equal(t, m.rows[h.TID][c], h.Values[j], "%v", h.TID)
		}
	}
	require.True(t, slices.Equal(want, got), "%+v: %v, not %v", scan, got, want)
}

// Lookup asks for a span, sometimes somebody whose inner pages are old.
func (m *model) Lookup(t *rapid.T) {
	m.T = t
	var keys []sdk.ScanKey
	for c := range m.columns {
		keys = append(keys, sdk.ScanKey{Column: c, Operator: "=", Arg: m.notNull(c)})
	}
	by := *m.ix
	if rapid.Bool().Draw(t, "reader") {
		by.Process = m.reader
	}
	hits, span, more, err := by.Lookup(m.ctx, keys)
	require.NoError(t, err)
	if want := m.answer(sdk.Scan{Keys: keys}); !more {
		require.Len(t, hits, len(want))
	} else {
		require.Greater(t, len(want), 64)
	}
	if span != nil {
		require.True(t, m.ix.Store.Holds(span))
		m.spans = append(m.spans, span)
	}
}

// Check has the method look at itself, and holds all spans whose pages are what they were against the rows.
func (m *model) Check(t *rapid.T) {
	problems, err := m.ix.Check(m.ctx)
	require.NoError(t, err)
	require.Empty(t, problems)
	truth, err := amtest.NewTruth(m.columns, m.rows)
	require.NoError(t, err)
	m.spans = slices.DeleteFunc(m.spans, func(s *wire.Span) bool { return !m.ix.Store.Holds(s) })
	for _, s := range m.spans {
		require.NoError(t, truth.Check(s))
	}
}

// level is the level of the root.
func (m *model) level() uint8 {
	reads, err := m.ix.Store.Open().ReadPages(m.ctx, []wire.PageRef{{Block: metaBlock}})
	require.NoError(m, err)
	root, err := decodeMeta(reads[0].Page, len(m.columns))
	require.NoError(m, err)
	return root.level
}

func TestModel(t *testing.T) {
	var deepest uint8
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{T: rt, ctx: context.Background(), rows: make(map[page.TID][]sdk.Value)}
		m.columns = rapid.SampledFrom([][]sdk.Column{
			{textColumn("a")}, {intColumn("a")}, {intColumn("a"), textColumn("b")}, {textColumn("a"), intColumn("b"), intColumn("c")},
		}).Draw(rt, "columns")
		for c := range m.columns {
			m.columns[c].Descending = rapid.Bool().Draw(rt, "descending")
			m.columns[c].NullsFirst = rapid.Bool().Draw(rt, "nulls first")
		}
		m.width = rapid.SampledFrom([]int{1, 300, 1200, 2600}).Draw(rt, "width")
		m.values = rapid.SampledFrom([]int{3, 40, 1000}).Draw(rt, "values")
		m.ix = newIndex(t, false, m.columns...)
		m.reader = amtest.NewProcess(Method{})
		m.ix.Info.Options["fillfactor"] = rapid.SampledFrom([]string{"10", "90", "100"}).Draw(rt, "fillfactor")
		if rapid.Bool().Draw(rt, "build") {
			m.ix.Store = amtest.NewStore(m.ix.Info.Rel)
			m.ix.WorkMem = 1
			_, err := m.ix.Build(m.ctx, m.newRows(rapid.IntRange(0, 400).Draw(rt, "rows")), 100)
			require.NoError(rt, err)
			m.Check(rt)
		}
		if rapid.IntRange(0, 3).Draw(rt, "move on") == 0 {
			m.ix.Store.MoveOn(rand.New(rand.NewPCG(1, 1)), 0.2)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": m.Check, "insert": m.Insert, "insert more": m.Insert, "insert yet more": m.Insert, "vacuum": m.Vacuum, "scan": m.Scan,
			"scan again": m.Scan, "forget": m.Forget, "lookup": m.Lookup, "lookup again": m.Lookup,
		})
		require.NoError(rt, m.ix.Store.Verify())
		deepest = max(deepest, m.level())
	})
	t.Logf("the deepest tree had %d levels", deepest+1)
}
