package host

import (
	"slices"
	"sync"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// An inquiry is a search for one key, or for the keys that begin with some columns, in the encoding of core/ordkey; or for several that differ in
// the last of these columns.
type inquiry struct {
	key   []byte
	value []byte // while it is being encoded
	tids  []page.TID
}

var inquiries = sync.Pool{New: func() any { return &inquiry{key: make([]byte, 0, 64), value: make([]byte, 0, 64)} }}

// encode makes a key of the conditions; false if they are not one equality for each of the first columns, or ask for a value that a key
// does not keep. Of a list in the last condition it leaves the values out.
func (q *inquiry) encode(idx *am.Index, keys []am.ScanKey, opts *am.ScanOptions) bool {
	if len(keys) == 0 || len(keys) > len(idx.Columns) || opts.Direction == am.Backward {
		return false
	}
	for _, c := range opts.Return { // where equal values are the same, what is asked for is what is there
		if c < 0 || c >= len(keys) || !ordkey.Exact(uint32(idx.Columns[c].Type)) {
			return false
		}
	}
	q.key = q.key[:0]
	for i := range keys {
		k := &keys[i]
		if k.Column == i && k.Strategy == am.AnyEqual && i == len(keys)-1 {
			return true
		}
		if k.Column != i || k.Strategy != "=" || !q.append(&idx.Columns[i], k.Arg) {
			return false
		}
	}
	return true
}

// append adds a column's value to the key; false for one that no key has, about which the plugin has words.
func (q *inquiry) append(col *am.Column, v datum.Datum) bool {
	t := datum.Lookup(col.Type)
	if v.Null || t == nil {
		return false
	}
	q.value = t.AppendBinary(q.value[:0], v)
	var err error
	q.key, err = ordkey.Append(q.key, uint32(col.Type), q.value, col.Desc, col.NullsFirst)
	return err == nil
}

// known answers a search from spans, if there are some that cover it and hold. want says that the plugin should be asked for one.
func (m *method) known(idx *am.Index, keys []am.ScanKey, opts *am.ScanOptions) (f *found, want bool) {
	if !m.keeper.spanning.Load() {
		return nil, false
	}
	q := inquiries.Get().(*inquiry)
	defer inquiries.Put(q)
	if !q.encode(idx, keys, opts) {
		return nil, false
	}
	x, seen := m.keeper.spans.of(idx.Rel.Rel)
	if !seen { // one search alone is not worth a span
		return nil, false
	}
	f = &found{}
	last := &keys[len(keys)-1]
	if last.Strategy != am.AnyEqual {
		if want, ok := m.find(q, f, x, idx, keys, opts, last.Arg); !ok {
			return nil, want
		}
		return f, false
	}
	col, prefix := &idx.Columns[last.Column], len(q.key)
	for i := range last.Args { // ascending; the hits come in the order of the index
		v := last.Args[i]
		if col.Desc {
			v = last.Args[len(last.Args)-1-i]
		}
		if q.key = q.key[:prefix]; !q.append(col, v) {
			return nil, false
		}
		if _, ok := m.find(q, f, x, idx, keys, opts, v); !ok {
			return nil, false
		}
	}
	return f, false
}

// find adds to f the rows whose keys begin with q's; last is the value that the last condition asks for. It is not ok without a span that
// covers them and holds.
func (m *method) find(q *inquiry, f *found, x *indexSpans, idx *am.Index, keys []am.ScanKey, opts *am.ScanOptions, last datum.Datum) (want, ok bool) {
	spans := m.keeper.spans
	st := x.at(q.key)
	if st == nil {
		return x.barren.due() && spans.room.due(), false
	}
	h := st.span.Load()
	if h == nil {
		return st.fickle.due(), false
	}
	if !h.Covers(q.key) {
		return false, false // a prefix that goes on on another page
	}
	if !m.holds(idx, h) {
		spans.drop(st, h)
		return st.fickle.due(), false
	}
	if !st.used.Load() {
		st.used.Store(true)
	}
	if !h.served.Load() {
		h.served.Store(true)
	}
	return false, q.answer(f, m.keeper.cfg.Pages, idx, h.Span, keys, opts, last)
}

// holds reports whether the page that a span rests on is still what it was (H8).
func (m *method) holds(idx *am.Index, h *heldSpan) bool {
	if h.watch.Load().Holds() {
		return true
	}
	w, ok, err := m.keeper.cfg.Pages.Watch(*idx, h.Block, h.Version) // it may have been evicted and read again
	if err != nil || !ok {
		return false
	}
	h.watch.Store(&w)
	return true
}

// answer adds hits of what a span has.
func (q *inquiry) answer(f *found, pages PageStore, idx *am.Index, span *wire.Span, keys []am.ScanKey, opts *am.ScanOptions, last datum.Datum) bool {
	i, j := span.Find(q.key)
	if i == j {
		return true
	}
	q.tids = span.AppendTIDs(q.tids[:0], i, j)
	if f.hits == nil && len(q.tids) == 1 {
		f.hits = f.one[:0]
	}
	f.hits = slices.Grow(f.hits, len(q.tids))
	var values []datum.Datum
	if len(opts.Return) > 0 {
		values = make([]datum.Datum, len(opts.Return))
		for i, c := range opts.Return {
			if values[i] = last; c < len(keys)-1 {
				values[i] = keys[c].Arg
			}
		}
	}
	length, err := pages.HeapLength(*idx)
	for _, tid := range q.tids {
		if err != nil || tid.Block >= length { // H5: the table was made shorter since, or the span lied
			return false
		}
		f.hits = append(f.hits, am.Hit{TID: tid, Values: values})
	}
	return true
}

// keep takes a span that came with an answer, and believes none of it (H5). An error is the plugin's failure.
func (m *method) keep(idx *am.Index, p *pb.Span) error {
	x, _ := m.keeper.spans.of(idx.Rel.Rel)
	if p == nil {
		x.barren.disappoint()
		return nil
	}
	span, err := wire.SpanFromProto(p)
	if err != nil {
		return protocolError("%w", err)
	}
	if err := m.checkSpan(idx, span); err != nil {
		return err
	}
	w, ok, err := m.keeper.cfg.Pages.Watch(*idx, span.Block, span.Version)
	if err != nil {
		return nil // of reading the page, which the next one who needs it is told
	}
	if !ok { // the page moved on; as good as a span that was dropped at once
		if st := x.at(span.Low); st != nil {
			st.fickle.disappoint()
		}
		return nil
	}
	x.barren.reward()
	m.keeper.spans.put(x, span, w)
	return nil
}

// checkSpan holds a span against the index and its table.
func (m *method) checkSpan(idx *am.Index, span *wire.Span) error {
	length, err := m.keeper.cfg.Pages.HeapLength(*idx)
	if err != nil {
		return pgerr.New(pgerr.InternalError, "length of the table under index %s: %w", idx.Name, err)
	}
	var tids []page.TID
	for i := range span.Len() {
		rest := span.Key(i)
		for _, col := range idx.Columns {
			n, err := ordkey.Length(uint32(col.Type), rest, col.Desc)
			if err != nil {
				return protocolError("span: key %x: %w", span.Key(i), err)
			}
			rest = rest[n:]
		}
		if len(rest) > 0 {
			return protocolError("span: key %x has %d bytes behind its columns", span.Key(i), len(rest))
		}
		tids = span.AppendTIDs(tids[:0], i, i+1)
		for _, tid := range tids {
			if int(tid.Offset) > maxOffset {
				return lieError("index returned the row address %v, which no page can hold", tid)
			}
			if tid.Block >= length {
				return lieError("index returned the row address %v, the table has %d blocks", tid, length)
			}
		}
	}
	return nil
}
