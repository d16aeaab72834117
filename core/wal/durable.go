package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// reading is the segment that ReadDurable read last. It reads files, not the ring: the bytes are in the kernel's cache,
// and inserters are not held up.
type reading struct {
	mu   sync.Mutex
	file *file
}

// forget closes the file, because the name behind it is about to change.
func (r *reading) forget() { _ = r.close() } // opened for reading: closing cannot lose anything

func (r *reading) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// ReadDurable copies durable bytes from at on and returns how many, at most to the end of a segment; 0 when nothing
// beyond at is durable yet. ErrRecycled means that the segment is gone.
func (l *Log) ReadDurable(dst []byte, at page.LSN) (int, error) {
	number := l.geo.number(at)
	name := l.geo.name(l.cfg.Timeline, number)
	if at < l.OldestLSN() {
		return 0, &recycledError{name: name}
	}
	end := min(l.FlushedLSN(), l.geo.start(number+1))
	if at >= end {
		return 0, nil
	}
	dst = dst[:min(len(dst), int(end-at))]
	r := &l.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil || r.file.number != number {
		f, err := l.cfg.FS.OpenFile(filepath.Join(l.cfg.Dir, name), os.O_RDONLY, 0)
		if err != nil && at < l.OldestLSN() {
			return 0, &recycledError{name: name}
		}
		if err != nil {
			return 0, fmt.Errorf("read WAL at %v: %w", at, err)
		}
		if r.file != nil {
			_ = r.file.Close()
		}
		r.file = &file{number: number, File: f}
	}
	n, err := r.file.ReadAt(dst, l.geo.offset(at))
	if at < l.OldestLSN() { // recycled meanwhile: what was read may be anything
		return 0, &recycledError{name: name}
	}
	if n < len(dst) {
		return 0, fmt.Errorf("read %d bytes of WAL at %v from %s: %w", len(dst), at, name, err)
	}
	return n, nil
}
