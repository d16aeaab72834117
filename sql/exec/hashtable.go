package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// joinRow is one inner row of a hash join.
type joinRow struct {
	row     Row
	keys    Row
	hash    uint64
	next    int32 // in its bucket, -1 at the end
	matched bool
}

// joinTable holds the inner rows of a hash join, or of one partition of it, by the hash of their keys.
type joinTable struct {
	rows    []joinRow
	buckets []int32
	bytes   int64
}

func (t *joinTable) reset() { *t = joinTable{rows: t.rows[:0]} }

// add takes a row, which belongs to the table from now on.
func (t *joinTable) add(row, keys Row, hash uint64) {
	t.rows = append(t.rows, joinRow{row: row, keys: keys, hash: hash, next: -1})
	t.bytes += rowBytes(row) + rowBytes(keys) + 16
}

// link builds the buckets once all rows are there. Rows of a bucket stay in their order.
func (t *joinTable) link() {
	n := 16
	for n < len(t.rows)*2 {
		n *= 2
	}
	t.buckets = make([]int32, n)
	for i := range t.buckets {
		t.buckets[i] = -1
	}
	for i := len(t.rows) - 1; i >= 0; i-- {
		b := t.rows[i].hash & uint64(n-1)
		t.rows[i].next = t.buckets[b]
		t.buckets[b] = int32(i)
	}
}

func (t *joinTable) first(hash uint64) int32 {
	if len(t.rows) == 0 {
		return -1
	}
	return t.buckets[hash&uint64(len(t.buckets)-1)]
}

// joinKeys computes one side of the equalities for a row, and their hash. null says that one of them is NULL: then the row has no
// partner.
func (x *Context) joinKeys(list []plan.HashKey, inner bool, row, keys Row) (hash uint64, null bool, err error) {
	hash = 0x9E3779B97F4A7C15
	for i := range list {
		s, t := list[i].Outer, list[i].OuterType
		if inner {
			s, t = list[i].Inner, list[i].InnerType
		}
		v := datum.Datum{}
		if s.Slot >= 0 {
			v = row[s.Slot]
		} else if v, err = s.Eval(x.Eval, row); err != nil {
			return 0, false, err
		}
		keys[i] = v
		null = null || v.Null
		hash = (hash ^ datum.Hash(t, v)) * 0xBF58476D1CE4E5B9
		hash ^= hash >> 29
	}
	return hash, null, nil
}
