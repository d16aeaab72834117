package btree

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// A runFile is a temporary file with sorted runs one after the other.
type runFile struct {
	file spillFile
	size int64
	runs []run
}

// A run is the stretch [from,to) of a file: full keys in order.
//
//	+-----------------+-----+---------+
//	| uvarint length  | key | address |
//	+-----------------+-----+---------+
type run struct{ from, to int64 }

// A runWriter appends a run.
type runWriter struct {
	to   *runFile
	from int64
	buf  []byte
}

func (f *runFile) begin() *runWriter {
	return &runWriter{to: f, from: f.size, buf: make([]byte, 0, runBuffer)}
}

func (w *runWriter) add(key, tid []byte) error {
	if len(w.buf) > 0 && len(w.buf)+len(key)+len(tid)+binary.MaxVarintLen16 > runBuffer {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.buf = encodeEntry(w.buf, key, tid)
	return nil
}

func (w *runWriter) flush() error {
	n, err := w.to.file.WriteAt(w.buf, w.to.size)
	w.to.size += int64(n)
	w.buf = w.buf[:0]
	return err
}

func (w *runWriter) end() error {
	err := w.flush()
	w.to.runs = append(w.to.runs, run{w.from, w.to.size})
	return err
}

// A runReader reads a run.
type runReader struct {
	file     spillFile
	next, to int64
	buf      []byte
	rest     []byte
	key, tid []byte // the full key at hand
}

// advance takes the next full key; it returns false at the end.
func (r *runReader) advance() (bool, error) {
	for {
		if n, w := binary.Uvarint(r.rest); w > 0 {
			if end := w + int(n) + page.TIDSize; n <= maxKey && end <= len(r.rest) {
				r.key, r.tid, r.rest = r.rest[w:end-page.TIDSize], r.rest[end-page.TIDSize:end], r.rest[end:]
				return true, nil
			}
		}
		if r.next == r.to {
			if len(r.rest) > 0 {
				return false, fmt.Errorf("%w: a temporary file ends within a key", sdk.ErrHost)
			}
			return false, nil
		}
		if len(r.rest) > maxItem {
			return false, fmt.Errorf("%w: a temporary file holds a key of more than %d bytes", sdk.ErrHost, maxKey)
		}
		kept := copy(r.buf[:cap(r.buf)], r.rest)
		want := int(min(int64(cap(r.buf)-kept), r.to-r.next))
		if _, err := r.file.ReadAt(r.buf[kept:kept+want], r.next); err != nil {
			return false, err
		}
		r.next += int64(want)
		r.rest = r.buf[:kept+want]
	}
}

// merge calls fn for all full keys of some runs in order.
func (f *runFile) merge(runs []run, fn func(key, tid []byte) error) error {
	h := make(runHeap, 0, len(runs))
	for _, r := range runs {
		reader := &runReader{file: f.file, next: r.from, to: r.to, buf: make([]byte, runBuffer)}
		ok, err := reader.advance()
		if err != nil {
			return err
		}
		if ok {
			h = append(h, reader)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := fn(h[0].key, h[0].tid); err != nil {
			return err
		}
		ok, err := h[0].advance()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

// A runHeap has the run with the lowest full key first.
type runHeap []*runReader

func (h runHeap) Len() int      { return len(h) }
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h runHeap) Push(x any)    { panic("runs are there from the beginning") }

func (h runHeap) Less(i, j int) bool {
	if c := bytes.Compare(h[i].key, h[j].key); c != 0 {
		return c < 0
	}
	return bytes.Compare(h[i].tid, h[j].tid) < 0
}

// Pop removes the last one.
func (h *runHeap) Pop() any {
	n := len(*h) - 1
	last := (*h)[n]
	*h = (*h)[:n]
	return last
}
