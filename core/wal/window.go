package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// segmentReader reads the byte stream of a log from its segment files, keeping one open.
type segmentReader struct {
	fs   vfs.FS
	dir  string
	tli  page.TimelineID
	geo  geometry
	open *file
}

func (s *segmentReader) path(number uint64) string {
	return filepath.Join(s.dir, s.geo.name(s.tli, number))
}

func (s *segmentReader) close() error {
	if s.open == nil {
		return nil
	}
	f := s.open
	s.open = nil
	return f.Close()
}

// readAt fills dst with the log from an LSN on. It stops early, without an error, where a segment is missing or short.
func (s *segmentReader) readAt(dst []byte, from page.LSN) (n int, err error) {
	for n < len(dst) {
		at := from + page.LSN(n)
		number := s.geo.number(at)
		if s.open == nil || s.open.number != number {
			if err := s.close(); err != nil {
				return n, fmt.Errorf("close WAL segment: %w", err)
			}
			f, err := s.fs.OpenFile(s.path(number), os.O_RDONLY, 0)
			if errors.Is(err, os.ErrNotExist) {
				return n, nil
			}
			if err != nil {
				return n, fmt.Errorf("read WAL at %v: %w", at, err)
			}
			s.open = &file{number: number, File: f}
		}
		piece := dst[n:min(len(dst), n+int(s.geo.start(number+1)-at))]
		m, err := s.open.ReadAt(piece, s.geo.offset(at))
		n += m
		if m == len(piece) {
			continue
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		return n, fmt.Errorf("read WAL at %v from %s: %w", at, s.path(number), err)
	}
	return n, nil
}

// window is a stretch of the log in memory.
type window struct {
	base page.LSN
	buf  []byte
}

// bytes returns what the window holds from an LSN on.
func (w *window) bytes(from page.LSN) []byte {
	if from < w.base || uint64(from-w.base) > uint64(len(w.buf)) {
		return nil
	}
	return w.buf[from-w.base:]
}

// load makes the window hold [from, to), or as much of it as the files have.
func (w *window) load(s *segmentReader, from, to page.LSN) error {
	size := int(to - from)
	if cap(w.buf) < size {
		w.buf = make([]byte, size)
	}
	n, err := s.readAt(w.buf[:size], from)
	w.base, w.buf = from, w.buf[:n]
	return err
}

// drop forgets the content, so that the next access reads the files again.
func (w *window) drop() { w.buf = w.buf[:0] }
