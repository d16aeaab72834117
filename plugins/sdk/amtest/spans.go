package amtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// runSpans runs what methods with spans promise.
func runSpans(t *testing.T, cfg Config, columns []sdk.Column) {
	if cfg.Method.Describe().Caps.Spans {
		runTests(t, cfg, columns, []test{{"Spans", (*run).spans}, {"SpansMeanwhile", (*run).spansMeanwhile}})
	}
}

// Lookup searches for the rows that meet the keys, and asks for a span. more says that there are more hits than belong into the answer
// of a lookup, which has none then.
func (ix *Index) Lookup(ctx context.Context, keys []sdk.ScanKey) (hits []sdk.Hit, span *wire.Span, more bool, err error) {
	call := &pb.Call{Method: pb.Method_SCAN, Lookups: []*pb.Lookup{{Keys: wire.KeysToProto(keys), Span: true}}}
	r, err := ix.run(ctx, ix.Store.Open(), call, nil, nil)
	if err != nil {
		return nil, nil, false, err
	}
	if len(r.GetFound()) != 1 {
		return nil, nil, false, fmt.Errorf("%d answers to one lookup", len(r.GetFound()))
	}
	f := r.GetFound()[0]
	if f.GetSpan() != nil {
		if span, err = wire.SpanFromProto(f.GetSpan()); err != nil {
			return nil, nil, false, err
		}
	}
	hits, err = wire.DecodeHits(nil, f.GetHits().GetPacked(), int(f.GetHits().GetCount()), nil)
	return hits, span, f.GetAgain(), err
}

// Holds reports whether the page that a span rests on has not changed.
func (s *Store) Holds(span *wire.Span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(span.Block) < len(s.mu.pages) && s.mu.pages[span.Block].version == span.Version
}

// A Truth is the rows of an index by their keys, to hold spans against.
type Truth struct {
	keys [][]byte
	rows map[string][]page.TID
}

// EncodeKey is the key of a row in the encoding of core/ordkey.
func EncodeKey(columns []sdk.Column, values []sdk.Value) (key []byte, err error) {
	for i, c := range columns {
		if key, err = ordkey.Append(key, c.Type, values[i], c.Descending, c.NullsFirst); err != nil {
			return nil, err
		}
	}
	return key, nil
}

// NewTruth encodes the keys of rows.
func NewTruth(columns []sdk.Column, rows map[page.TID][]sdk.Value) (*Truth, error) {
	t := &Truth{rows: make(map[string][]page.TID)}
	for tid, values := range rows {
		key, err := EncodeKey(columns, values)
		if err != nil {
			return nil, err
		}
		if t.rows[string(key)] == nil {
			t.keys = append(t.keys, key)
		}
		t.rows[string(key)] = append(t.rows[string(key)], tid)
	}
	slices.SortFunc(t.keys, bytes.Compare)
	for _, tids := range t.rows {
		slices.SortFunc(tids, page.TID.Compare)
	}
	return t, nil
}

// Check compares a span that holds with the rows that there are: everything it covers, and nothing else.
func (t *Truth) Check(s *wire.Span) error {
	i := 0
	for _, key := range t.keys {
		if !s.Covers(key) {
			continue
		}
		if i == s.Len() || !bytes.Equal(s.Key(i), key) {
			return fmt.Errorf("the span of block %d from %x to %x lacks key %x of rows %v", s.Block, s.Low, s.High, key, t.rows[string(key)])
		}
		if got := s.AppendTIDs(nil, i, i+1); !slices.Equal(got, t.rows[string(key)]) {
			return fmt.Errorf("the span of block %d says rows %v of key %x, they are %v", s.Block, got, key, t.rows[string(key)])
		}
		i++
	}
	if i < s.Len() {
		return fmt.Errorf("the span of block %d has key %x, which no row has", s.Block, s.Key(i))
	}
	return nil
}

// wholeKeys are conditions that only rows with these values meet, none of them NULL.
func wholeKeys(values []sdk.Value) (keys []sdk.ScanKey) {
	for c, v := range values {
		keys = append(keys, sdk.ScanKey{Column: c, Operator: "=", Arg: v})
	}
	return keys
}

// target are values to search for, mostly those of a row that is there.
func (r *run) target() []sdk.Value {
	if r.rng.IntN(4) > 0 {
		for _, values := range r.rows {
			if !slices.ContainsFunc(values, sdk.Value.IsNull) {
				return values
			}
		}
	}
	values := make([]sdk.Value, len(r.ix.Info.Columns))
	for c, col := range r.ix.Info.Columns {
		values[c] = kinds[col.Type].make(r.rng)
	}
	return values
}

// spans: all spans ever given, of old processes too, tell the truth whenever their page has the version they name, whatever else happened.
func (r *run) spans() {
	r.start(r.cfg.Rows/4, 500)
	var held []*wire.Span
	asked, given, held1 := 0, 0, 0
	check := func() {
		truth, err := NewTruth(r.ix.Info.Columns, r.rows)
		require.NoError(r, err)
		held = slices.DeleteFunc(held, func(s *wire.Span) bool { return !r.ix.Store.Holds(s) })
		for _, s := range held {
			held1++
			require.NoError(r, truth.Check(s))
		}
	}
	for round := range 12 {
		for range 20 {
			values := r.target()
			asked++
			hits, span, more, err := r.ix.Lookup(r.ctx, wholeKeys(values))
			require.NoError(r, err)
			truth, err := NewTruth(r.ix.Info.Columns, r.rows)
			require.NoError(r, err)
			key, err := EncodeKey(r.ix.Info.Columns, values)
			require.NoError(r, err)
			if !more {
				var got []page.TID
				for _, h := range hits {
					got = append(got, h.TID)
				}
				slices.SortFunc(got, page.TID.Compare)
				require.Equal(r, truth.rows[string(key)], got)
			}
			if span != nil {
				given++
				require.True(r, r.ix.Store.Holds(span), "a span of a page as it was once")
				held = append(held, span)
			}
		}
		check()
		switch round % 4 {
		case 0, 1:
			for _, n := range []int{1, 1, 3, r.cfg.Rows / 20} {
				r.insertAll(r.make(n))
				check()
			}
		case 2:
			_, err := r.ix.BulkDelete(r.ctx, r.remove(0.5), 0)
			require.NoError(r, err)
			check()
			_, err = r.ix.Cleanup(r.ctx, 0)
			require.NoError(r, err)
			check()
		case 3:
			r.restart()
		}
	}
	r.Logf("%d spans in %d answers, held against the rows %d times", given, asked, held1)
}

// spansMeanwhile: while rows come and go, spans have of the rows that stay exactly those that they cover.
func (r *run) spansMeanwhile() {
	r.start(r.cfg.Rows/10, 500)
	columns := r.ix.Info.Columns
	stay, err := NewTruth(columns, r.rows)
	require.NoError(r, err)
	staying := make(map[page.TID]bool, len(r.rows))
	for tid := range r.rows {
		staying[tid] = true
	}
	targets := make([][]sdk.Value, 50)
	for i := range targets {
		targets[i] = r.target()
	}
	var batches [][]sdk.Row
	for range 20 {
		batches = append(batches, r.make(r.cfg.Rows/100))
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	fail := make(chan error, 4)
	for range 2 {
		wg.Go(func() {
			for i := 0; !done.Load(); i++ {
				_, span, _, err := r.ix.Lookup(r.ctx, wholeKeys(targets[i%len(targets)]))
				if err == nil && span != nil {
					err = stay.among(span, staying)
				}
				if err != nil {
					fail <- err
					return
				}
			}
		})
	}
	for _, batch := range batches {
		_, err := r.ix.Insert(r.ctx, batch, 0)
		require.NoError(r, err)
		dead := make([]page.TID, len(batch))
		for i, row := range batch {
			dead[i] = row.TID
			delete(r.rows, row.TID)
		}
		_, err = r.ix.BulkDelete(r.ctx, dead, 0)
		require.NoError(r, err)
		_, err = r.ix.Cleanup(r.ctx, 0)
		require.NoError(r, err)
	}
	done.Store(true)
	wg.Wait()
	close(fail)
	require.NoError(r, <-fail)
	r.search(nil, nil)
}

// among is Check for rows that are there beside others.
func (t *Truth) among(s *wire.Span, staying map[page.TID]bool) error {
	for _, key := range t.keys {
		if !s.Covers(key) {
			continue
		}
		i, j := s.Find(key)
		got := slices.DeleteFunc(s.AppendTIDs(nil, i, j), func(tid page.TID) bool { return !staying[tid] })
		if !slices.Equal(got, t.rows[string(key)]) {
			return fmt.Errorf("the span of block %d says rows %v of key %x, of those that stay they are %v", s.Block, got, key, t.rows[string(key)])
		}
	}
	return nil
}
