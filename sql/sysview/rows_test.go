package sysview_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/settings"
	"github.com/quiredb/quire/sql/sysview"
)

var (
	ctx  = context.Background()
	noon = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
)

// registry has two plugins, one of which is not ready.
type registry struct{ am.Registry }

func (registry) List() []am.Info {
	return []am.Info{
		{Name: "spare.bin", State: "starting"},
		{Name: "bloom.bin", Version: "1.1", Path: "/plugins/bloom.bin", State: "quarantined", Reason: "it crashed five times"},
	}
}

// newEnv has something in every view.
func newEnv(t *testing.T) *sysview.Env {
	fs := vfs.NewMem()
	small := storage.Options{DoubleWriteBytes: 1}
	require.NoError(t, engine.Init(fs, "data", engine.InitOptions{SystemID: 7, Superuser: "boss", WALSegmentBytes: 64 << 10, Storage: small}))
	e, err := engine.Open(ctx, fs, "data", engine.Options{Frames: 64, PrivateMemory: true, NoBackground: true, RingBytes: 1 << 20, Storage: small, SpareSegments: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Shutdown(ctx)) })

	session := e.Xact.NewSession(41)
	x := session.Begin(xact.ReadCommitted)
	fill(t, e.Catalog, x)
	c, err := e.Catalog.Current(x)
	require.NoError(t, err)
	_, err = x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)

	count := e.Stats.NewSession()
	for _, oid := range []uint32{c.Table("orders").OID, c.Index("orders_bloom").OID} {
		r := count.Relation(oid)
		r.Scanned(2)
		r.Returned(30)
		r.Fetched(20)
	}
	count.Relation(c.Table("orders").OID).Inserted(1000)
	count.Relation(c.Table("orders").OID).Updated(true)
	count.End(true)
	count.Transaction(true)

	holder, waiter := session.Begin(xact.ReadCommitted), e.Xact.NewSession(42).Begin(xact.ReadCommitted)
	held := lock.Relation(c.Table("orders").OID)
	require.NoError(t, e.Locks.Acquire(ctx, holder.Owner(), held, lock.AccessExclusive))
	require.NoError(t, e.Locks.Acquire(ctx, holder.Owner(), lock.Tuple(uint32(c.Table("scratch").Rel), 3, 4), lock.Exclusive))
	require.NoError(t, e.Locks.Acquire(ctx, holder.Owner(), lock.Name("relation", "orders"), lock.Exclusive))
	_, err = holder.XID()
	require.NoError(t, err)
	waiting, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.Locks.Acquire(waiting, waiter.Owner(), held, lock.AccessShare)
	}()
	for waits := false; !waits; _, waits = e.Locks.Waiting(waiter.Owner()) {
	}
	t.Cleanup(func() {
		stop()
		<-done
		require.NoError(t, holder.Abort())
		require.NoError(t, waiter.Abort())
	})

	return &sysview.Env{
		Catalog: c, Engine: e, Settings: settings.NewStore().NewSession(true, nil), Builtins: sysview.NewBuiltins(expr.NewRegistry()), AMs: registry{},
		PluginPID: func(name string) int32 { return map[string]int32{"spare.bin": 4711}[name] },
		User:      "boss", Superuser: true, Database: "postgres",
		Sessions: func() []sysview.Session {
			return []sysview.Session{
				{PID: 42, User: "ann", ApplicationName: "psql", Addr: net.JoinHostPort("10.0.0.7", "5555"), BackendStart: noon, QueryStart: noon.Add(time.Second),
					StateChange: noon.Add(time.Second), State: "active", Query: "SELECT * FROM orders"},
				{PID: 41, User: "boss", BackendStart: noon, XactStart: noon, State: "idle in transaction", XID: 9, WaitEventType: "Client", WaitEvent: "ClientRead"},
			}
		},
		Senders: func() []sysview.Sender {
			return []sysview.Sender{{
				PID: 50, User: "boss", ApplicationName: "standby1", Addr: "[::1]:6000", Started: noon, State: "streaming", Sent: 0x1000100, Write: 0x1000100,
				Flush: 0x1000080, ReplayLag: 1500 * time.Microsecond, ReplyTime: noon.Add(time.Minute),
			}}
		},
	}
}

// fill makes objects of every kind.
func fill(t *testing.T, c *catalog.Store, x *xact.Txn) {
	require.NoError(t, c.CreateRole(ctx, x, &catalog.Role{Name: "ann", Login: true, Settings: map[string]string{"work_mem": "1024"}, Verifier: "SCRAM-SHA-256$secret"}))
	require.NoError(t, c.CreateAccessMethod(ctx, x, &catalog.AccessMethod{
		Name: "bloom", Plugin: "bloom.bin", SHA256: "ab12", Description: am.Description{Name: "bloom", Version: "1.1", OpClasses: []am.OpClass{
			{Name: "int8_ops", Type: datum.Int8, Default: true}, {Name: "text_ops", Type: datum.Text, Default: true}, {Name: "text_fold_ops", Type: datum.Text, Operators: []string{"=", am.AnyEqual}},
		}},
	}))
	require.NoError(t, c.CreateAccessMethod(ctx, x, &catalog.AccessMethod{Name: "lost", Plugin: "lost.bin"}))
	orders := &catalog.Table{Name: "orders", Owner: "ann", Options: map[string]string{"fillfactor": "90"}, Columns: []catalog.Column{
		{Name: "id", Type: datum.Type{OID: datum.Int8}, NotNull: true, ColumnStats: catalog.ColumnStats{Distinct: -1, Width: 8, Correlation: 1, Bounds: []string{"1", "50", "99"}}},
		{Name: "Customer", Type: datum.Type{OID: datum.Varchar, Mod: 24}, Default: "'nobody'", ColumnStats: catalog.ColumnStats{
			Distinct: 40, NullFraction: 0.25, Width: 9, Correlation: -0.5, Common: []string{"a,b", "c"}, Frequencies: []float64{0.25, 0.125},
		}},
		{Name: "tags", Type: datum.Type{OID: datum.MustLookup(datum.Text).Array}},
	}}
	orders.Comment, orders.Columns[1].Comment = "What was ordered", "Who ordered"
	orders.Constraints = []catalog.Constraint{
		{OID: 20001, Name: "orders_pkey", Kind: catalog.PrimaryKey, Columns: []int{0, 1}, Index: 20000},
		{OID: 20002, Name: "orders_id_check", Kind: catalog.Check, Columns: []int{0}, Expr: "(id > 0)"},
	}
	require.NoError(t, c.CreateTable(ctx, x, orders))
	require.NoError(t, c.CreateTable(ctx, x, &catalog.Table{Name: "scratch", Unlogged: true, Columns: []catalog.Column{{Name: "n", Type: datum.Type{OID: datum.Int4}}}}))
	sequence := &catalog.Sequence{Name: "orders_id_seq", Owner: "ann", Type: datum.Int8, Start: 1, Increment: 1, Min: 1, Max: math.MaxInt64, Cache: 1,
		OwnedBy: catalog.ColumnRef{Table: orders.OID}, ACL: []catalog.Grant{{Role: "ann", Privileges: "rwU", Grantor: "ann"}, {Privileges: "r", Grantor: "ann"}}}
	require.NoError(t, c.CreateSequence(ctx, x, sequence))
	index := &catalog.Index{Name: "orders_bloom", Comment: "is it there?", Table: orders.OID, AM: "bloom", Unique: true, Given: map[string]string{"length": "80", "col1": "2"}, Columns: []catalog.IndexColumn{
		{Attr: 0, Name: "id", Type: datum.Int8, OpClass: "int8_ops", Order: ordkey.DefaultOrder(true)},
		{Attr: 1, Name: "Customer", Type: datum.Text, OpClass: "text_fold_ops", Order: ordkey.Order{NullsFirst: true}},
	}}
	require.NoError(t, c.CreateIndex(ctx, x, index, nil))
	require.NoError(t, c.SetStats(ctx, x, orders.OID, catalog.Stats{Pages: 12, Tuples: 1000}, nil, map[uint32]catalog.Stats{index.OID: {Pages: 3, Tuples: 1000}}))
}

// Each command prints a view: "view name [columns=a,b] [where=column=value]". Without columns it prints those that are not NULL in any row.
func TestRows(t *testing.T) {
	env := newEnv(t)
	everyone := *env
	datadriven.RunTest(t, "testdata/rows", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "as":
			env.User, env.Superuser = d.CmdArgs[0].Key, d.HasArg("superuser")
			return ""
		case "without":
			env.Sessions, env.Senders, env.AMs, env.PluginPID = nil, nil, nil, nil
			return ""
		}
		v := sysview.Lookup(d.CmdArgs[0].Key)
		if d.Cmd == "information" {
			v = sysview.LookupIn("information_schema", d.CmdArgs[0].Key)
		}
		rows, err := v.Rows(ctx, env)
		if err != nil {
			return err.Error() + "\n"
		}
		return show(t, v, rows, d)
	})
	for _, v := range sysview.All() {
		rows, err := v.Rows(ctx, &everyone)
		require.NoError(t, err)
		again, err := v.Rows(ctx, &everyone)
		require.NoError(t, err)
		require.Equal(t, rows, again, "V4: %s", v.Name)
		wellFormed(t, v, rows)
	}
}

// wellFormed checks V2: values go through the binary format of their columns' types and come back the same.
func wellFormed(t *testing.T, v *sysview.View, rows [][]datum.Datum) {
	for _, row := range rows {
		require.Len(t, row, len(v.Columns), v.Name)
		for i, d := range row {
			if d.Null {
				continue
			}
			info := datum.MustLookup(v.Columns[i].Type)
			back, err := info.ParseBinary(info.AppendBinary(nil, d))
			require.NoError(t, err, "%s.%s", v.Name, v.Columns[i].Name)
			require.Equal(t, d, back, "%s.%s", v.Name, v.Columns[i].Name)
		}
	}
}

func show(t *testing.T, v *sysview.View, rows [][]datum.Datum, d *datadriven.TestData) string {
	text := func(row []datum.Datum, i int) string { return datum.MustLookup(v.Columns[i].Type).String(row[i]) }
	var want []int
	for i, c := range v.Columns {
		known := slices.ContainsFunc(rows, func(row []datum.Datum) bool { return !row[i].Null })
		if d.HasArg("columns") {
			known = slices.Contains(d.CmdArgs[1].Vals, c.Name)
		}
		if known {
			want = append(want, i)
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var words []string
		for _, i := range want {
			words = append(words, v.Columns[i].Name+"="+text(row, i))
		}
		line := strings.Join(words, " ")
		if !d.HasArg("with") || slices.ContainsFunc(strings.Fields(d.Input), func(w string) bool { return strings.Contains(line, w) }) {
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

// The other relation of the data directory that pg_class shows is the commit status.
func TestSystemRelationsHaveFiles(t *testing.T) {
	env := newEnv(t)
	for _, rel := range []page.RelFileNumber{catalog.Rel, xact.StatusRel} {
		n, err := env.Engine.Pool.Length(page.RelFile{Rel: rel})
		require.NoError(t, err)
		require.NotZero(t, n)
	}
}
