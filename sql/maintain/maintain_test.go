package maintain_test

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/maintain"
)

// Each file is a lesson. After every step all indexes are compared with their tables.
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		l := &lesson{rig: newRig(t), open: map[string]*xact.Txn{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out := l.run(t, d)
			l.audit(t, false)
			return out
		})
		for _, x := range l.open {
			require.NoError(t, x.Abort())
		}
		l.close(t)
	})
}

type lesson struct {
	*rig
	open map[string]*xact.Txn
}

func (l *lesson) run(t *testing.T, d *datadriven.TestData) string {
	l.notices = nil
	err := l.step(t, d)
	var out strings.Builder
	for _, n := range l.notices {
		fmt.Fprintf(&out, "%s: %s\n", n.Severity, n.Message)
	}
	out.WriteString(describe(err))
	if err == nil && (d.Cmd == "show" || d.Cmd == "calls" || d.Cmd == "rows") {
		out.WriteString(l.answer(t, d))
	}
	return out.String()
}

func arg(d *datadriven.TestData, n int) string {
	if n < len(d.CmdArgs) {
		return d.CmdArgs[n].Key
	}
	return ""
}

func (l *lesson) step(t *testing.T, d *datadriven.TestData) error {
	notice := func(e *pgerr.Error) { l.notices = append(l.notices, e) }
	name := arg(d, 0)
	switch d.Cmd {
	case "table":
		return l.try(t, func(x *xact.Txn) error {
			return l.engine.Catalog.CreateTable(ctx, x, &catalog.Table{Name: name, Unlogged: d.HasArg("unlogged"), Columns: columns(t, d.Input)})
		})
	case "insert", "insert-aborted":
		x := l.engine.Xact.Begin(xact.ReadCommitted)
		require.NoError(t, l.insert(t, x, name, l.generate(t, d)))
		if d.Cmd == "insert-aborted" {
			return x.Abort()
		}
		_, err := x.Commit(ctx, xact.CommitOptions{})
		return err
	case "delete":
		return l.remove(t, name, number(t, d, "from"), number(t, d, "to"))
	case "index":
		return l.try(t, func(x *xact.Txn) error {
			table, _, err := l.engine.Catalog.LockTable(ctx, x, name, lock.Share)
			if err != nil {
				return err
			}
			def := &catalog.Index{Name: arg(d, 1), AM: "fake", Unique: d.HasArg("unique"), Columns: indexColumns(t, table, d.Input)}
			if d.HasArg("am") {
				d.ScanArgs(t, "am", &def.AM)
			}
			if d.HasArg("bogus") {
				def.Given = map[string]string{"bogus": "1"}
			}
			return l.deps.CreateIndex(ctx, x, table, def, nil)
		})
	case "vacuum":
		opts := maintain.VacuumOptions{Full: d.HasArg("full"), Analyze: d.HasArg("analyze"), Verbose: d.HasArg("verbose"),
			SkipLocked: d.HasArg("skip-locked"), Notice: notice}
		var oids []uint32
		if name != "all" {
			oids = []uint32{l.oid(t, name)}
		}
		return l.deps.Vacuum(ctx, l.engine.Xact.NewSession(1), oids, opts)
	case "analyze":
		return l.try(t, func(x *xact.Txn) error {
			return l.deps.Analyze(ctx, x, l.oid(t, name), maintain.AnalyzeOptions{Verbose: d.HasArg("verbose"), Notice: notice})
		})
	case "reindex":
		return l.try(t, func(x *xact.Txn) error { return l.deps.Reindex(ctx, x, l.oid(t, name), l.oids(t, d), nil) })
	case "truncate":
		return l.try(t, func(x *xact.Txn) error { return l.deps.Truncate(ctx, x, l.oid(t, name)) })
	case "check":
		return l.try(t, func(x *xact.Txn) error {
			return l.deps.Check(ctx, x, l.oid(t, name), func(problem string) { notice(&pgerr.Error{Severity: "PROBLEM", Message: problem}) })
		})
	case "drop":
		return l.try(t, func(x *xact.Txn) error { return l.engine.Catalog.DropTable(ctx, x, l.oid(t, name)) })
	case "fail":
		l.ams.method.failing = name
		return nil
	case "down", "up":
		l.ams.down = d.Cmd == "down"
		return nil
	case "exact":
		l.audit(t, true)
		return nil
	case "begin":
		x := l.engine.Xact.Begin(xact.RepeatableRead)
		x.Snapshot()
		l.open[name] = x
		return nil
	case "lock":
		table := l.table(t, arg(d, 1))
		return l.engine.Locks.Acquire(ctx, l.open[name].Owner(), lock.Relation(table.OID), lock.ShareUpdateExclusive)
	case "end":
		err := l.open[name].Abort()
		delete(l.open, name)
		return err
	case "crash":
		l.engine.Kill()
		l.open = map[string]*xact.Txn{}
		l.rig.open(t)
		return nil
	case "show", "calls", "rows":
		return nil
	}
	t.Fatalf("unknown step %s", d.Cmd)
	return nil
}

// oid finds a table or index; a number stands for itself.
func (l *lesson) oid(t *testing.T, name string) uint32 {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n)
	}
	c := l.catalog(t)
	if i := c.Index(name); i != nil {
		return i.OID
	}
	return l.table(t, name).OID
}

func (l *lesson) oids(t *testing.T, d *datadriven.TestData) (out []uint32) {
	for _, a := range d.CmdArgs[1:] {
		out = append(out, l.oid(t, a.Key))
	}
	return out
}

func number(t *testing.T, d *datadriven.TestData, name string) (n int) {
	if d.HasArg(name) {
		d.ScanArgs(t, name, &n)
	}
	return n
}

// generate makes the rows from … to of a table: an int8 column has the number (modulo mod, if given), a text its decimal digits; with
// nulls=n every nth value of the columns but the first is NULL.
func (l *lesson) generate(t *testing.T, d *datadriven.TestData) (rows [][]datum.Datum) {
	table := l.table(t, arg(d, 0))
	mod, nulls := number(t, d, "mod"), number(t, d, "nulls")
	for n := number(t, d, "from"); n <= number(t, d, "to"); n++ {
		row := make([]datum.Datum, len(table.Columns))
		for c := range row {
			v := n
			if mod > 0 && c > 0 {
				v = n % mod
			}
			row[c] = datum.NewInt(int64(v))
			if table.Columns[c].Type.OID == datum.Text {
				row[c] = datum.NewText(strconv.Itoa(v))
			}
			if nulls > 0 && c > 0 && n%nulls == 0 {
				row[c] = datum.NewNull()
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (l *lesson) remove(t *testing.T, name string, from, to int) error {
	table := l.table(t, name)
	return l.try(t, func(x *xact.Txn) error {
		snap := x.Snapshot()
		rows, tids := l.scan(t, snap, table)
		for i, row := range rows {
			if row[0].I < int64(from) || row[0].I > int64(to) {
				continue
			}
			result, err := l.engine.Heap.Delete(ctx, x, snap, table.Heap(), tids[i])
			require.NoError(t, err)
			require.Equal(t, heap.OK, result.Outcome)
		}
		return nil
	})
}

// answer prints what a lesson asks for.
func (l *lesson) answer(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	switch d.Cmd {
	case "calls":
		calls := l.ams.method.calls
		l.ams.method.calls = nil
		return strings.Join(calls, "\n")
	case "rows":
		table := l.table(t, arg(d, 0))
		x := l.open[arg(d, 1)]
		if x == nil {
			x = l.engine.Xact.Begin(xact.ReadCommitted)
			defer func() { require.NoError(t, x.Abort()) }()
		}
		rows, _ := l.scan(t, x.Snapshot(), table)
		fmt.Fprintf(&out, "%d rows\n", len(rows))
	case "show":
		c := l.catalog(t)
		table := l.table(t, arg(d, 0))
		n, err := l.engine.Heap.Blocks(table.Heap())
		require.NoError(t, err)
		fmt.Fprintf(&out, "table %s: %d pages; stored: %d pages, %g rows\n", table.Name, n, table.Stats.Pages, table.Stats.Tuples)
		for _, col := range table.Columns {
			if col.Width > 0 {
				fmt.Fprintf(&out, "  %s: %g distinct, %.3g null, width %d, correlation %.3g, %d common, %d bounds\n", col.Name, col.Distinct, col.NullFraction, col.Width,
					col.Correlation, len(col.Common), len(col.Bounds))
			}
		}
		indexes := c.IndexesOf(table.OID)
		sort.Slice(indexes, func(i, j int) bool { return indexes[i].Name < indexes[j].Name })
		for _, i := range indexes {
			fmt.Fprintf(&out, "index %s: %d entries; stored: %d pages, %g rows; class %s\n", i.Name, len(l.ams.method.entries[i.Rel]), i.Stats.Pages, i.Stats.Tuples, i.Columns[0].OpClass)
		}
	}
	return out.String()
}
