package engine_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// A workload runs transactions on an engine and keeps the ledger. It serves one goroutine, so the order of commits is the
// order of the log.
type workload struct {
	t   testing.TB
	e   *engine.Engine
	rng *rand.Rand
	*ledger
	session *xact.Session
	next    int
	after   func() // runs after every transaction; may be nil
}

func newWorkload(t testing.TB, e *engine.Engine, seed int64) *workload {
	return &workload{t: t, e: e, rng: rand.New(rand.NewSource(seed)), ledger: &ledger{}, session: e.Xact.NewSession(1)}
}

// run executes do in a transaction and commits it, or aborts it when that is asked for.
func (w *workload) run(opts xact.CommitOptions, abort bool, do func(x *xact.Txn) commit) {
	if w.after != nil {
		defer w.after()
	}
	x := w.session.Begin(xact.ReadCommitted)
	c := do(x)
	if abort {
		require.NoError(w.t, x.Abort())
		return
	}
	w.commits = append(w.commits, c)
	_, err := x.Commit(ctx, opts)
	require.NoError(w.t, err)
	if !opts.Async {
		w.acked = len(w.commits) // and with it all that went before
	}
}

func (w *workload) createTable(name string, unlogged, abort bool) {
	w.run(xact.CommitOptions{}, abort, func(x *xact.Txn) commit {
		require.NoError(w.t, w.e.Catalog.CreateTable(ctx, x, &catalog.Table{Name: name, Unlogged: unlogged}))
		return commit{{table: name}}
	})
}

func (w *workload) dropTable(name string, abort bool) {
	w.run(xact.CommitOptions{}, abort, func(x *xact.Txn) commit {
		require.NoError(w.t, w.e.Catalog.DropTable(ctx, x, w.table(x, name).OID))
		return commit{{table: name, gone: true}}
	})
}

func (w *workload) table(x *xact.Txn, name string) *catalog.Table {
	c, err := w.e.Catalog.Current(x)
	require.NoError(w.t, err)
	return c.Table(name)
}

func relation(t *catalog.Table) heap.Relation {
	return heap.Relation{Rel: t.Rel, Name: t.Name, Unlogged: t.Unlogged}
}

// insert adds n rows of the given size.
func (w *workload) insert(name string, n, size int, opts xact.CommitOptions, abort bool) {
	w.run(opts, abort, func(x *xact.Txn) commit {
		table := w.table(x, name)
		var c commit
		var rows [][]byte
		for range n {
			label := fmt.Sprintf("r%03d", w.next)
			w.next++
			rows = append(rows, []byte(label+" "+strings.Repeat("x", size)))
			if !table.Unlogged {
				c = append(c, effect{table: name, row: label})
			}
		}
		_, err := w.e.Heap.Insert(ctx, x, relation(table), rows)
		require.NoError(w.t, err)
		return c
	})
}

// remove deletes about one row in oneIn.
func (w *workload) remove(name string, oneIn int, abort bool) {
	w.run(xact.CommitOptions{}, abort, func(x *xact.Txn) commit {
		table := w.table(x, name)
		snap := x.Snapshot()
		defer snap.Release()
		s, err := w.e.Heap.Scan(snap, relation(table))
		require.NoError(w.t, err)
		var c commit
		var tids []page.TID
		for {
			tid, row, ok, err := s.Next()
			require.NoError(w.t, err)
			if !ok {
				break
			}
			if w.rng.Intn(oneIn) == 0 {
				tids = append(tids, tid)
				c = append(c, effect{table: name, row: label(row), gone: true})
			}
		}
		s.Close()
		for _, tid := range tids {
			r, err := w.e.Heap.Delete(ctx, x, snap, relation(table), tid)
			require.NoError(w.t, err)
			require.Equal(w.t, heap.OK, r.Outcome)
		}
		return c
	})
}

func (w *workload) vacuum(name string) {
	x := w.e.Xact.Begin(xact.ReadCommitted)
	table := w.table(x, name)
	require.NoError(w.t, x.Abort())
	_, err := w.e.Heap.Vacuum(ctx, relation(table), heap.VacuumOptions{
		Horizon: w.e.Xact.Horizon(), Indexes: func(*heap.DeadSet) error { return nil },
		Truncate: func() (func(), bool) { return func() {}, true },
	})
	require.NoError(w.t, err)
}

// checkUnlogged finds an unlogged table empty after a crash, and usable.
func (w *workload) checkUnlogged(name, where string) {
	x := w.e.Xact.Begin(xact.ReadCommitted)
	table := w.table(x, name)
	require.NoError(w.t, x.Abort())
	if table == nil || !w.e.Recovery().Needed {
		return
	}
	n, err := w.e.Heap.Blocks(relation(table))
	require.NoError(w.t, err)
	require.Zero(w.t, n, where)
	w.insert(name, 2, 100, xact.CommitOptions{}, false)
}

func (w *workload) checkpoint() {
	require.NoError(w.t, w.e.Checkpoint(ctx, engine.CheckpointOnline))
}

// acrossCheckpoint creates a table and fills it, with a checkpoint in the middle of the transaction.
func (w *workload) acrossCheckpoint(name string, abort bool) {
	w.run(xact.CommitOptions{}, abort, func(x *xact.Txn) commit {
		require.NoError(w.t, w.e.Catalog.CreateTable(ctx, x, &catalog.Table{Name: name}))
		c := commit{{table: name}}
		for i := range 4 {
			row := fmt.Sprintf("s%02d", i)
			_, err := w.e.Heap.Insert(ctx, x, relation(w.table(x, name)), [][]byte{[]byte(row + strings.Repeat(" y", 1000))})
			require.NoError(w.t, err)
			c = append(c, effect{table: name, row: row})
			if i == 1 {
				w.checkpoint()
			}
		}
		require.NoError(w.t, w.e.WAL.Step(ctx)) // as when somebody else commits
		return c
	})
}

// everything goes once through all that an engine does.
func (w *workload) everything() {
	sync, async := xact.CommitOptions{}, xact.CommitOptions{Async: true}
	w.createTable("a", false, false)
	w.insert("a", 8, 900, sync, false)
	w.insert("a", 3, 900, sync, true)
	w.createTable("u", true, false)
	w.insert("u", 5, 500, sync, false)
	w.insert("a", 2, 50, async, false)
	w.insert("a", 2, 50, async, false)
	w.checkpoint()
	w.createTable("never", false, true)
	w.acrossCheckpoint("nor this", true)
	w.acrossCheckpoint("c", false)
	w.remove("a", 2, false)
	w.remove("a", 2, true)
	w.createTable("b", false, false)
	w.insert("b", 12, 3000, sync, false)
	w.vacuum("a")
	w.checkpoint()
	w.remove("b", 1, false)
	w.vacuum("b")
	w.insert("b", 4, 2000, sync, false)
	w.dropTable("a", true)
	w.dropTable("a", false)
	w.insert("b", 4, 20, async, false)
	w.checkpoint()
	w.insert("b", 3, 100, sync, false)
}

// image is what a power loss left, and what may be found in it.
type image struct {
	fs    *vfs.MemFS
	l     *ledger
	where string
}

// recovered opens an image and checks all there is to check. It returns the open engine.
func (im image) recovered(t testing.TB) *engine.Engine {
	e, err := engine.Open(ctx, im.fs, "data", small())
	require.NoError(t, err, im.where)
	im.l.check(t, read(t, e), im.where)
	return e
}

// verify checks the directory from outside.
func (im image) verify(t testing.TB) {
	rep, err := engine.Verify(ctx, im.fs, "data", engine.VerifyOptions{Storage: small().Storage})
	require.NoError(t, err, im.where)
	require.Empty(t, rep.Problems, im.where)
}

// cutEvery calls cut before file operations that can change what a crash leaves, one in oneIn of them.
func cutEvery(m *vfs.MemFS, oneIn int, cut func(op vfs.Op)) {
	n, inside := 0, false
	m.SetHook(func(op vfs.Op) error {
		if !op.Kind.Mutates() || inside {
			return nil
		}
		if n++; n%oneIn == 0 {
			inside = true
			cut(op)
			inside = false
		}
		return nil
	})
}

// The power goes before every file operation of a workload, in each way in which it can go; what is left is recovered
// and compared with the ledger; and the power goes again during that recovery.
func TestCrashSweep(t *testing.T) {
	oneIn, seeds := 1, int64(2)
	if testing.Short() {
		oneIn, seeds = 11, 1
	}
	for seed := range seeds {
		m := newDirectory(t)
		e, err := engine.Open(ctx, m, "data", small())
		require.NoError(t, err)
		w := newWorkload(t, e, seed)
		rng := rand.New(rand.NewSource(seed))
		first, second := 0, 0
		cutEvery(m, oneIn, func(op vfs.Op) {
			for _, mode := range []vfs.CrashMode{vfs.DropUnsynced, vfs.KeepAll, vfs.Random} {
				first++
				im := image{fs: m.CrashClone(rng, mode), l: w.ledger.clone(), where: fmt.Sprintf("seed %d, %v before %v", seed, mode, op)}
				second += crashTwice(t, rng, im, first)
			}
		})
		w.everything()
		require.NoError(t, e.Shutdown(ctx))
		m.SetHook(nil)
		last := image{fs: m, l: w.ledger, where: "after shutdown"}
		last.verify(t)
		e = last.recovered(t)
		require.False(t, e.Recovery().Needed)
		require.NoError(t, e.Shutdown(ctx))
		t.Logf("seed %d: %d crashes, %d more in their recovery", seed, first, second)
	}
}

// crashTwice recovers an image. On the way the power goes again a few times, and those images are recovered as well.
func crashTwice(t testing.TB, rng *rand.Rand, im image, turn int) (crashes int) {
	var again []image
	cutEvery(im.fs, 5+turn%7, func(op vfs.Op) {
		if len(again) < 4 {
			again = append(again, image{fs: im.fs.CrashClone(rng, vfs.Random), l: im.l, where: im.where + fmt.Sprintf(", then before %v", op)})
		}
	})
	im.settle(t)
	for _, second := range again {
		second.settle(t)
	}
	return len(again)
}

// settle recovers an image, goes on working with it, and closes it.
func (im image) settle(t testing.TB) {
	e := im.recovered(t)
	im.fs.SetHook(nil)
	w := newWorkload(t, e, 1)
	w.checkUnlogged("u", im.where)
	w.createTable("later", false, false)
	w.insert("later", 3, 100, xact.CommitOptions{}, false)
	require.NoError(t, e.Shutdown(ctx), im.where)
	im.verify(t)
}
