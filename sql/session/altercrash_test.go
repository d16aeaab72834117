package session_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/session"
)

// The power goes before every file operation of statements that change a table, some of which fail. Afterwards the table is what it was
// before the statement or after it, whatever the catalog says is there, and no file is left over.
func TestCrashWhileATableIsAltered(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, "create table t (a int, b text); insert into t select g, 'row ' || g from generate_series(1, 50) g")
	const look = "select count(*), min(a), max(b) from t"
	allowed := []string{must(t, s, look)}

	rng := rand.New(rand.NewSource(2))
	images, n := 0, 0
	r.fs.SetHook(func(op vfs.Op) error {
		if n++; !op.Kind.Mutates() || n%5 != 0 && testing.Short() || n%2 != 0 {
			return nil
		}
		for _, mode := range []vfs.CrashMode{vfs.DropUnsynced, vfs.Random} {
			images++
			eng, err := engine.Open(background, r.fs.CrashClone(rng, mode), "data", engine.Options{Frames: 512, PrivateMemory: true, NoBackground: true, Log: zerolog.Nop()})
			require.NoError(t, err)
			db, err := session.Open(session.Config{Engine: eng, AMs: r, Log: zerolog.Nop()})
			require.NoError(t, err)
			after, err := db.NewSession(session.SessionParams{User: "postgres", PID: 1, Superuser: true})
			require.NoError(t, err)
			require.Contains(t, allowed, must(t, after, look), "%v before %v", mode, op)
			must(t, after, "select count(a), count(b) from t; insert into t (a) values (1000)")
			after.Close()
			wholeCatalog(t, eng)
			require.NoError(t, eng.Shutdown(background))
		}
		return nil
	})
	for _, sql := range []string{
		"alter table t add column c int default 5, add column d serial",
		"alter table t add check (a < 50)",
		"alter table t add primary key (a)",
		"alter table t add unique (b), alter a type bigint using a + 1000",
		"alter table t add column e float8 default random(), add unique (c)",
		"create index i on t using btree (b)",
		"reindex table t",
		"create unique index u on t using btree (c)",
		"alter table t drop column d, drop constraint t_pkey",
		"begin; alter table t alter a type text; reindex table t; rollback",
		"truncate t",
	} {
		before := allowed[len(allowed)-1]
		if strings.HasPrefix(sql, "alter table t add unique") {
			allowed = append(allowed, strings.Replace(before, "50|1|", "50|1001|", 1))
		}
		if sql == "truncate t" {
			allowed = append(allowed, "count|min|max\n0|∅|∅\nSELECT 1\n")
		}
		run(s, sql)
		allowed = []string{must(t, s, look)}
	}
	r.fs.SetHook(nil)
	t.Logf("%d images", images)
	require.Greater(t, images, 20)
	wholeCatalog(t, r.engine)
}

// wholeCatalog requires that every file belongs to an object and every object has its file, and that objects that go together are there
// together.
func wholeCatalog(t *testing.T, eng *engine.Engine) {
	t.Helper()
	x := eng.Xact.Begin(xact.ReadCommitted)
	c, err := eng.Catalog.Current(x)
	require.NoError(t, err)
	require.NoError(t, x.Abort())
	files, err := eng.Storage.List()
	require.NoError(t, err)
	require.Empty(t, c.Orphans(files))
	for _, o := range c.FileOwners() {
		require.Contains(t, files, o.Rel, "%s %s", o.Kind, o.Name)
	}
	for _, i := range c.Indexes() {
		require.NotNil(t, c.TableByOID(i.Table), i.Name)
	}
	for _, q := range c.Sequences() {
		if q.OwnedBy.Table != 0 {
			require.NotNil(t, c.TableByOID(q.OwnedBy.Table), q.Name)
		}
	}
	for _, table := range c.Tables() {
		for _, con := range table.Constraints {
			if con.Kind == catalog.Check {
				continue
			}
			require.NotNil(t, c.IndexByOID(con.Index), con.Name)
			require.Equal(t, con.Name, c.IndexByOID(con.Index).Name)
		}
		for _, column := range table.Columns {
			if column.Sequence != 0 {
				require.NotNil(t, c.SequenceByOID(column.Sequence), column.Name)
			}
		}
	}
}
