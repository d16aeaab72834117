package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// A ledger knows every transaction that was begun to commit, in the order of the log, and how many were acknowledged. What
// is found after a crash must be the effect of a first part of them that contains all that were acknowledged.
type ledger struct {
	commits []commit
	acked   int
}

type commit []effect

// effect is one change: a table comes or goes, or a row in it.
type effect struct {
	table, row string // row "": the table
	gone       bool
}

// contents are rows by table, sorted.
type contents map[string][]string

// after returns what the first n commits made.
func (l *ledger) after(n int) contents {
	tables := map[string]map[string]bool{}
	for _, c := range l.commits[:n] {
		for _, e := range c {
			switch {
			case e.row == "" && e.gone:
				delete(tables, e.table)
			case e.row == "":
				tables[e.table] = map[string]bool{}
			case e.gone:
				delete(tables[e.table], e.row)
			default:
				tables[e.table][e.row] = true
			}
		}
	}
	out := contents{}
	for name, rows := range tables {
		out[name] = slices.Sorted(maps.Keys(rows))
	}
	return out
}

func (l *ledger) clone() *ledger {
	return &ledger{commits: slices.Clone(l.commits), acked: l.acked}
}

// check compares what was found with every state that is allowed.
func (l *ledger) check(t testing.TB, found contents, where string) {
	t.Helper()
	for n := l.acked; n <= len(l.commits); n++ {
		if found.String() == l.after(n).String() {
			return
		}
	}
	require.Failf(t, "not a state that may follow", "%s\n%d commits, %d acknowledged\nfound:\n%v\nacknowledged:\n%v\nall:\n%v",
		where, len(l.commits), l.acked, found, l.after(l.acked), l.after(len(l.commits)))
}

func (c contents) String() string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(c[name], " "))
	}
	return out.String()
}

// read returns what a new transaction sees. Unlogged tables are left out: a crash empties them.
func read(t testing.TB, e *engine.Engine) contents {
	x := e.Xact.Begin(xact.ReadCommitted)
	defer func() { require.NoError(t, x.Abort()) }()
	snap := x.Snapshot()
	defer snap.Release()
	cat, err := e.Catalog.Read(snap)
	require.NoError(t, err)
	found := contents{}
	for _, table := range cat.Tables() {
		var rows []string
		s, err := e.Heap.Scan(snap, heap.Relation{Rel: table.Rel, Name: table.Name, Unlogged: table.Unlogged})
		require.NoError(t, err)
		for {
			_, row, ok, err := s.Next()
			require.NoError(t, err)
			if !ok {
				break
			}
			rows = append(rows, label(row))
		}
		s.Close()
		if table.Unlogged {
			rows = nil
		}
		sort.Strings(rows)
		found[table.Name] = rows
	}
	return found
}

// label is the first word of a row; the rest fills pages.
func label(row []byte) string { return strings.Fields(string(row))[0] }
