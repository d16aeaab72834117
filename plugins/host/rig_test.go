package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
)

var ctx = context.Background()

// hostileBinary is built once for all tests.
var hostileBinary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "quire-host-test-")
	if err != nil {
		panic(err)
	}
	hostileBinary = filepath.Join(dir, "hostile")
	build := exec.Command("go", "build", "-o", hostileBinary, "../hostile")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build hostile plugin: %v\n%s", err, out))
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// pluginDir makes a plugin directory with the hostile binary under the given names.
func pluginDir(t testing.TB, names ...string) string {
	dir := filepath.Join(t.TempDir(), "plugins")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for _, name := range names {
		install(t, filepath.Join(dir, name))
	}
	return dir
}

func install(t testing.TB, path string) {
	in, err := os.Open(hostileBinary)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.NoError(t, os.Rename(path+".new", path))
}

// quick timeouts let the tests of things that hang end soon; they are long enough for a busy machine.
func quick() Timeouts {
	return Timeouts{
		Start: 20 * time.Second, Call: 20 * time.Second, Progress: 10 * time.Second,
		Probe: 5 * time.Second, Grace: 10 * time.Second, Ready: 20 * time.Second,
	}
}

// A rig is an engine on an in-memory disk with a registry above it.
type rig struct {
	t      testing.TB
	engine *engine.Engine
	reg    *Registry
	dir    string
	log    *logBuffer
	next   page.RelFileNumber
	arena  string // where the pages of indexes are
	temp   vfs.FS
	fates  fakeFates
}

// fakeFates are the fates of rows; live is the rule. The tables of a rig hold no true rows.
type fakeFates struct {
	mu      sync.Mutex
	except  map[page.TID]wire.RowFate // running rows are live to their own transaction
	deleted map[page.TID]uint64       // by a running transaction, to which they are dead
	asked   int                       // requests
	hold    chan chan struct{}        // the next request gives its channel away and waits until that is closed
}

func (f *fakeFates) set(tid page.TID, fate wire.RowFate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.except[tid] = fate
}

func (f *fakeFates) delete(tid page.TID, xid uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted[tid] = xid
}

// holdNext has the next request wait; that it does is told with the channel to be closed.
func (f *fakeFates) holdNext() chan chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold = make(chan chan struct{})
	return f.hold
}

func (f *fakeFates) of(_ context.Context, _ heap.Relation, xid xact.XID, tids []page.TID) ([]wire.RowFate, error) {
	f.mu.Lock()
	hold := f.hold
	f.hold = nil
	f.mu.Unlock()
	if hold != nil {
		release := make(chan struct{})
		hold <- release
		<-release
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	out := make([]wire.RowFate, len(tids))
	for i, tid := range tids {
		var ok bool
		out[i], ok = f.except[tid]
		switch by := f.deleted[tid]; {
		case by == uint64(xid) && by != 0:
			out[i] = wire.RowFate{State: wire.RowDead}
		case by != 0:
			out[i] = wire.RowFate{State: wire.RowRunning, XID: by}
		case !ok || out[i].State == wire.RowRunning && out[i].XID == uint64(xid):
			out[i] = wire.RowFate{State: wire.RowLive}
		}
	}
	return out, nil
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// newRig opens a registry on a directory with the hostile plugin under the given names.
func newRig(t testing.TB, adjust func(*Config), names ...string) *rig {
	m := vfs.NewMem()
	require.NoError(t, engine.Init(m, "data", engine.InitOptions{
		SystemID: 7, Superuser: "boss", WALSegmentBytes: 4 << 20, Storage: storage.Options{DoubleWriteBytes: 1},
	}))
	e, err := engine.Open(ctx, m, "data", engine.Options{
		Frames: 4096, ArenaFrames: func(string) int { return 512 }, NoBackground: true, RingBytes: 4 << 20, SpareSegments: 1,
		Storage: storage.Options{DoubleWriteBytes: 1},
	})
	require.NoError(t, err)
	r := &rig{t: t, engine: e, dir: pluginDir(t, names...), log: &logBuffer{}, next: 50000, temp: m, arena: names[0]}
	r.fates.except, r.fates.deleted = make(map[page.TID]wire.RowFate), make(map[page.TID]uint64)
	temp, err := NewTempSpace(m, "data/tmp")
	require.NoError(t, err)
	cfg := Config{
		Dir: r.dir, Pages: NewPoolStore(e.Pool, e.GX, r.fates.of), Temp: temp, Log: zerolog.New(r.log).Level(zerolog.DebugLevel),
		SocketBase: os.TempDir(), Policy: DefaultPolicy(), Timeouts: quick(),
	}
	cfg.Policy.BackoffMin, cfg.Policy.BackoffMax = 10*time.Millisecond, 20*time.Millisecond
	cfg.Policy.CrashLimit = 1000
	if adjust != nil {
		adjust(&cfg)
	}
	r.reg, err = Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, r.reg.Close())
		require.NoError(t, e.Pool.Check())
		require.NoError(t, e.Shutdown(ctx))
		if t.Failed() {
			t.Log(r.log.String())
		}
	})
	return r
}

// heapBlocks is the length of the table under the rig's indexes.
const heapBlocks = 100

// index makes an empty index relation and a table of heapBlocks blocks.
func (r *rig) index(label string) am.Index {
	rel := r.next
	r.next += 2
	idx := am.Index{
		OID: uint32(rel), Name: fmt.Sprintf("idx_%d", rel), Rel: genericxlog.Relation{Rel: rel}, Heap: rel + 1,
		Columns: []am.Column{{Name: "id", Type: datum.Int4, OpClass: "int4_ops"}, {Name: "name", Type: datum.Text, OpClass: "text_ops"}},
		Options: map[string]string{"label": label, "fill": "100"},
	}
	require.NoError(r.t, r.engine.Storage.Create(idx.Rel.File()))
	r.engine.Pool.AssignArena(rel, r.arena)
	require.NoError(r.t, r.engine.Storage.Create(page.RelFile{Rel: idx.Heap}))
	pages := make([]page.Page, heapBlocks)
	for i := range pages {
		ed := page.NewEditor(page.New())
		require.NoError(r.t, ed.Init(0, 0))
		require.NoError(r.t, ed.InsertItem(1, []byte("row")))
		pages[i] = ed.Page()
	}
	require.NoError(r.t, r.engine.GX.BulkWrite(genericxlog.Relation{Rel: idx.Heap}, 0, pages))
	return idx
}

func (r *rig) method(name string) am.Method {
	m, err := r.reg.Lookup(name)
	require.NoError(r.t, err)
	return m
}

// rows makes n rows from number first on.
func rows(first, n int) []am.Row {
	out := make([]am.Row, n)
	for i := range out {
		k := first + i
		out[i] = am.Row{
			TID:    page.TID{Block: page.BlockNumber(k / 100 % heapBlocks), Offset: page.OffsetNumber(k%100 + 1)},
			Values: []datum.Datum{datum.NewInt(int64(k)), datum.NewText(fmt.Sprintf("name %d", k))},
		}
		if k%10 == 0 {
			out[i].Values[1] = datum.NewNull()
		}
	}
	return out
}

func in(batches ...[]am.Row) func(func([]am.Row) error) error {
	return func(yield func([]am.Row) error) error {
		for _, b := range batches {
			if err := yield(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// search returns what a scan finds, with the error that ended it.
func search(m am.Method, idx am.Index, keys ...am.ScanKey) ([]am.Hit, error) {
	return scan(m, idx, am.ScanOptions{}, keys...)
}

func scan(m am.Method, idx am.Index, opts am.ScanOptions, keys ...am.ScanKey) ([]am.Hit, error) {
	cur, err := m.Scan(ctx, idx, keys, opts)
	if err != nil {
		return nil, err
	}
	defer cur.Close()
	var all []am.Hit
	for {
		hits, err := cur.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		for _, h := range hits { // values live until the next Next
			h.Values = slices.Clone(h.Values)
			for i := range h.Values {
				h.Values[i] = h.Values[i].Clone()
			}
			all = append(all, h)
		}
	}
}

func idEquals(k int) am.ScanKey {
	return am.ScanKey{Column: 0, Strategy: "=", Arg: datum.NewInt(int64(k))}
}

func deadSet(rows []am.Row) am.DeadSet {
	d := heap.NewDeadSet()
	for _, r := range rows {
		d.Add(r.TID)
	}
	return d
}

// requireState checks SQLSTATE and text of an error.
func requireState(t testing.TB, err error, state pgerr.Code, parts ...string) {
	t.Helper()
	require.Error(t, err)
	e := pgerr.From(err)
	all := err.Error() + "\n" + e.Detail + "\n" + e.Hint
	require.Equal(t, state, e.Code, all)
	for _, p := range parts {
		require.Contains(t, strings.ToLower(all), strings.ToLower(p))
	}
	require.NotContains(t, all, "\x1b")
}

// newCause returns a context whose cancellation has a cause a client would see.
func newCause(testing.TB) (context.Context, func()) {
	c, cancel := context.WithCancelCause(ctx)
	return c, func() { cancel(pgerr.New(pgerr.QueryCanceled, "because I said so")) }
}

func (k *keeper) generation() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mu.sup.Generation()
}

// insert adds rows to an index that knows no conflicts.
func insert(m am.Method, idx am.Index, xid uint64, rows []am.Row) error {
	return insertCtx(ctx, m, idx, xid, rows)
}

func insertCtx(ctx context.Context, m am.Method, idx am.Index, xid uint64, rows []am.Row) error {
	conflicts, err := m.Insert(ctx, idx, xid, rows)
	if err == nil && len(conflicts) > 0 {
		err = fmt.Errorf("%d conflicts, the first %+v", len(conflicts), conflicts[0])
	}
	return err
}
