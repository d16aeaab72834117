package btree

import (
	"bytes"
	"slices"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// A span is a range of encodings of one column, or of whole keys: [lo,hi). A nil hi has no end.
type span struct {
	lo, hi []byte
	point  bool // all encodings that begin with lo: one value
}

func (s *span) contains(b []byte) bool {
	return bytes.Compare(b, s.lo) >= 0 && (s.hi == nil || bytes.Compare(b, s.hi) < 0)
}

func (s *span) empty() bool { return s.hi != nil && bytes.Compare(s.lo, s.hi) >= 0 }

// pointOf is the span of one encoded value.
func pointOf(enc []byte) span {
	hi, _ := successor(enc)
	return span{lo: enc, hi: hi, point: true}
}

// A condition is what a scan asks of one column: spans in ascending order that do not touch. No condition at all is nil.
type condition []span

// search is what a scan asks of an index.
type search struct {
	*schema
	// lead are the conditions of the first columns up to and including the first one without points; they make ranges.
	lead []condition
	// filters are those of later columns, by column; nil where there is none.
	filters []condition
	// need is the number of columns that a filter or a return value looks at.
	need int
}

// newSearch turns scan keys into conditions. ok is false if they contradict one another.
func newSearch(s *schema, keys []sdk.ScanKey) (q *search, ok bool, err error) {
	conds := make([]condition, len(s.columns))
	for _, k := range keys {
		c, err := s.condition(k)
		if err != nil {
			return nil, false, err
		}
		if conds[k.Column] != nil {
			c = intersect(conds[k.Column], c)
		}
		if len(c) == 0 {
			return nil, false, nil
		}
		conds[k.Column] = c
	}
	q = &search{schema: s, filters: make([]condition, len(s.columns))}
	leading := true
	for i, c := range conds {
		switch {
		case leading && c != nil:
			q.lead = append(q.lead, c)
		case c != nil:
			q.filters[i], q.need = c, i+1
		}
		if c == nil || slices.ContainsFunc(c, func(s span) bool { return !s.point }) {
			leading = false
		}
	}
	return q, true, nil
}

// condition is what one scan key asks of its column, as spans of encodings.
func (s *schema) condition(k sdk.ScanKey) (condition, error) {
	col := s.columns[k.Column]
	values := span{lo: []byte{ordkey.NotNull}, hi: []byte{ordkey.NotNull + 1}}
	switch k.Operator {
	case wire.IsNotNull:
		return condition{values}, nil
	case wire.IsNull:
		enc, err := s.appendColumn(nil, k.Column, nil)
		return condition{pointOf(enc)}, err
	case wire.AnyEqual:
		return s.anyOf(k)
	}
	if k.Arg.IsNull() {
		return condition{}, nil
	}
	enc, err := s.appendColumn(nil, k.Column, k.Arg)
	if err != nil {
		return nil, err
	}
	at := pointOf(enc)
	op := k.Operator
	if turned, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]; ok && col.Descending {
		op = turned
	}
	switch op {
	case "=":
		return condition{at}, nil
	case "<":
		values.hi = at.lo
	case "<=":
		values.hi = at.hi
	case ">":
		values.lo = at.hi
	case ">=":
		values.lo = at.lo
	default:
		return nil, sdk.Errorf(sdk.ErrUnsupported, "operator %q", k.Operator)
	}
	if values.empty() {
		return condition{}, nil
	}
	return condition{values}, nil
}

// anyOf is a span for each value of a list, in the order of the index.
func (s *schema) anyOf(k sdk.ScanKey) (condition, error) {
	out := make(condition, 0, len(k.Args))
	for _, v := range k.Args {
		if v.IsNull() {
			continue
		}
		enc, err := s.appendColumn(nil, k.Column, v)
		if err != nil {
			return nil, err
		}
		out = append(out, pointOf(enc))
	}
	slices.SortFunc(out, func(a, b span) int { return bytes.Compare(a.lo, b.lo) })
	return slices.CompactFunc(out, func(a, b span) bool { return bytes.Equal(a.lo, b.lo) }), nil
}

// intersect is what both conditions allow.
func intersect(a, b condition) condition {
	out := condition{}
	for len(a) > 0 && len(b) > 0 {
		s := span{lo: maxBytes(a[0].lo, b[0].lo), hi: minEnd(a[0].hi, b[0].hi), point: a[0].point || b[0].point}
		if !s.empty() {
			out = append(out, s)
		}
		if a[0].hi == nil || b[0].hi != nil && bytes.Compare(a[0].hi, b[0].hi) > 0 {
			b = b[1:]
		} else {
			a = a[1:]
		}
	}
	return out
}

func maxBytes(a, b []byte) []byte {
	if bytes.Compare(a, b) >= 0 {
		return a
	}
	return b
}

// minEnd is the smaller of two ends, nil being none.
func minEnd(a, b []byte) []byte {
	if a == nil || b != nil && bytes.Compare(b, a) < 0 {
		return b
	}
	return a
}

// A rangeList walks the ranges of keys that a search has to read, in the order of the index or backwards. They do not overlap.
type rangeList struct {
	lead     []condition
	at       []int // the span of each leading condition
	backward bool
	done     bool
}

func (q *search) ranges(backward bool) *rangeList {
	r := &rangeList{lead: q.lead, at: make([]int, len(q.lead)), backward: backward}
	for i, c := range q.lead {
		if backward {
			r.at[i] = len(c) - 1
		}
	}
	return r
}

// current is the range at hand.
func (r *rangeList) current() span {
	var prefix []byte
	for i, c := range r.lead {
		s := c[r.at[i]]
		if i == len(r.lead)-1 {
			out := span{lo: slices.Concat(prefix, s.lo)}
			if s.hi != nil {
				out.hi = slices.Concat(prefix, s.hi)
			} else {
				out.hi, _ = successor(prefix)
			}
			return out
		}
		prefix = append(prefix, s.lo...)
	}
	return span{}
}

// next moves on; it returns false after the last range.
func (r *rangeList) next() bool {
	for i := len(r.at) - 1; i >= 0; i-- {
		switch {
		case !r.backward && r.at[i]+1 < len(r.lead[i]):
			r.at[i]++
			return true
		case r.backward && r.at[i] > 0:
			r.at[i]--
			return true
		case r.backward:
			r.at[i] = len(r.lead[i]) - 1
		default:
			r.at[i] = 0
		}
	}
	r.done = true
	return false
}

// matches tests the filters on a key.
func (q *search) matches(key []byte) (bool, error) {
	for i := 0; i < q.need; i++ {
		c := &q.columns[i]
		n, err := ordkey.Length(c.Type, key, c.Descending)
		if err != nil {
			return false, err
		}
		if f := q.filters[i]; f != nil && !f.contains(key[:n]) {
			return false, nil
		}
		key = key[n:]
	}
	return true, nil
}

// contains finds the span that an encoding lies in, if any.
func (c condition) contains(enc []byte) bool {
	i, found := slices.BinarySearchFunc(c, enc, func(s span, b []byte) int { return bytes.Compare(s.lo, b) })
	return found || i > 0 && c[i-1].contains(enc)
}
