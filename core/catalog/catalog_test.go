package catalog_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
	"github.com/quiredb/quire/redo"
)

var ctx = context.Background()

type rig struct {
	*xacttest.Rig
	heap *heap.Store
	cat  *catalog.Store
}

func newRig(t testing.TB) *rig {
	r := &rig{Rig: xacttest.New(t, xacttest.Options{})}
	r.CreateRelation(t, catalog.Rel)
	r.heap = heap.NewStore(heap.Config{GX: r.GX, Pool: r.Pool, Storage: r.Storage, Xact: r.Xact, Locks: r.Locks})
	r.open(t)
	return r
}

func (r *rig) open(t testing.TB) {
	var err error
	r.cat, err = catalog.Open(catalog.Config{
		Heap: r.heap, Xact: r.Xact, Locks: r.Locks, Pool: r.Pool,
		Files: redo.Files{GX: r.GX, Pool: r.Pool, Storage: r.Storage},
	})
	require.NoError(t, err)
}

// in runs f in a transaction and commits it.
func (r *rig) in(t testing.TB, f func(x *xact.Txn) error) error {
	t.Helper()
	x := r.Xact.Begin(xact.ReadCommitted)
	if err := f(x); err != nil {
		require.NoError(t, x.Abort())
		return err
	}
	_, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	return nil
}

func (r *rig) now(t testing.TB) *catalog.Catalog {
	t.Helper()
	var c *catalog.Catalog
	require.NoError(t, r.in(t, func(x *xact.Txn) (err error) {
		c, err = r.cat.Current(x)
		return err
	}))
	return c
}

// awaitBlocked returns when x waits for a lock.
func (r *rig) awaitBlocked(x *xact.Txn) {
	for {
		if _, waits := r.Locks.Waiting(x.Owner()); waits {
			return
		}
		runtime.Gosched()
	}
}

func table(name string) *catalog.Table {
	return &catalog.Table{Name: name, Columns: []catalog.Column{
		{Name: "id", Type: datum.Type{OID: datum.Int8}, NotNull: true},
		{Name: "note", Type: datum.Type{OID: datum.Text}, Default: "'none'"},
	}}
}

func (r *rig) exists(t testing.TB, rel page.RelFileNumber) bool {
	t.Helper()
	ok, err := r.Storage.Exists(page.RelFile{Rel: rel})
	require.NoError(t, err)
	return ok
}

func TestTablesComeAndGo(t *testing.T) {
	r := newRig(t)
	def := table("t")
	x := r.Xact.Begin(xact.ReadCommitted)
	require.NoError(t, r.cat.CreateTable(ctx, x, def))
	require.GreaterOrEqual(t, def.OID, catalog.FirstOID)
	c, err := r.cat.Current(x)
	require.NoError(t, err)
	require.NotNil(t, c.Table("t"), "the transaction sees its own table")
	require.Nil(t, r.now(t).Table("t"))
	_, err = x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)

	got := r.now(t).Table("t")
	require.Equal(t, def.OID, got.OID)
	require.Equal(t, "'none'", got.Columns[1].Default)
	require.Len(t, got.RowType().RowType, 2)
	require.Same(t, r.now(t), r.now(t), "one version is one catalog")
	require.True(t, r.exists(t, got.Rel))

	err = r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, table("t")) })
	require.True(t, pgerr.Is(err, pgerr.DuplicateTable), "%v", err)

	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.DropTable(ctx, x, def.OID) }))
	require.Nil(t, r.now(t).Table("t"))
	require.False(t, r.exists(t, def.Rel))
	err = r.in(t, func(x *xact.Txn) error { return r.cat.DropTable(ctx, x, def.OID) })
	require.True(t, pgerr.Is(err, pgerr.UndefinedTable), "%v", err)
}

func TestAbortTakesFilesAway(t *testing.T) {
	r := newRig(t)
	def := table("t")
	x := r.Xact.Begin(xact.ReadCommitted)
	require.NoError(t, r.cat.CreateTable(ctx, x, def))
	require.True(t, r.exists(t, def.Rel))
	require.NoError(t, x.Abort())
	require.False(t, r.exists(t, def.Rel))
	require.Nil(t, r.now(t).Table("t"))
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, table("t")) }))
}

func TestOldSnapshotsSeeTheOldCatalog(t *testing.T) {
	r := newRig(t)
	def := table("t")
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, def) }))
	old := r.Xact.Begin(xact.RepeatableRead)
	snap := old.Snapshot()
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		c, err := r.cat.Current(x)
		if err != nil {
			return err
		}
		renamed := c.Table("t").Clone()
		renamed.Name = "u"
		return r.cat.AlterTable(ctx, x, renamed)
	}))
	c, err := r.cat.Read(snap)
	require.NoError(t, err)
	require.NotNil(t, c.Table("t"))
	require.Nil(t, c.Table("u"))
	c, err = r.cat.Current(old)
	require.NoError(t, err)
	require.Nil(t, c.Table("t"))
	require.Equal(t, def.OID, c.Table("u").OID)
	require.NoError(t, old.Abort())
}

func TestNamesAreUniqueAcrossSessions(t *testing.T) {
	r := newRig(t)
	a := r.Xact.Begin(xact.ReadCommitted)
	require.NoError(t, r.cat.CreateTable(ctx, a, table("t")))
	b := r.Xact.Begin(xact.RepeatableRead)
	b.Snapshot() // older than a's commit
	done := make(chan error)
	go func() { done <- r.cat.CreateTable(ctx, b, table("t")) }()
	r.awaitBlocked(b)
	_, err := a.Commit(ctx, xact.CommitOptions{Async: true})
	require.NoError(t, err)
	err = <-done
	require.True(t, pgerr.Is(err, pgerr.DuplicateTable), "%v", err)
	require.NoError(t, b.Abort())
}

func bloom() *catalog.AccessMethod {
	return &catalog.AccessMethod{Name: "bloom", Plugin: "bloom", SHA256: "00", Description: am.Description{
		Name: "bloom", Caps: am.Caps{MultiColumn: true, BitmapOnly: true, MaxColumns: 32},
	}}
}

func TestIndexesDependOnTablesAndMethods(t *testing.T) {
	r := newRig(t)
	def := table("t")
	idx := &catalog.Index{Name: "t_id", AM: "bloom", Columns: []catalog.IndexColumn{{Attr: 0, Name: "id", Type: datum.Int8}}}
	create := func(x *xact.Txn) error {
		i := idx.Clone()
		i.Table = def.OID
		return r.cat.CreateIndex(ctx, x, i, nil)
	}
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, def) }))
	err := r.in(t, create)
	require.True(t, pgerr.Is(err, pgerr.UndefinedObject), "%v", err)
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateAccessMethod(ctx, x, bloom()) }))
	require.NoError(t, r.in(t, create))

	c := r.now(t)
	require.True(t, c.AccessMethod("bloom").Description.Caps.BitmapOnly)
	list := c.IndexesOf(def.OID)
	require.Len(t, list, 1)
	require.Equal(t, "bloom", list[0].Relation().Arena)
	require.Equal(t, datum.Int8, list[0].Describe(def.Rel).Columns[0].Type)

	err = r.in(t, func(x *xact.Txn) error { return r.cat.DropAccessMethod(ctx, x, "bloom") })
	require.True(t, pgerr.Is(err, pgerr.DependentObjectsStillExist), "%v", err)
	require.Equal(t, "index t_id depends on access method bloom", pgerr.From(err).Detail)

	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.DropTable(ctx, x, def.OID) }))
	require.False(t, r.exists(t, list[0].Rel))
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.DropAccessMethod(ctx, x, "bloom") }))
}

func TestLockTableFollowsTheName(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, table("t")) }))
	first := r.now(t).Table("t")
	a, b := r.Xact.Begin(xact.ReadCommitted), r.Xact.Begin(xact.ReadCommitted)
	require.NoError(t, r.cat.DropTable(ctx, a, first.OID))
	require.NoError(t, r.cat.CreateTable(ctx, a, table("t")))
	type result struct {
		table *catalog.Table
		err   error
	}
	done := make(chan result)
	go func() {
		got, _, err := r.cat.LockTable(ctx, b, "t", lock.AccessShare)
		done <- result{got, err}
	}()
	r.awaitBlocked(b)
	_, err := a.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	got := <-done
	require.NoError(t, got.err)
	require.NotEqual(t, first.OID, got.table.OID)
	require.False(t, r.Locks.Holds(b.Owner(), lock.Relation(first.OID), lock.AccessShare))
	require.NoError(t, b.Abort())
}

func TestRolesAndSettings(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		return r.cat.CreateRole(ctx, x, &catalog.Role{Name: "ann", Superuser: true, Login: true})
	}))
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		c, err := r.cat.Current(x)
		if err != nil {
			return err
		}
		role := c.Role("ann").Clone()
		role.Verifier = "SCRAM-SHA-256$4096:x$y:z"
		return r.cat.AlterRole(ctx, x, role)
	}))
	require.Equal(t, "SCRAM-SHA-256$4096:x$y:z", r.now(t).Role("ann").Verifier)
	err := r.in(t, func(x *xact.Txn) error { return r.cat.DropRole(ctx, x, "ann") })
	require.True(t, pgerr.Is(err, pgerr.ObjectInUse), "%v", err)

	value := "on"
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.SetSetting(ctx, x, "fsync", &value) }))
	require.Equal(t, "on", r.now(t).Setting("fsync").Value)
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.SetSetting(ctx, x, "fsync", nil) }))
	require.Nil(t, r.now(t).Setting("fsync"))
}

func TestStatsAndOIDsAfterReopening(t *testing.T) {
	r := newRig(t)
	def := table("t")
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, def) }))
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		return r.cat.SetStats(ctx, x, def.OID, catalog.Stats{Pages: 7, Tuples: 500}, nil, nil)
	}))
	x := r.Xact.Begin(xact.ReadCommitted)
	require.NoError(t, r.cat.CreateRole(ctx, x, &catalog.Role{Name: "lost"}))
	require.NoError(t, x.Abort())
	next := r.cat.NextOID()
	r.open(t)
	require.Equal(t, next, r.cat.NextOID(), "an aborted transaction's OID is not used again")
	require.Equal(t, catalog.Stats{Pages: 7, Tuples: 500}, r.now(t).Table("t").Stats)
	require.Equal(t, []page.RelFileNumber{99}, r.now(t).Orphans([]page.RelFileNumber{1, 2, 99, def.Rel}))
}

func TestSequencesGoWithTheirTable(t *testing.T) {
	r := newRig(t)
	def := table("t")
	seq := &catalog.Sequence{Name: "t_id_seq", Type: datum.Int8, Start: 1, Increment: 1, Min: 1, Max: 100}
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		if err := r.cat.CreateTable(ctx, x, def); err != nil {
			return err
		}
		seq.OwnedBy = catalog.ColumnRef{Table: def.OID}
		return r.cat.CreateSequence(ctx, x, seq)
	}))
	got := r.now(t).Sequence("t_id_seq")
	require.Equal(t, seq.OID, got.OID)
	require.Len(t, r.now(t).SequencesOf(def.OID), 1)
	require.True(t, r.exists(t, got.Rel))
	err := r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, table("t_id_seq")) })
	require.True(t, pgerr.Is(err, pgerr.DuplicateTable), "%v", err)
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		changed := got.Clone()
		changed.Name, changed.Max = "s", 7
		return r.cat.AlterSequence(ctx, x, changed)
	}))
	require.Equal(t, int64(7), r.now(t).Sequence("s").Max)
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.DropTable(ctx, x, def.OID) }))
	require.Nil(t, r.now(t).Sequence("s"))
	require.False(t, r.exists(t, got.Rel))
}

func TestConstraintsAndColumnsThatCameLater(t *testing.T) {
	r := newRig(t)
	def := table("t")
	seven := "7"
	require.NoError(t, r.in(t, func(x *xact.Txn) error {
		def.Constraints = []catalog.Constraint{{OID: r.cat.NewOID() + 100, Name: "t_pkey", Kind: catalog.PrimaryKey, Columns: []int{0}, Index: 5}}
		def.Columns = append(def.Columns, catalog.Column{Name: "n", Type: datum.Type{OID: datum.Int4}, Missing: &seven})
		return r.cat.CreateTable(ctx, x, def)
	}))
	r.open(t)
	got := r.now(t).Table("t")
	require.Greater(t, r.cat.NextOID(), got.Constraints[0].OID, "OIDs of constraints are not given again")
	require.Equal(t, "t_pkey", got.PrimaryKey().Name)
	require.Equal(t, "t_pkey", got.ConstraintOfIndex(5).Name)
	require.Nil(t, got.Constraint("other"))
	before := got.RowType().RowType[:2].AppendRow(nil, []datum.Datum{datum.NewInt(1), datum.NewText("x")})
	row := make([]datum.Datum, 3)
	require.NoError(t, got.RowType().DecodeRow(before, row))
	require.Equal(t, int64(7), row[2].I)
	row[2] = datum.Datum{}
	require.NoError(t, got.RowType().DecodeColumns(before, []int{2}, row))
	require.Equal(t, int64(7), row[2].I)
}

func TestWideTables(t *testing.T) {
	r := newRig(t)
	wide := table("wide")
	for i := range 1500 {
		wide.Columns = append(wide.Columns, catalog.Column{Name: fmt.Sprint("column_", i), Type: datum.Type{OID: datum.Text}})
	}
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, wide) }))
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.CreateTable(ctx, x, table("t")) }))
	r.open(t)
	got := r.now(t).Table("wide")
	require.Equal(t, wide.Columns, got.Columns)
	require.Equal(t, wide.Rel, got.Rel)

	// It shrinks, and grows again.
	for _, n := range []int{3, 1502} {
		require.NoError(t, r.in(t, func(x *xact.Txn) error {
			c, err := r.cat.Current(x)
			if err != nil {
				return err
			}
			def := c.Table("wide").Clone()
			def.Columns = wide.Columns[:n]
			return r.cat.AlterTable(ctx, x, def)
		}))
		require.Equal(t, wide.Columns[:n], r.now(t).Table("wide").Columns)
	}
	wide = wide.Clone()
	wide.Columns = append(wide.Columns, make([]catalog.Column, 99)...)
	err := r.in(t, func(x *xact.Txn) error { return r.cat.AlterTable(ctx, x, wide) })
	require.True(t, pgerr.Is(err, pgerr.TooManyColumns), "%v", err)
	require.NoError(t, r.in(t, func(x *xact.Txn) error { return r.cat.DropTable(ctx, x, wide.OID) }))
	require.Nil(t, r.now(t).Table("wide"))
	require.NotNil(t, r.now(t).Table("t"))
}
