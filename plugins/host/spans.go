package host

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// DefaultSpanBytes bounds what the spans of an access method take if the configuration says nothing.
const DefaultSpanBytes = 16 << 20

// stretchBytes is about what a stretch takes beside its span.
const stretchBytes = 256

// manyIndexes is how many indexes are remembered without spans before those are forgotten.
const manyIndexes = 1024

// spans are those of all indexes of an access method, as many as fit. Which of them makes room for another is found as in the buffer
// pool, by a hand that goes round and passes those that were of use since it came by.
type spans struct {
	limit   int64
	indexes atomic.Pointer[map[page.RelFileNumber]*indexSpans] // replaced under mu, never changed
	bytes   atomic.Int64
	room    patience // with those that make others go and are of no use themselves

	mu struct {
		sync.Mutex
		ring []*stretch
		hand int
	}
}

// indexSpans are the spans of one index: the stretches of its keys of which something is known, which do not overlap.
type indexSpans struct {
	barren patience // with an index that gives no spans
	mu     struct {
		sync.RWMutex
		stretches []fence // ascending
	}
}

// A fence is where a stretch begins. Most comparisons end with its first bytes.
type fence struct {
	head uint64
	*stretch
}

// A stretch is what lies between two keys: a span, or the memory of spans there that did not hold for long.
type stretch struct {
	index   *indexSpans
	low     []byte
	high    []byte
	endless bool
	place   int // in the ring; under spans.mu
	span    atomic.Pointer[heldSpan]
	used    atomic.Bool
	fickle  patience
}

// A heldSpan is a span and the page it rests on.
type heldSpan struct {
	*wire.Span
	watch  atomic.Pointer[buffer.Watch]
	served atomic.Bool
}

func newSpans(limit int64) *spans {
	if limit <= 0 {
		limit = DefaultSpanBytes
	}
	s := &spans{limit: limit}
	s.indexes.Store(&map[page.RelFileNumber]*indexSpans{})
	return s
}

// of returns what is known of an index; known is false if nobody asked before.
func (s *spans) of(rel page.RelFileNumber) (x *indexSpans, known bool) {
	if x = (*s.indexes.Load())[rel]; x != nil {
		return x, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.indexes.Load()
	if x = old[rel]; x != nil {
		return x, true
	}
	all := maps.Clone(old)
	if len(all) >= manyIndexes {
		maps.DeleteFunc(all, func(_ page.RelFileNumber, x *indexSpans) bool { return x.empty() })
	}
	x = &indexSpans{}
	all[rel] = x
	s.indexes.Store(&all)
	return x, false
}

// clear forgets everything.
func (s *spans) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.mu.ring) > 0 {
		s.forgetLocked(s.mu.ring[len(s.mu.ring)-1])
	}
	s.indexes.Store(&map[page.RelFileNumber]*indexSpans{})
}

// put keeps a span, in place of what was known of any part of its stretch.
func (s *spans) put(x *indexSpans, span *wire.Span, watch buffer.Watch) {
	h := &heldSpan{Span: span}
	h.watch.Store(&watch)
	st := &stretch{index: x, low: span.Low, high: span.High, endless: span.Endless}
	st.span.Store(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range x.replace(st) {
		st.fickle.inherit(&old.fickle)
		s.leaveLocked(old)
	}
	st.place = len(s.mu.ring)
	s.mu.ring = append(s.mu.ring, st)
	s.bytes.Add(stretchBytes + int64(span.Size()))
	for s.bytes.Load() > s.limit && len(s.mu.ring) > 1 {
		s.evictLocked(st)
	}
}

// drop lets go of a span that does not hold any more. Whether it was of use decides how soon there is another.
func (s *spans) drop(st *stretch, h *heldSpan) {
	if !st.span.CompareAndSwap(h, nil) {
		return
	}
	s.bytes.Add(-int64(h.Size()))
	if h.served.Load() {
		st.fickle.reward()
	} else {
		st.fickle.disappoint()
	}
}

// evictLocked moves the hand to a stretch that was not used since it came by, other than the newest, and forgets it.
//
// Holds: s.mu.
func (s *spans) evictLocked(newest *stretch) {
	for {
		s.mu.hand %= len(s.mu.ring)
		st := s.mu.ring[s.mu.hand]
		if st == newest || st.used.Swap(false) {
			s.mu.hand++
			continue
		}
		if h := st.span.Load(); h != nil {
			if h.served.Load() {
				s.room.reward()
			} else {
				s.room.disappoint()
			}
		}
		s.forgetLocked(st)
		return
	}
}

// forgetLocked takes a stretch out.
//
// Holds: s.mu.
func (s *spans) forgetLocked(st *stretch) {
	st.index.remove(st)
	s.leaveLocked(st)
}

// leaveLocked ends the account of a stretch that is in no index any more.
//
// Holds: s.mu.
func (s *spans) leaveLocked(st *stretch) {
	last := len(s.mu.ring) - 1
	s.mu.ring[st.place] = s.mu.ring[last]
	s.mu.ring[st.place].place = st.place
	s.mu.ring[last] = nil
	s.mu.ring = s.mu.ring[:last]
	size := int64(stretchBytes)
	if h := st.span.Swap(nil); h != nil {
		size += int64(h.Size())
	}
	s.bytes.Add(-size)
}

func (x *indexSpans) empty() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.mu.stretches) == 0
}

// at is the stretch that a key lies in, nil if there is none.
func (x *indexSpans) at(key []byte) *stretch {
	head := headOf(key)
	x.mu.RLock()
	all := x.mu.stretches
	lo, hi := 0, len(all) // the first one that begins above key is in [lo,hi]
	for lo < hi {
		m := int(uint(lo+hi) / 2)
		if f := &all[m]; f.head < head || f.head == head && bytes.Compare(f.low, key) <= 0 {
			lo = m + 1
		} else {
			hi = m
		}
	}
	var st *stretch
	if lo > 0 {
		st = all[lo-1].stretch
	}
	x.mu.RUnlock()
	if st == nil || !st.endless && bytes.Compare(key, st.high) >= 0 {
		return nil
	}
	return st
}

// replace puts a stretch in, and returns those that overlapped with it and had to go.
func (x *indexSpans) replace(st *stretch) (gone []*stretch) {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := x.mu.stretches
	from, _ := slices.BinarySearchFunc(all, st.low, func(f fence, low []byte) int { return bytes.Compare(f.low, low) })
	if from > 0 && (all[from-1].endless || bytes.Compare(all[from-1].high, st.low) > 0) {
		from--
	}
	to := from
	for to < len(all) && (st.endless || bytes.Compare(all[to].low, st.high) < 0) {
		gone = append(gone, all[to].stretch)
		to++
	}
	x.mu.stretches = slices.Replace(all, from, to, fence{headOf(st.low), st})
	return gone
}

// remove takes a stretch out.
func (x *indexSpans) remove(st *stretch) {
	x.mu.Lock()
	defer x.mu.Unlock()
	i, found := slices.BinarySearchFunc(x.mu.stretches, st.low, func(f fence, low []byte) int { return bytes.Compare(f.low, low) })
	if found && x.mu.stretches[i].stretch == st {
		x.mu.stretches = slices.Delete(x.mu.stretches, i, i+1)
	}
}

// headOf is the first bytes of a key as a number: keys compare as these do, where they differ.
func headOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
