package wal

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
)

// stagingBytes is the largest write that is copied together first, so that a small flush is a single system call.
const stagingBytes = 64 << 10

// output is the flush leader's hand: the segment it writes to and a buffer for the padded last block.
type output struct {
	file    *file
	staging []byte
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return f.Close()
}

// writeOut writes [from, to) in whole blocks and syncs it. The last block is padded with zeros; the next flush writes it
// again with more in it, which changes no byte below to (W1).
//
// Holds: leadership.
func (l *Log) writeOut(from, to page.LSN) error {
	for from < to {
		number := l.geo.number(from)
		end := min(to, l.geo.start(number+1))
		f, err := l.outputFile(number)
		if err != nil {
			return err
		}
		if err := l.writeSegment(f, blockFloor(from), end); err != nil {
			return fmt.Errorf("write WAL segment %s from %v to %v: %w", f.Name(), from, end, err)
		}
		if err := f.Sync(); err != nil {
			return fmt.Errorf("sync WAL segment %s from %v to %v: %w", f.Name(), from, end, err)
		}
		from = end
	}
	return nil
}

// writeSegment writes [from, to), which lies in one segment, and the zeros up to the end of the last block.
func (l *Log) writeSegment(f *file, from, to page.LSN) error {
	whole := blockFloor(to)
	if to-from <= stagingBytes-blockBytes {
		whole = from
	}
	first, second := l.ring.spans(from, whole)
	for _, b := range [][]byte{first, second} {
		if len(b) == 0 {
			continue
		}
		if err := l.write(f, from, b); err != nil {
			return err
		}
		from += page.LSN(len(b))
	}
	if from == to {
		return nil
	}
	b := l.out.staging[:blockCeil(to)-from]
	n := int(to - from)
	l.ring.copyOut(b[:n], from)
	clear(b[n:])
	return l.write(f, from, b)
}

func (l *Log) write(f *file, at page.LSN, b []byte) error {
	l.counts.written.Add(uint64(len(b)))
	_, err := f.WriteAt(b, l.geo.offset(at))
	return err
}

// outputFile returns the segment with this number, open for writing. It is made here only if the caller of Insert did
// not ask EnsureSpace; then a full disk is fatal.
func (l *Log) outputFile(number uint64) (*file, error) {
	if l.out.file != nil && l.out.file.number == number {
		return l.out.file, nil
	}
	if err := l.out.close(); err != nil {
		return nil, fmt.Errorf("close WAL segment: %w", err)
	}
	if err := l.extend(l.geo.start(number + 1)); err != nil {
		return nil, err
	}
	name := filepath.Join(l.cfg.Dir, l.geo.name(l.cfg.Timeline, number))
	f, err := l.cfg.FS.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open WAL segment: %w", err)
	}
	l.out.file = &file{number: number, File: f}
	return l.out.file, nil
}
