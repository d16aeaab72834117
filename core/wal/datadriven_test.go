package wal

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
)

// TestLessons runs the scripts in testdata/lessons. Each is a history of one log on an in-memory disk; the README names
// the commands.
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata/lessons", func(t *testing.T, path string) {
		l := &lesson{t: t, fs: vfs.NewMem()}
		l.cfg = testConfig(l.fs)
		l.cfg.OnFatal = func(err error) { l.fatal = err }
		datadriven.RunTest(t, path, l.run)
	})
}

type lesson struct {
	t       *testing.T
	fs      *vfs.MemFS
	cfg     Config
	log     *Log
	standby bool
	fatal   error
	d       *datadriven.TestData
}

func (l *lesson) run(t *testing.T, d *datadriven.TestData) string {
	commands := map[string]func() string{
		"create": l.create, "recover": l.recover, "insert": l.insert, "flush": l.flush, "state": l.state, "dump": l.dump,
		"crash": l.crash, "flip": l.flip, "zero": l.zero, "ls": l.ls, "recycle": l.recycle, "hex": l.hex, "cut": l.cut,
		"remove": l.remove, "fail": l.fail, "ensure": l.ensure, "send": l.send, "durable": l.durable, "readat": l.readAt, "place": l.place,
	}
	run, ok := commands[d.Cmd]
	if !ok {
		d.Fatalf(t, "no such command: %s", d.Cmd)
	}
	l.d, l.fatal = d, nil
	if needsLog := "insert flush state recycle ensure send durable"; l.log == nil && strings.Contains(needsLog, d.Cmd) {
		return "no log is open\n"
	}
	out := run()
	if l.fatal != nil {
		out += fmt.Sprintf("FATAL: %v\n", l.fatal)
	}
	return out
}

func (l *lesson) arg(key, otherwise string) string {
	l.d.MaybeScanArgs(l.t, key, &otherwise)
	return otherwise
}

func (l *lesson) number(key string, otherwise int) int {
	n, err := strconv.Atoi(l.arg(key, strconv.Itoa(otherwise)))
	require.NoError(l.t, err)
	return n
}

// lsn reads an LSN argument; the start of the log if it is absent.
func (l *lesson) lsn(key string) page.LSN {
	lsn, err := page.ParseLSN(l.arg(key, page.LSN(tinySegment).String()))
	require.NoError(l.t, err)
	return lsn
}

func failed(err error) string { return fmt.Sprintf("error: %v\n", err) }

func (l *lesson) create() string {
	l.cfg.SystemID = uint64(l.number("system", testSystem))
	if err := CreateAt(l.cfg, l.lsn("at")); err != nil {
		return failed(err)
	}
	return l.open(l.lsn("at"), 0)
}

func (l *lesson) open(end, prev page.LSN) string {
	log, err := Open(l.cfg, end, prev)
	if err != nil {
		return failed(err)
	}
	l.log = log
	return fmt.Sprintf("open at %v, previous record %v\n", end, prev)
}

// recover reads from the first record, or from=, and opens the log at its end.
func (l *lesson) recover() string {
	r := l.reader(l.lsn("from"))
	defer r.Close()
	records, err := readAll(r)
	out := fmt.Sprintf("%d records, ", len(records))
	if err != nil {
		return out + failed(err)
	}
	return out + "then " + r.EndReason() + "\n" + l.open(r.Position(), r.LastLSN())
}

func (l *lesson) reader(from page.LSN) *Reader {
	var opts []ReaderOption
	if l.standby || l.d.HasArg("received") {
		opts = append(opts, WithReceived())
	}
	if l.d.HasArg("known") {
		opts = append(opts, WithKnownDurable(l.lsn("known")))
	}
	opts = append(opts, WithSegmentBytes(tinySegment))
	return NewReader(l.fs, testDir, l.cfg.SystemID, 1, from, 0, opts...)
}

func (l *lesson) kind(key string) Kind {
	name := l.arg(key, "Generic")
	for k, n := range kindNames {
		if n == name {
			return k
		}
	}
	l.d.Fatalf(l.t, "no such record kind: %s", name)
	return 0
}

// insert inserts times= records of one kind with the body given as text or as a size.
func (l *lesson) insert() string {
	text := []byte(l.arg("body", ""))
	if n := l.number("size", 0); n > 0 {
		text = []byte(strings.Repeat("x", n))
	}
	times := l.number("times", 1)
	var first, start, end page.LSN
	for i := range times {
		start, end = l.log.Insert(l.kind("kind"), uint64(l.number("xid", 0)), func(dst []byte, _ page.LSN) []byte { return append(dst, text...) })
		if i == 0 {
			first = start
		}
	}
	if times > 1 {
		return fmt.Sprintf("%d records, first %v, last [%v, %v)\n", times, first, start, end)
	}
	return fmt.Sprintf("[%v, %v)\n", start, end)
}

func (l *lesson) flush() string {
	upTo := l.log.InsertLSN()
	if l.d.HasArg("to") {
		upTo = l.lsn("to")
	}
	before := l.log.Stats()
	if err := l.log.Flush(context.Background(), upTo); err != nil {
		return failed(err)
	}
	after := l.log.Stats()
	return fmt.Sprintf("durable to %v: %d round, %d bytes written\n", l.log.FlushedLSN(), after.Flushes-before.Flushes, after.Written-before.Written)
}

func (l *lesson) state() string {
	return fmt.Sprintf("inserted %v, durable %v, oldest %v\n", l.log.InsertLSN(), l.log.FlushedLSN(), l.log.OldestLSN())
}

func (l *lesson) dump() string {
	var out strings.Builder
	r := l.reader(l.lsn("from"))
	defer r.Close()
	opts := DumpOptions{Most: l.number("most", 0)}
	if l.d.HasArg("kind") {
		kind := l.kind("kind")
		opts.Match = func(rec *Record) bool { return rec.Kind == kind }
	}
	opts.Describe = func(rec *Record) string {
		if len(rec.Body) > 20 {
			return fmt.Sprintf("%d bytes", len(rec.Body))
		}
		return string(rec.Body)
	}
	if err := Dump(&out, r, opts); err != nil {
		out.WriteString(failed(err))
	}
	return out.String()
}

// crash replaces the disk by what a power loss leaves of it. restart alone ends the process only.
func (l *lesson) crash() string {
	if l.log != nil {
		_ = l.log.Close()
		l.log = nil
	}
	mode := map[string]vfs.CrashMode{"drop": vfs.DropUnsynced, "keep": vfs.KeepAll, "random": vfs.Random}[l.arg("unsynced", "drop")]
	if l.d.HasArg("restart") {
		l.fs.SetHook(nil)
		return ""
	}
	l.fs = l.fs.CrashClone(rand.New(rand.NewSource(int64(l.number("seed", 1)))), mode)
	l.cfg.FS = l.fs
	return ""
}

// edit changes bytes of the log behind everyone's back, durably.
func (l *lesson) edit(lsn page.LSN, n int, change func([]byte)) {
	g := geometry{tinySegment}
	f, err := l.fs.OpenFile(filepath.Join(testDir, g.name(1, g.number(lsn))), os.O_RDWR, 0)
	require.NoError(l.t, err)
	b := make([]byte, n)
	_, err = f.ReadAt(b, g.offset(lsn))
	require.NoError(l.t, err)
	change(b)
	_, err = f.WriteAt(b, g.offset(lsn))
	require.NoError(l.t, err)
	require.NoError(l.t, f.Sync())
	require.NoError(l.t, f.Close())
}

func (l *lesson) flip() string {
	l.edit(l.lsn("at"), 1, func(b []byte) { b[0] ^= 1 << l.number("bit", 0) })
	return ""
}

func (l *lesson) zero() string {
	l.edit(l.lsn("at"), l.number("bytes", 1), func(b []byte) { clear(b) })
	return ""
}

// place writes bytes given in hexadecimal.
func (l *lesson) place() string {
	b, err := hex.DecodeString(l.arg("hex", ""))
	require.NoError(l.t, err)
	l.edit(l.lsn("at"), len(b), func(dst []byte) { copy(dst, b) })
	return ""
}

func (l *lesson) cut() string {
	g := geometry{tinySegment}
	f, err := l.fs.OpenFile(filepath.Join(testDir, g.name(1, g.number(l.lsn("at")))), os.O_RDWR, 0)
	require.NoError(l.t, err)
	require.NoError(l.t, f.Truncate(g.offset(l.lsn("at"))))
	require.NoError(l.t, f.Sync())
	require.NoError(l.t, f.Close())
	return ""
}

func (l *lesson) remove() string {
	g := geometry{tinySegment}
	require.NoError(l.t, l.fs.Remove(filepath.Join(testDir, g.name(1, g.number(l.lsn("at"))))))
	require.NoError(l.t, l.fs.SyncDir(testDir))
	return ""
}

func (l *lesson) ls() string {
	names, err := l.fs.ReadDir(testDir)
	require.NoError(l.t, err)
	return strings.Join(names, "\n") + "\n"
}

func (l *lesson) hex() string {
	b := make([]byte, l.number("bytes", 16))
	l.edit(l.lsn("at"), len(b), func(now []byte) { copy(b, now) })
	return hex.EncodeToString(b) + "\n"
}

func (l *lesson) recycle() string {
	if err := l.log.Recycle(l.lsn("keep")); err != nil {
		return failed(err)
	}
	return l.ls()
}

// fail makes every operation of one kind fail from now on; off ends that.
func (l *lesson) fail() string {
	if l.d.HasArg("off") {
		l.fs.SetHook(nil)
		return ""
	}
	l.fs.FailFsync(vfs.FsyncExt4)
	what, err := l.arg("op", ""), faults[l.arg("with", "EIO")]
	l.fs.SetHook(func(op vfs.Op) error {
		if op.Kind.String() == what {
			return err
		}
		return nil
	})
	return ""
}

func (l *lesson) ensure() string {
	if err := l.log.EnsureSpace(l.number("bytes", 1)); err != nil {
		return failed(err) + sqlState(err)
	}
	return "ok\n"
}

func sqlState(err error) string {
	if s, ok := err.(interface{ SQLState() string }); ok {
		return "SQLSTATE " + s.SQLState() + "\n"
	}
	return ""
}

// send turns this log into a standby's: it takes the bytes of another history, made here from the records in the input,
// one per line: kind, size.
func (l *lesson) send() string {
	l.standby = true
	_, source := newLog(l.t)
	for line := range strings.Lines(l.d.Input) {
		var size int
		var name string
		_, err := fmt.Sscan(line, &name, &size)
		require.NoError(l.t, err)
		kind := Generic
		if name == "Commit" {
			kind = Commit
		}
		source.Insert(kind, 7, func(dst []byte, _ page.LSN) []byte { return append(dst, strings.Repeat("x", size)...) })
		flushAll(l.t, source)
	}
	from, bytes := l.lsn("from"), l.number("bytes", 1<<20)
	for bytes > 0 {
		b := make([]byte, min(bytes, 1000))
		n, err := source.ReadDurable(b, from)
		require.NoError(l.t, err)
		if n == 0 {
			break
		}
		if err := l.log.AppendRaw(from, b[:n]); err != nil {
			return failed(err)
		}
		from, bytes = from+page.LSN(n), bytes-n
	}
	return l.state()
}

func (l *lesson) durable() string {
	b := make([]byte, l.number("bytes", 16))
	n, err := l.log.ReadDurable(b, l.lsn("at"))
	if err != nil {
		return failed(err) + sqlState(err)
	}
	return fmt.Sprintf("%d bytes: %s\n", n, hex.EncodeToString(b[:n]))
}

func (l *lesson) readAt() string {
	r := l.reader(0)
	defer r.Close()
	rec, err := r.ReadAt(l.lsn("at"))
	if err != nil {
		return failed(err)
	}
	return fmt.Sprintf("%v %v, previous %v\n", rec.LSN, rec.Kind, rec.Prev)
}
