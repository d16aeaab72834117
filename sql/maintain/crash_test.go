package maintain_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/maintain"
)

// The power goes while a table is vacuumed, rewritten, reindexed and truncated: afterwards it has all its rows or, once the
// truncation has begun to commit, none, and no file is left over.
func TestCrash(t *testing.T) {
	r := newRig(t)
	r.in(t, func(x *xact.Txn) error {
		return r.engine.Catalog.CreateTable(ctx, x, &catalog.Table{Name: "t", Columns: columns(t, "a int8, b text")})
	})
	r.in(t, func(x *xact.Txn) error {
		def := &catalog.Index{Name: "i", AM: "fake", Columns: indexColumns(t, r.table(t, "t"), "a")}
		return r.deps.CreateIndex(ctx, x, r.table(t, "t"), def, nil)
	})
	const all, kept = 400, 100
	r.in(t, func(x *xact.Txn) error {
		var rows [][]datum.Datum
		for n := range all {
			rows = append(rows, []datum.Datum{datum.NewInt(int64(n)), datum.NewText(fmt.Sprintf("%0100d", n))})
		}
		return r.insert(t, x, "t", rows)
	})
	l := lesson{rig: r}
	require.NoError(t, l.remove(t, "t", kept, all))
	oid := r.table(t, "t").OID

	allowed := []int{kept}
	rng := rand.New(rand.NewSource(1))
	images, n := 0, 0
	r.fs.SetHook(func(op vfs.Op) error {
		if n++; !op.Kind.Mutates() || testing.Short() && n%7 != 0 {
			return nil
		}
		for _, mode := range []vfs.CrashMode{vfs.DropUnsynced, vfs.Random} {
			images++
			c := &rig{fs: r.fs.CrashClone(rng, mode), ams: r.ams}
			c.open(t)
			x := c.engine.Xact.Begin(xact.ReadCommitted)
			rows, _ := c.scan(t, x.Snapshot(), c.table(t, "t"))
			require.NoError(t, x.Abort())
			require.Contains(t, allowed, len(rows), "%v before %v", mode, op)
			c.in(t, func(x *xact.Txn) error {
				return c.deps.Check(ctx, x, oid, func(problem string) { t.Errorf("%v before %v: %s", mode, op, problem) })
			})
			c.close(t)
		}
		return nil
	})
	session := r.engine.Xact.NewSession(1)
	require.NoError(t, r.deps.Vacuum(ctx, session, []uint32{oid}, maintain.VacuumOptions{Full: true, Analyze: true}))
	require.NoError(t, r.deps.Vacuum(ctx, session, nil, maintain.VacuumOptions{}))
	r.in(t, func(x *xact.Txn) error { return r.deps.Reindex(ctx, x, oid, nil, nil) })
	require.NoError(t, r.engine.Checkpoint(ctx, 0))
	allowed = append(allowed, 0)
	r.in(t, func(x *xact.Txn) error { return r.deps.Truncate(ctx, x, oid) })
	r.fs.SetHook(nil)
	t.Logf("%d images", images)
	require.Greater(t, images, 10)
	r.close(t)
}
