package redo_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/redo"
)

// The files in testdata/lessons are lessons about recovery. Regenerate the answers with -rewrite and read the difference.
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata/lessons", func(t *testing.T, path string) {
		n := newNode(t)
		defer func() { n.close() }()
		datadriven.RunTest(t, path, n.run)
	})
}

const segmentBytes = 64 << 10

var ctx = context.Background()

// A node is log, files and pool, without transactions above: commits and aborts are records and nothing else.
type node struct {
	t     testing.TB
	fs    *vfs.MemFS
	log   *wal.Log
	st    *storage.Manager
	pool  *buffer.Pool
	files redo.Files
	start walrec.Checkpoint // where recovery begins
}

func newNode(t testing.TB) *node {
	n := &node{t: t, fs: vfs.NewMem(), start: walrec.Checkpoint{RedoLSN: segmentBytes, NextXID: 3, NextOID: 16384}}
	require.NoError(t, wal.Create(n.walConfig()))
	n.open(redo.End{LSN: segmentBytes})
	return n
}

func (n *node) walConfig() wal.Config {
	return wal.Config{
		FS: n.fs, Dir: "pg_wal", SystemID: 7, Timeline: 1, Log: zerolog.Nop(), SegmentBytes: segmentBytes, RingBytes: 1 << 16,
		OnFatal: func(err error) { n.t.Errorf("log halted: %v", err) }, Go: func(f func()) { f() },
	}
}

func (n *node) open(end redo.End) {
	var err error
	n.log, err = wal.Open(n.walConfig(), end.LSN, end.Prev)
	require.NoError(n.t, err)
	n.st, err = storage.OpenWith(n.fs, ".", storage.Options{DoubleWriteBytes: 1})
	require.NoError(n.t, err)
	n.pool, err = buffer.New(buffer.Config{
		Storage: n.st, Frames: 16, PrivateMemory: true, FlushWAL: func(lsn page.LSN) error { return n.log.Flush(ctx, lsn) },
	})
	require.NoError(n.t, err)
	n.files = redo.Files{GX: genericxlog.New(n.log, n.pool), Pool: n.pool, Storage: n.st}
}

func (n *node) close() {
	require.NoError(n.t, n.pool.Check())
	_ = n.pool.Close()
	n.st.Kill()
	require.NoError(n.t, n.log.Close())
}

func (n *node) reader() *wal.Reader {
	return wal.NewReader(n.fs, "pg_wal", 7, 1, n.start.RedoLSN, 0, wal.WithSegmentBytes(segmentBytes))
}

// run executes one command. Commands that change something print the records they made.
func (n *node) run(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	before := n.log.InsertLSN()
	var err error
	switch d.Cmd {
	case "create":
		err = n.files.Create(ctx, n.xid(d), walrec.RelCreate{Rel: n.rel(d), Unlogged: d.HasArg("unlogged"), AM: "test", InitPages: initPages(d)})
	case "insert":
		err = n.insert(d)
	case "truncate":
		err = n.files.Truncate(ctx, 0, page.RelFile{Rel: n.rel(d)}, page.BlockNumber(arg(d, "blocks")))
	case "drop":
		err = n.files.Drop(ctx, []page.RelFileNumber{n.rel(d)})
	case "commit":
		var dropped []page.RelFileNumber
		if d.HasArg("drop") {
			dropped = append(dropped, page.RelFileNumber(arg(d, "drop")))
		}
		c := walrec.Commit{DroppedRels: dropped}
		err = n.payload(wal.Commit, n.xid(d), c.Append)
	case "abort":
		err = n.payload(wal.Abort, n.xid(d), walrec.Abort{}.Append)
	case "checkpoint":
		err = n.checkpoint()
	case "flush":
		err = n.log.Step(ctx)
	case "crash":
		n.crash(d)
		return ""
	case "recover":
		n.recover(d, &out)
		return out.String()
	case "pages":
		n.pages(d, &out)
		return out.String()
	default:
		t.Fatalf("unknown command %s", d.Cmd)
	}
	n.show(&out, before)
	if err != nil {
		fmt.Fprintf(&out, "error: %v\n", err)
	}
	return out.String()
}

func arg(d *datadriven.TestData, name string) (v int) {
	if a, ok := d.Arg(name); ok {
		_, _ = fmt.Sscan(a.Vals[0], &v)
	}
	return v
}

func (n *node) rel(d *datadriven.TestData) page.RelFileNumber {
	return page.RelFileNumber(max(arg(d, "rel"), 16384))
}
func (n *node) xid(d *datadriven.TestData) uint64 { return uint64(arg(d, "xid")) }

func initPages(d *datadriven.TestData) []page.Page {
	if !d.HasArg("unlogged") {
		return nil
	}
	e := page.NewEditor(page.New())
	_ = e.Init(0, 0)
	_ = e.InsertItem(1, []byte("empty"))
	return []page.Page{e.Page()}
}

// insert adds one item to a block, making the block if it is new.
func (n *node) insert(d *datadriven.TestData) error {
	rel := genericxlog.Relation{Rel: n.rel(d), Unlogged: d.HasArg("unlogged")}
	b, err := n.pool.PinForRedo(rel.Tag(page.BlockNumber(arg(d, "blk"))))
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	s := n.files.GX.Start(rel)
	s.SetXID(n.xid(d))
	e, err := s.RegisterBuffer(b, 0)
	require.NoError(n.t, err)
	if e.Page().IsNew() {
		require.NoError(n.t, e.Init(0, 0))
	}
	item, err := hex.DecodeString(strings.TrimSpace(d.Input))
	require.NoError(n.t, err)
	require.NoError(n.t, e.InsertItem(page.OffsetNumber(e.Page().NumItems()+1), item))
	_, err = s.Finish()
	return err
}

func (n *node) payload(kind wal.Kind, xid uint64, payload func([]byte) []byte) error {
	_, end, err := n.files.GX.LogPayload(kind, xid, func(dst []byte, _ page.LSN) []byte { return payload(dst) })
	if err != nil {
		return err
	}
	return n.log.Flush(ctx, end)
}

// checkpoint writes all pages and remembers where recovery begins. What is open is not in its list here.
func (n *node) checkpoint() error {
	c := walrec.Checkpoint{RedoLSN: n.files.GX.RedoPoint(), Timeline: 1, NextXID: 3, NextOID: 16384}
	if err := n.pool.FlushDirty(ctx, c.RedoLSN, nil); err != nil {
		return err
	}
	if err := n.st.Sync(); err != nil {
		return err
	}
	n.start = c
	return n.payload(wal.CheckpointOnline, 0, c.Append)
}

// crash loses what is in memory, and what was not synced unless keep-all is given; lose names a file
// that vanishes as well.
func (n *node) crash(d *datadriven.TestData) {
	mode := vfs.DropUnsynced
	if d.HasArg("keep-all") {
		mode = vfs.KeepAll
	}
	after := n.fs.CrashClone(nil, mode)
	n.close()
	n.fs = after
	if d.HasArg("lose") {
		require.NoError(n.t, n.fs.Remove(fmt.Sprintf("base/%d", arg(d, "lose"))))
	}
	n.openAtEnd()
}

func (n *node) openAtEnd() {
	r := n.reader()
	defer r.Close()
	end, err := redo.FindEnd(ctx, r, 0)
	require.NoError(n.t, err)
	n.open(end)
}

// recover replays the log and ends what is open.
func (n *node) recover(d *datadriven.TestData, out *strings.Builder) {
	a := redo.NewApplier(redo.Config{Pool: n.pool, Storage: n.st, GX: n.files.GX}, n.start)
	r := n.reader()
	defer r.Close()
	if err := redo.Recover(ctx, a, r, nil); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return
	}
	s := a.Stats()
	fmt.Fprintf(out, "from %v to %v: %d records, %d pages changed, %d skipped\n", n.start.RedoLSN, a.Replayed(), s.Records, s.Pages, s.Skipped)
	fmt.Fprintf(out, "next xid %d, next oid %d\n", a.NextXID(), a.NextOID())
	for _, x := range a.Unfinished() {
		fmt.Fprintf(out, "unfinished: %d, created %v\n", x.XID, x.Created)
	}
	if err := a.CheckConsistent(); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
	}
	if d.HasArg("reset-unlogged") {
		count, err := n.files.ResetUnlogged()
		require.NoError(n.t, err)
		fmt.Fprintf(out, "%d unlogged relations reset\n", count)
	}
}

// pages prints every page of a relation.
func (n *node) pages(d *datadriven.TestData, out *strings.Builder) {
	rf := page.RelFile{Rel: n.rel(d)}
	length, err := n.pool.Length(rf)
	if err != nil {
		out.WriteString("no file\n")
		return
	}
	for blk := range length {
		b, err := n.pool.Pin(page.Tag{RelFile: rf, Block: blk})
		require.NoError(n.t, err)
		b.RLock()
		fmt.Fprintf(out, "%d:", blk)
		p := b.Page()
		for off := 1; off <= p.NumItems(); off++ {
			item, _ := p.Item(page.OffsetNumber(off))
			fmt.Fprintf(out, " %x", item)
		}
		out.WriteString("\n")
		b.RUnlock()
		b.Unpin()
	}
	if length == 0 {
		out.WriteString("empty\n")
	}
}

// show prints the records inserted since before.
func (n *node) show(out *strings.Builder, before page.LSN) {
	require.NoError(n.t, n.log.Step(ctx))
	r := wal.NewReader(n.fs, "pg_wal", 7, 1, before, n.log.FlushedLSN(), wal.WithSegmentBytes(segmentBytes))
	defer r.Close()
	for {
		rec, err := r.Next()
		if err != nil {
			return
		}
		fmt.Fprintf(out, "%v %v: %s\n", rec.LSN, rec.Kind, redo.Describe(rec))
	}
}
