package sdk

import (
	"fmt"
	"math"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// The first message of a scan is small, so that a reader who wants few rows has them soon; each further one is several times
// larger, up to a limit.
const (
	firstHits  = 64
	mostHits   = 1000
	hitsGrowth = 4
)

// A HitWriter takes the rows a scan finds, in the order in which the reader is to have them. Rows travel in batches. When the
// reader has enough, one of the next calls returns ErrEnough, which Scan should return.
type HitWriter struct {
	flush   func(m *pb.Hits) error
	columns int // values that go with each hit
	size    int // hits of the message being filled
	packed  []byte
	orderBy []float64
	values  []byte
	count   int
	total   int
	span    *SpanWriter // nil if none is welcome
}

func newHitWriter(scan Scan, flush func(m *pb.Hits) error) *HitWriter {
	w := &HitWriter{flush: flush, columns: len(scan.Return), size: firstHits}
	if scan.Limit > 0 {
		w.size = int(min(scan.Limit, mostHits))
	}
	return w
}

// NewHitWriter returns a writer that hands each batch to fn; call Flush after the scan. It is for tests of an author's own Scan.
func NewHitWriter(scan Scan, fn func([]Hit) error) *HitWriter {
	return newHitWriter(scan, func(m *pb.Hits) error {
		hits, err := wire.DecodeHits(nil, m.GetPacked(), int(m.GetCount()), m.GetOrderBy())
		if err == nil && len(scan.Return) > 0 {
			err = wire.SetHitValues(hits, m.GetValues(), len(scan.Return))
		}
		if err != nil {
			return err
		}
		return fn(hits)
	})
}

// Add reports a row. With recheck the host tests the condition on the row itself. A scan that is to return values uses
// AddWithValues.
func (w *HitWriter) Add(tid page.TID, recheck bool) error {
	return w.AddWithValues(tid, recheck, nil)
}

// AddWithValues reports a row with the values of the columns in Scan.Return, in that order. They are copied.
func (w *HitWriter) AddWithValues(tid page.TID, recheck bool, values []Value) error {
	if !tid.IsValid() {
		return fmt.Errorf("%w: row address %v cannot be", ErrCorruptIndex, tid)
	}
	if len(values) != w.columns {
		return fmt.Errorf("%w: %d values with a hit, the scan asks for %d", ErrWrongState, len(values), w.columns)
	}
	if err := w.flushFull(); err != nil {
		return err
	}
	w.packed = wire.AppendHit(w.packed, tid, recheck)
	for _, v := range values {
		w.values = wire.AppendValue(w.values, v)
	}
	w.count++
	w.total++
	return nil
}

// flushFull sends a full message once it is clear that it is not the last, which travels with the result: when there is another hit,
// or the scan goes on to another page.
func (w *HitWriter) flushFull() error {
	if w.count >= w.size || len(w.values) > wire.MaxRowBatch {
		return w.Flush()
	}
	return nil
}

// AddOrdered reports a row of a scan by distance with its distance. A scan uses either Add or AddOrdered.
func (w *HitWriter) AddOrdered(tid page.TID, recheck bool, distance float64) error {
	if math.IsNaN(distance) {
		return fmt.Errorf("%w: the distance of row %v is not a number", ErrInvalidValue, tid)
	}
	if err := w.flushFull(); err != nil { // before the distance of the next hit joins those of the last
		return err
	}
	w.orderBy = append(w.orderBy, distance)
	return w.Add(tid, recheck)
}

// SpanWanted reports whether the host would like to have more than the answer: all that the page has on which the search ended. See Span.
func (w *HitWriter) SpanWanted() bool { return w.span != nil }

// Span begins a span: everything that the index has between two keys, as one page at one version tells it. Keys are all columns in the
// encoding of core/ordkey. low is in the span, nil for everything from the first key on; high is not, nil for everything to the last.
// The host answers searches for such keys itself as long as the page has that version. So it must be certain that whoever adds a row
// with such a key to the index, or takes one out, changes that page: the rows of a key that may go on on a neighbouring page are left
// out, by bounds that do not include it. Another call begins again.
func (w *HitWriter) Span(blk page.BlockNumber, version page.LSN, low, high []byte) *SpanWriter {
	if w.span == nil {
		return &SpanWriter{builder: wire.NewSpanBuilder(blk, version, low, high)} // goes nowhere
	}
	w.span.builder = wire.NewSpanBuilder(blk, version, low, high)
	return w.span
}

// A SpanWriter takes the rows of a span.
type SpanWriter struct{ builder *wire.SpanBuilder }

// Add adds a row: in the order of keys, and of addresses within a key. NULLs belong there like values. A span that becomes too long is
// quietly not sent.
func (s *SpanWriter) Add(key []byte, tid page.TID) error { return s.builder.Add(key, tid) }

// take returns the span, nil for none.
func (s *SpanWriter) take() *wire.Span {
	if s == nil || s.builder == nil {
		return nil
	}
	return s.builder.Span()
}

// Flush sends what is waiting. A scan that pauses for long between hits may call it; the end of the scan does.
func (w *HitWriter) Flush() error {
	if w.count == 0 {
		return nil
	}
	err := w.flush(w.message())
	w.packed, w.orderBy, w.values, w.count = w.packed[:0], w.orderBy[:0], w.values[:0], 0
	w.size = max(w.size, min(hitsGrowth*w.size, mostHits))
	return err
}

func (w *HitWriter) message() *pb.Hits {
	return &pb.Hits{Packed: w.packed, Count: uint32(w.count), OrderBy: w.orderBy, Values: w.values}
}

// take returns what is waiting, nil for nothing; it travels with the scan's result.
func (w *HitWriter) take() *pb.Hits {
	if w.count == 0 {
		return nil
	}
	return w.message()
}

// Count is the number of rows reported so far.
func (w *HitWriter) Count() int { return w.total }
