package host

import (
	"sync"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// An inquiry is a search for one key, or for the keys that begin with some columns, in the encoding of core/ordkey.
type inquiry struct {
	key   []byte
	value []byte // while it is being encoded
	tids  []page.TID
}

var inquiries = sync.Pool{New: func() any { return &inquiry{key: make([]byte, 0, 64), value: make([]byte, 0, 64)} }}

// encode makes a key of the conditions; false if they are not one equality for each of the first columns, or ask for a value that a key
// does not keep.
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
		k, col := &keys[i], &idx.Columns[i]
		t := datum.Lookup(col.Type)
		if k.Column != i || k.Strategy != "=" || k.Arg.Null || t == nil {
			return false
		}
		q.value = t.AppendBinary(q.value[:0], k.Arg)
		var err error
		if q.key, err = ordkey.Append(q.key, uint32(col.Type), q.value, col.Desc, col.NullsFirst); err != nil {
			return false // the plugin has words for it
		}
	}
	return true
}

// known answers a search from a span, if there is one that holds. want says that the plugin should be asked for one.
func (m *method) known(idx *am.Index, keys []am.ScanKey, opts *am.ScanOptions) (f *found, want bool) {
	k := m.keeper
	if !k.spanning.Load() {
		return nil, false
	}
	q := inquiries.Get().(*inquiry)
	defer inquiries.Put(q)
	if !q.encode(idx, keys, opts) {
		return nil, false
	}
	x, seen := k.spans.of(idx.Rel.Rel)
	if !seen { // one search alone is not worth a span
		return nil, false
	}
	st := x.at(q.key)
	if st == nil {
		return nil, x.barren.due() && k.spans.room.due()
	}
	h := st.span.Load()
	if h == nil {
		return nil, st.fickle.due()
	}
	if !h.Covers(q.key) {
		return nil, false // a prefix that goes on on another page
	}
	if !m.holds(idx, h) {
		k.spans.drop(st, h)
		return nil, st.fickle.due()
	}
	if !st.used.Load() {
		st.used.Store(true)
	}
	if !h.served.Load() {
		h.served.Store(true)
	}
	return q.answer(m.keeper.cfg.Pages, idx, h.Span, keys, opts)
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

// answer makes hits of what a span has.
func (q *inquiry) answer(pages PageStore, idx *am.Index, span *wire.Span, keys []am.ScanKey, opts *am.ScanOptions) (*found, bool) {
	q.tids = q.tids[:0]
	if i, j := span.Find(q.key); i < j {
		q.tids = span.AppendTIDs(q.tids, i, j)
	}
	f := &found{}
	if len(q.tids) == 0 {
		return f, false
	}
	if f.hits = f.one[:0]; len(q.tids) > 1 {
		f.hits = make([]am.Hit, 0, len(q.tids))
	}
	var values []datum.Datum
	if len(opts.Return) > 0 {
		values = make([]datum.Datum, len(opts.Return))
		for i, c := range opts.Return {
			values[i] = keys[c].Arg
		}
	}
	length, err := pages.HeapLength(*idx)
	for _, tid := range q.tids {
		if err != nil || tid.Block >= length { // H5: the table was made shorter since, or the span lied
			return nil, false
		}
		f.hits = append(f.hits, am.Hit{TID: tid, Values: values})
	}
	return f, false
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
