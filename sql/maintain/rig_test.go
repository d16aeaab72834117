package maintain_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/maintain"
)

var ctx = context.Background()

// rig is an engine on a disk in memory with an access method in memory.
type rig struct {
	fs      *vfs.MemFS
	engine  *engine.Engine
	ams     *fakeRegistry
	deps    *maintain.Deps
	notices []*pgerr.Error
}

func newRig(t testing.TB) *rig {
	r := &rig{fs: vfs.NewMem(), ams: &fakeRegistry{method: newFake()}}
	require.NoError(t, engine.Init(r.fs, "data", engine.InitOptions{
		SystemID: 7, Superuser: "boss", WALSegmentBytes: 1 << 20, Storage: storage.Options{DoubleWriteBytes: 1},
	}))
	r.open(t)
	r.in(t, func(x *xact.Txn) error {
		return r.engine.Catalog.CreateAccessMethod(ctx, x, &catalog.AccessMethod{Name: "fake", Plugin: "fake.bin"})
	})
	return r
}

func (r *rig) open(t testing.TB) {
	var err error
	r.engine, err = engine.Open(ctx, r.fs, "data", engine.Options{
		Frames: 512, PrivateMemory: true, NoBackground: true, RingBytes: 1 << 20, SpareSegments: 1,
		Storage: storage.Options{DoubleWriteBytes: 1}, OnFatal: func(err error) { panic(err) },
	})
	require.NoError(t, err)
	r.deps = &maintain.Deps{Engine: r.engine, AMs: r.ams, Log: zerolog.Nop(), Seed: 1}
}

// close checks that no lock is held and no file is left over.
func (r *rig) close(t testing.TB) {
	t.Helper()
	require.Empty(t, r.engine.Locks.List())
	files, err := r.engine.Storage.List()
	require.NoError(t, err)
	require.Empty(t, r.catalog(t).Orphans(files))
	require.NoError(t, r.engine.Shutdown(ctx))
}

// try runs f in a transaction and commits it if there was no error.
func (r *rig) try(t testing.TB, f func(x *xact.Txn) error) error {
	t.Helper()
	x := r.engine.Xact.Begin(xact.ReadCommitted)
	if err := f(x); err != nil {
		require.NoError(t, x.Abort())
		return err
	}
	_, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	return nil
}

func (r *rig) in(t testing.TB, f func(x *xact.Txn) error) {
	t.Helper()
	require.NoError(t, r.try(t, f))
}

func (r *rig) catalog(t testing.TB) (c *catalog.Catalog) {
	t.Helper()
	r.in(t, func(x *xact.Txn) (err error) {
		c, err = r.engine.Catalog.Current(x)
		return err
	})
	return c
}

func (r *rig) table(t testing.TB, name string) *catalog.Table {
	t.Helper()
	table := r.catalog(t).Table(name)
	require.NotNil(t, table, "no table %s", name)
	return table
}

// columns reads "a int8, b text".
func columns(t testing.TB, spec string) (out []catalog.Column) {
	for _, field := range strings.Split(spec, ",") {
		name, typ, _ := strings.Cut(strings.TrimSpace(field), " ")
		parsed, err := datum.ParseType(typ)
		require.NoError(t, err)
		out = append(out, catalog.Column{Name: name, Type: parsed})
	}
	return out
}

// indexColumns resolves "a, b text_ops".
func indexColumns(t testing.TB, table *catalog.Table, spec string) (out []catalog.IndexColumn) {
	for _, field := range strings.Split(spec, ",") {
		name, class, _ := strings.Cut(strings.TrimSpace(field), " ")
		attr := table.ColumnIndex(name)
		require.GreaterOrEqual(t, attr, 0)
		out = append(out, catalog.IndexColumn{Attr: attr, Name: name, Type: table.Columns[attr].Type.OID, OpClass: class})
	}
	return out
}

// insert adds rows to heap and indexes, as an executor does.
func (r *rig) insert(t testing.TB, x *xact.Txn, name string, rows [][]datum.Datum) error {
	t.Helper()
	c, err := r.engine.Catalog.Current(x)
	require.NoError(t, err)
	table := c.Table(name)
	raw := make([][]byte, len(rows))
	for i, row := range rows {
		raw[i] = table.RowType().AppendRow(nil, row)
	}
	tids, err := r.engine.Heap.Insert(ctx, x, table.Heap(), raw)
	if err != nil {
		return err
	}
	for _, i := range c.IndexesOf(table.OID) {
		var keys []am.Row
		for n, tid := range tids {
			keys = append(keys, am.Row{TID: tid, Values: key(i, rows[n])})
		}
		if _, err := r.ams.method.Insert(ctx, i.Describe(table.Rel), 0, keys); err != nil {
			return err
		}
	}
	x.NextCommand()
	return nil
}

func key(i *catalog.Index, row []datum.Datum) (out []datum.Datum) {
	for _, c := range i.Columns {
		out = append(out, row[c.Attr])
	}
	return out
}

// scan returns the rows that snap sees.
func (r *rig) scan(t testing.TB, snap *xact.Snapshot, table *catalog.Table) (rows [][]datum.Datum, tids []page.TID) {
	t.Helper()
	s, err := r.engine.Heap.Scan(snap, table.Heap())
	require.NoError(t, err)
	defer s.Close()
	for {
		tid, raw, ok, err := s.Next()
		require.NoError(t, err)
		if !ok {
			return rows, tids
		}
		row := make([]datum.Datum, len(table.Columns))
		require.NoError(t, table.RowType().DecodeRow([]byte(string(raw)), row))
		rows, tids = append(rows, row), append(tids, tid)
	}
}

// audit compares every index with its heap: it must have all versions that somebody may see, under their keys, and no place
// that is not in use. With exact, it has nothing else.
func (r *rig) audit(t testing.TB, exact bool) {
	t.Helper()
	c := r.catalog(t)
	for _, i := range c.Indexes() {
		table := c.TableByOID(i.Table)
		entries := r.ams.method.entries[i.Rel]
		seen := 0
		err := r.engine.Heap.BuildScan(ctx, table.Heap(), r.engine.Xact.Horizon(), func(tid page.TID, raw []byte, _ [][]byte) error {
			row := make([]datum.Datum, len(table.Columns))
			if err := table.RowType().DecodeRow([]byte(string(raw)), row); err != nil {
				return err
			}
			seen++
			require.Equal(t, key(i, row), entries[tid], "index %s, row %v", i.Name, tid)
			return nil
		})
		require.NoError(t, err)
		if exact {
			require.Len(t, entries, seen, "index %s", i.Name)
		}
	}
}

func describe(err error) string {
	if err == nil {
		return ""
	}
	e := pgerr.From(err)
	s := fmt.Sprintf("%s: %s\n", e.Code, e.Message)
	if e.Detail != "" {
		s += "detail: " + e.Detail + "\n"
	}
	if e.Hint != "" {
		s += "hint: " + e.Hint + "\n"
	}
	return s
}
