package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// joinTable holds the inner rows of a hash join, or of one partition of it, by the hash of their keys. The rows lie encoded in one buffer, as in
// a spill file: that takes a fraction of the memory that values ready for use take, and the collector has nothing to look through.
type joinTable struct {
	types   datum.RowType
	data    []byte
	entries []joinEntry
	buckets []int32
}

// joinEntry is one inner row.
type joinEntry struct {
	hash    uint64
	at      int // in data; it ends where the next one begins
	next    int32
	matched bool
}

// joinEntryBytes is what an entry takes beside its row: itself and its part of the buckets.
const joinEntryBytes = 24 + 3*4

// reset empties the table. Its buffer is left to the rows that were decoded from it.
func (t *joinTable) reset() { t.data, t.entries, t.buckets = nil, t.entries[:0], nil }

// bytes is the memory in use.
func (t *joinTable) bytes() int64 { return int64(len(t.data) + joinEntryBytes*len(t.entries)) }

func (t *joinTable) add(row Row, hash uint64) {
	t.entries = append(t.entries, joinEntry{hash: hash, at: len(t.data), next: -1})
	t.data = t.types.AppendRow(t.data, row)
}

// decode puts row i into dst, whose values are good for as long as anybody holds them.
func (t *joinTable) decode(i int, dst Row) error {
	end := len(t.data)
	if i+1 < len(t.entries) {
		end = t.entries[i+1].at
	}
	return t.types.DecodeRow(t.data[t.entries[i].at:end], dst)
}

// link builds the buckets once all rows are there. Rows of a bucket stay in their order.
func (t *joinTable) link() {
	n := 16
	for n < len(t.entries)*2 {
		n *= 2
	}
	t.buckets = make([]int32, n)
	for i := range t.buckets {
		t.buckets[i] = -1
	}
	for i := len(t.entries) - 1; i >= 0; i-- {
		b := t.entries[i].hash & uint64(n-1)
		t.entries[i].next = t.buckets[b]
		t.buckets[b] = int32(i)
	}
}

func (t *joinTable) first(hash uint64) int32 {
	if len(t.entries) == 0 {
		return -1
	}
	return t.buckets[hash&uint64(len(t.buckets)-1)]
}

// joinKey computes one side of an equality for a row.
func (x *Context) joinKey(k *plan.HashKey, inner bool, row Row) (datum.Datum, error) {
	s := k.Outer
	if inner {
		s = k.Inner
	}
	if s.Slot >= 0 {
		return row[s.Slot], nil
	}
	return s.Eval(x.Eval, row)
}

// joinKeys computes one side of the equalities for a row, and their hash. null says that one of them is NULL: then the row has no
// partner.
func (x *Context) joinKeys(list []plan.HashKey, inner bool, row, keys Row) (hash uint64, null bool, err error) {
	hash = 0x9E3779B97F4A7C15
	for i := range list {
		v, err := x.joinKey(&list[i], inner, row)
		if err != nil {
			return 0, false, err
		}
		t := list[i].OuterType
		if inner {
			t = list[i].InnerType
		}
		keys[i] = v
		null = null || v.Null
		hash = (hash ^ datum.Hash(t, v)) * 0xBF58476D1CE4E5B9
		hash ^= hash >> 29
	}
	return hash, null, nil
}
