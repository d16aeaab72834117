package buffer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// TestLessons runs the files in testdata. Commands:
//
//	new frames=N
//	set BLOCK…             changes blocks of relation 16384; each record takes 100 bytes of log from 1000 on
//	pin BLOCK… | unpin BLOCK…
//	look BLOCK             pins a block as new and gives it up
//	reserve | release BLOCK | length
//	flush [upto=LSN]       as a checkpoint does
//	drop | truncate blocks=N
//	disk on|full           what the disk says to writes
//	dump
//
// Every command prints what it wrote: pages to storage, and how far the log had to be flushed.
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "rapid") {
			return
		}
		l := &lesson{pins: make(map[int]*Buffer)}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return l.run(t, d)
		})
	})
}

type lesson struct {
	*fixture
	pins    map[int]*Buffer
	written []string
}

func (l *lesson) run(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	l.written = nil
	var before page.LSN
	if l.fixture != nil {
		before = l.flushed
	}
	if err := l.command(t, d, &out); err != nil {
		fmt.Fprintf(&out, "error: %v\n", err)
	}
	if l.flushed > before {
		fmt.Fprintf(&out, "log flushed to %d\n", l.flushed)
	}
	for _, w := range l.written {
		fmt.Fprintf(&out, "%s\n", w)
	}
	return out.String()
}

func (l *lesson) command(t *testing.T, d *datadriven.TestData, out *strings.Builder) error {
	switch d.Cmd {
	case "new":
		frames := 8
		d.MaybeScanArgs(t, "frames", &frames)
		l.fixture = newFixture(t, Config{Frames: frames})
		l.disk(false)
	case "set":
		return l.each(d, func(blk int) error {
			b, err := l.pool.PinNew(tagOf(blk))
			if err != nil {
				return err
			}
			b.Lock()
			l.change(b, 1)
			b.Unlock()
			b.Unpin()
			return nil
		})
	case "pin":
		return l.each(d, func(blk int) error {
			b, err := l.pool.Pin(tagOf(blk))
			if err == nil {
				l.pins[blk] = b
			}
			return err
		})
	case "unpin":
		return l.each(d, func(blk int) error {
			l.pins[blk].Unpin()
			return nil
		})
	case "look":
		return l.each(d, func(blk int) error {
			b, err := l.pool.PinNew(tagOf(blk))
			if err == nil {
				b.Unpin()
			}
			return err
		})
	case "reserve":
		blk, err := l.pool.Reserve(rel)
		if err == nil {
			fmt.Fprintf(out, "block %d\n", blk)
		}
		return err
	case "release":
		return l.each(d, func(blk int) error {
			l.pool.Release(rel, page.BlockNumber(blk))
			return nil
		})
	case "length":
		n, err := l.pool.Length(rel)
		fmt.Fprintf(out, "%d blocks\n", n)
		return err
	case "flush":
		var upTo uint64
		d.MaybeScanArgs(t, "upto", &upTo)
		return l.pool.FlushDirty(context.Background(), page.LSN(upTo), nil)
	case "drop":
		return l.pool.DropRelation(rel.Rel)
	case "truncate":
		var blocks uint64
		d.ScanArgs(t, "blocks", &blocks)
		return errors.Join(l.pool.TruncateRelation(rel, page.BlockNumber(blocks)), l.store.Truncate(rel, page.BlockNumber(blocks)))
	case "disk":
		l.disk(d.HasArg("full"))
	case "dump":
		return l.pool.Dump(out)
	default:
		return fmt.Errorf("unknown command %q", d.Cmd)
	}
	return nil
}

// each calls fn for every block number in the arguments.
func (l *lesson) each(d *datadriven.TestData, fn func(blk int) error) error {
	for _, arg := range d.CmdArgs {
		var blk int
		if _, err := fmt.Sscan(arg.Key, &blk); err != nil {
			return err
		}
		if err := fn(blk); err != nil {
			return err
		}
	}
	return nil
}

func (l *lesson) disk(full bool) {
	l.fs.SetHook(func(op vfs.Op) error {
		if op.Kind != vfs.OpWrite || op.Name == "data/doublewrite" {
			return nil
		}
		if full {
			return syscall.ENOSPC
		}
		l.written = append(l.written, fmt.Sprintf("write blocks [%d,%d)", op.Off/page.Size, (op.Off+op.Len)/page.Size))
		return nil
	})
}
