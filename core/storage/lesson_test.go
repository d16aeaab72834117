package storage

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// TestLessons runs testdata/doublewrite, which shows what the double-write area does. Commands:
//
//	open [ring=KiB]           opens the directory, prints what was repaired
//	create rel=N
//	write                     one page per line of input: "rel/fork block version"
//	sync | close | kill
//	tear rel=N block=N keep=S puts zeros behind the first S sectors of a block on disk
//	read rel=N block=N        prints the version
//	ring                      prints the complete batches in the area
//	header off=N              prints the bytes of a header, up to the end of the entries
//	stats
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "fuzz") {
			return
		}
		l := &lesson{fs: vfs.NewMem()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out, err := l.run(t, d)
			if err != nil {
				out += "error: " + err.Error() + "\n"
			}
			return out
		})
	})
}

type lesson struct {
	fs *vfs.MemFS
	m  *Manager
}

func (l *lesson) run(t *testing.T, d *datadriven.TestData) (string, error) {
	var rel, block, keep, ring int
	d.MaybeScanArgs(t, "rel", &rel)
	d.MaybeScanArgs(t, "block", &block)
	d.MaybeScanArgs(t, "keep", &keep)
	rf := page.RelFile{Rel: page.RelFileNumber(rel)}
	tag := at(rf, page.BlockNumber(block))
	switch d.Cmd {
	case "open":
		ring = 64
		d.MaybeScanArgs(t, "ring", &ring)
		m, err := OpenWith(l.fs, "d", Options{DoubleWriteBytes: int64(ring) << 10})
		if err != nil {
			return "", err
		}
		l.m = m
		return fmt.Sprintf("%d pages repaired\n", m.Stats().PagesRepaired), nil
	case "create":
		return "", l.m.Create(rf)
	case "write":
		return "", l.write(d.Input)
	case "sync":
		return "", l.m.Sync()
	case "close":
		return "", l.m.Close()
	case "kill":
		l.m.Kill()
		return "", nil
	case "tear":
		return "", l.tear(tag, keep)
	case "read":
		p := page.New()
		err := l.m.Read(tag, p)
		var corrupt *CorruptPageError
		switch {
		case errors.As(err, &corrupt):
			return "corrupt\n", nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrBeyondEnd):
			return "no such block\n", nil
		}
		return fmt.Sprintf("version %d\n", p.LSN()), err
	case "header":
		var off int
		d.ScanArgs(t, "off", &off)
		return l.header(off)
	case "ring":
		return l.ring()
	case "stats":
		s := l.m.Stats()
		return fmt.Sprintf("%d pages in %d batches, %d fsyncs of relation files\n", s.PagesWritten, s.Batches, s.FileSyncs), nil
	}
	return "", fmt.Errorf("unknown command %q", d.Cmd)
}

func (l *lesson) write(input string) error {
	var writes []PageWrite
	for _, line := range strings.Split(strings.TrimSpace(input), "\n") {
		var rel, block, version int
		if _, err := fmt.Sscanf(line, "%d %d %d", &rel, &block, &version); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		tag := at(page.RelFile{Rel: page.RelFileNumber(rel)}, page.BlockNumber(block))
		writes = append(writes, PageWrite{tag, pageAt(tag, page.LSN(version))})
	}
	return l.m.Write(writes)
}

func (l *lesson) tear(tag page.Tag, keep int) error {
	s, block := l.m.locate(tag)
	f, err := l.fs.OpenFile(l.m.path(s), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, page.Size-keep*vfs.SectorSize), block*page.Size+int64(keep)*vfs.SectorSize)
	return err
}

func (l *lesson) header(off int) (string, error) {
	bytes, err := vfs.ReadFile(l.fs, "d/doublewrite")
	if err != nil {
		return "", err
	}
	count := int(bytes[off+10])
	return hex.Dump(bytes[off : off+entriesAt+count*entryBytes]), nil
}

func (l *lesson) ring() (string, error) {
	bytes, err := vfs.ReadFile(l.fs, "d/doublewrite")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for off := int64(0); off < int64(len(bytes)); off += batchAlign {
		b, err := decodeBatch(bytes, off)
		if err != nil {
			return "", err
		}
		if b != nil {
			fmt.Fprintf(&out, "%6d: batch %d, needed from %d on: %v\n", off, b.seq, b.oldest, b.tags)
		}
	}
	return out.String(), nil
}
