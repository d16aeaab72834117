package genericxlog_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// BenchmarkFinish is one change of one page: register, edit, encode, log, install. The page is emptied when it is full.
func BenchmarkFinish(b *testing.B) {
	w := newWorld(b)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	buf, err := w.pool.Pin(rel.Tag(0))
	require.NoError(b, err)
	defer buf.Unpin()
	item := make([]byte, 16)
	b.ReportAllocs()
	start := w.log.InsertLSN()
	for i := 0; b.Loop(); i++ {
		buf.Lock()
		s := w.gx.Start(rel)
		e, err := s.RegisterBuffer(buf, 0)
		if err != nil {
			b.Fatal(err)
		}
		if e.Page().NumItems() > 200 {
			err = e.Init(0, 0)
		} else {
			err = e.InsertItem(1, item)
		}
		if err == nil {
			_, err = s.Finish()
		}
		if err != nil {
			b.Fatal(err)
		}
		buf.Unlock()
		if i%4096 == 0 {
			require.NoError(b, w.log.Recycle(w.log.FlushedLSN()))
			require.NoError(b, w.log.Flush(context.Background(), w.log.InsertLSN()))
		}
	}
	b.ReportMetric(float64(w.log.InsertLSN()-start)/float64(b.N), "wal-B/op")
}

// BenchmarkFinishEdits is the same in the form that plugins use.
func BenchmarkFinishEdits(b *testing.B) {
	w := newWorld(b)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	b.ReportAllocs()
	edit := w.forward(rel, 0, insert(1, []byte("0123456789abcdef")))
	empty := w.forward(rel, 0, func(e *page.Editor) error { return e.Init(0, 1) })
	for i := 0; b.Loop(); i++ {
		use := &edit
		if i%200 == 199 {
			use = &empty
		}
		use.Version = w.page(rel, 0).LSN()
		if _, err := w.gx.FinishEdits(rel, 0, "bench", []genericxlog.BlockEdit{*use}); err != nil {
			b.Fatal(err)
		}
		if i%4096 == 0 {
			require.NoError(b, w.log.Recycle(w.log.FlushedLSN()))
		}
	}
}
