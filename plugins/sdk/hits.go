package sdk

import (
	"fmt"
	"math"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// hitBatch is the number of hits that travel together.
const hitBatch = 4096

// A HitWriter takes the rows a scan finds. Rows travel in batches; a scan whose reader has enough is cancelled through
// its context, and the next Add returns the error.
type HitWriter struct {
	flush   func(packed []byte, count int, orderBy []float64) error
	packed  []byte
	orderBy []float64
	count   int
	total   int
}

// NewHitWriter returns a writer that hands each batch to fn. It is for tests of an author's own Scan.
func NewHitWriter(fn func([]Hit) error) *HitWriter {
	return &HitWriter{flush: func(packed []byte, count int, orderBy []float64) error {
		hits, err := wire.DecodeHits(nil, packed, count, orderBy)
		if err != nil {
			return err
		}
		return fn(hits)
	}}
}

// Add reports a row. With recheck the host tests the condition on the row itself.
func (w *HitWriter) Add(tid page.TID, recheck bool) error {
	if !tid.IsValid() {
		return fmt.Errorf("%w: row address %v cannot be", ErrCorruptIndex, tid)
	}
	w.packed = wire.AppendHit(w.packed, tid, recheck)
	w.count++
	w.total++
	if w.count == hitBatch {
		return w.Flush()
	}
	return nil
}

// AddOrdered reports a row of a scan by distance with its distance. A scan uses either Add or AddOrdered.
func (w *HitWriter) AddOrdered(tid page.TID, recheck bool, distance float64) error {
	if math.IsNaN(distance) {
		return fmt.Errorf("%w: the distance of row %v is not a number", ErrInvalidValue, tid)
	}
	w.orderBy = append(w.orderBy, distance)
	return w.Add(tid, recheck)
}

// Flush sends what is waiting. A scan that pauses for long between hits may call it; the end of the scan does.
func (w *HitWriter) Flush() error {
	if w.count == 0 {
		return nil
	}
	err := w.flush(w.packed, w.count, w.orderBy)
	w.packed, w.orderBy, w.count = w.packed[:0], w.orderBy[:0], 0
	return err
}

// Count is the number of rows reported so far.
func (w *HitWriter) Count() int { return w.total }
