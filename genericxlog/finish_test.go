package genericxlog_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

func initItems(e *page.Editor) error { return e.Init(0, 0) }

func insert(at page.OffsetNumber, item []byte) func(*page.Editor) error {
	return func(e *page.Editor) error { return e.InsertItem(at, item) }
}

func TestARecordIsSmall(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	for i := range 200 {
		w.change(rel, 0, 0, insert(page.OffsetNumber(i/2+1), bytes.Repeat([]byte{byte(i)}, 16)))
	}
	all := w.records()
	largest := 0
	for _, rec := range all[1:] {
		largest = max(largest, int(rec.EndLSN-rec.LSN))
	}
	t.Logf("inserting a 16-byte item takes at most %d bytes of log", largest)
	require.LessOrEqual(t, largest, 56)
}

func TestNoChangeNoRecord(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	before, version := w.log.InsertLSN(), w.page(rel, 0).LSN()
	for _, flags := range []genericxlog.Flags{0, genericxlog.FullImage} {
		lsn := w.change(rel, 0, flags, func(e *page.Editor) error {
			e.Raw()
			return nil
		})
		require.Zero(t, lsn)
	}
	require.Equal(t, before, w.log.InsertLSN())
	require.Equal(t, version, w.page(rel, 0).LSN())
}

func TestRegisterBuffer(t *testing.T) {
	w := newWorld(t)
	rel, other := w.create(16384), w.create(16385)
	b := w.pin(rel, 0)
	defer release(b)
	s := w.gx.Start(rel)
	e, err := s.RegisterBuffer(b, 0)
	require.NoError(t, err)
	require.NoError(t, e.Init(0, 0))
	again, err := s.RegisterBuffer(b, genericxlog.FullImage)
	require.NoError(t, err)
	require.Same(t, e, again, "the same buffer gives the same copy")

	stranger := w.pin(other, 0)
	_, err = s.RegisterBuffer(stranger, 0)
	require.ErrorContains(t, err, "page 16385/main 0: buffer of another relation in a record about 16384/main")
	release(stranger)

	lsn, err := s.Finish()
	require.NoError(t, err)
	require.Equal(t, lsn, b.Version())
	_, err = s.Finish()
	require.ErrorIs(t, err, genericxlog.ErrFinished)
	_, err = s.RegisterBuffer(b, 0)
	require.ErrorIs(t, err, genericxlog.ErrFinished)

	body, err := genericxlog.DecodeBody(w.records()[0].Body, lsn)
	require.NoError(t, err)
	require.Equal(t, page.ModeImage, body.Blocks[0].Change.Mode, "a later FullImage upgrades")
}

func TestTooManyBlocks(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	s := w.gx.Start(rel)
	for blk := range page.BlockNumber(genericxlog.MaxBlocks + 1) {
		b := w.pin(rel, blk)
		defer release(b)
		e, err := s.RegisterBuffer(b, 0)
		if blk == genericxlog.MaxBlocks {
			require.ErrorIs(t, err, genericxlog.ErrTooManyBlocks)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, e.Init(0, 0))
	}
	_, err := s.Finish()
	require.NoError(t, err)
	require.Len(t, w.records(), 1)
}

func TestValidationComesFirst(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	w.change(rel, 0, 0, initItems)
	before, end := w.page(rel, 0), w.log.InsertLSN()
	for name, spoil := range map[string]func(e *page.Editor){
		"upper below lower":  func(e *page.Editor) { e.Raw()[16] = 1; e.Raw()[17] = 0 },
		"emptied":            func(e *page.Editor) { clear(e.Raw()) },
		"future horizon":     func(e *page.Editor) { require.NoError(t, e.InsertItem(1, []byte("x"))) },
		"another page size":  func(e *page.Editor) { e.Raw()[20] ^= 0x40 },
		"pointer past upper": func(e *page.Editor) { require.NoError(t, e.InsertItem(1, []byte("x"))); e.Raw()[24] = 1 },
	} {
		b := w.pin(rel, 0)
		s := w.gx.Start(rel)
		e, err := s.RegisterBuffer(b, 0)
		require.NoError(t, err)
		spoil(e)
		if name == "future horizon" {
			s.SetConflictHorizon(b, end+1)
		}
		_, err = s.Finish()
		var refused *genericxlog.ValidationError
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, "XX002", refused.SQLState())
		require.Equal(t, rel.Tag(0), refused.Tag)
		release(b)
		require.Equal(t, before, w.page(rel, 0), name)
		require.Equal(t, end, w.log.InsertLSN(), name)
	}
}

func TestStampAndPayload(t *testing.T) {
	w := newWorld(t)
	rel := w.create(2)
	b := w.pin(rel, 0)
	s := w.gx.Start(rel)
	e, err := s.RegisterBuffer(b, 0)
	require.NoError(t, err)
	require.NoError(t, e.Init(page.Size-page.HeaderSize, 0))
	require.NoError(t, e.StampLSN(page.HeaderSize+8))
	s.SetXID(5)
	s.SetKind(wal.Commit, func(dst []byte, _ page.LSN) []byte { return append(dst, "payload"...) })
	lsn, err := s.Finish()
	require.NoError(t, err)
	require.NoError(t, b.Page().Verify(b.Tag()))
	release(b)

	rec := w.records()[0]
	require.Equal(t, wal.Commit, rec.Kind)
	require.EqualValues(t, 5, rec.XID)
	body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
	require.NoError(t, err)
	require.Equal(t, "payload", string(body.Payload))
	redone, err := body.Blocks[0].Redo(rel.Tag(0), page.New(), rec.LSN)
	require.NoError(t, err)
	require.Equal(t, w.page(rel, 0), redone)
	require.Equal(t, byte(lsn>>16), redone[page.HeaderSize+8+2])
}

func TestUnloggedEmitsNothing(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	rel.Unlogged = true
	end := w.log.InsertLSN()
	require.Zero(t, w.change(rel, 0, 0, initItems))
	first := w.page(rel, 0)
	require.NoError(t, first.Verify(rel.Tag(0)))
	require.Zero(t, w.change(rel, 0, 0, insert(1, []byte("row"))))
	require.Greater(t, w.page(rel, 0).LSN(), first.LSN(), "the LSN field counts versions")
	require.Equal(t, end, w.log.InsertLSN())

	b := w.pin(rel, 0)
	defer release(b)
	s := w.gx.Start(rel)
	s.SetKind(wal.Commit, func(dst []byte, _ page.LSN) []byte { return dst })
	_, err := s.Finish()
	require.ErrorIs(t, err, genericxlog.ErrPayloadUnlogged)
}

func TestBulkWriteLogsEachPageOnce(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	pages := make([]page.Page, 70)
	for i := range pages {
		e := page.NewEditor(page.New())
		require.NoError(t, e.Init(8, 0))
		require.NoError(t, e.InsertItem(1, bytes.Repeat([]byte{byte(i + 1)}, 7000)))
		pages[i] = append(page.Page(nil), e.Page()...)
	}
	start := w.log.InsertLSN()
	require.NoError(t, w.gx.BulkWrite(rel, 0, pages))
	require.Len(t, w.records(), 3)
	require.Less(t, int(w.log.InsertLSN()-start), 70*7200)
	for i := range pages {
		got := w.page(rel, page.BlockNumber(i))
		require.Equal(t, pages[i][page.ContentStart:], got[page.ContentStart:])
		require.NoError(t, got.Verify(rel.Tag(page.BlockNumber(i))))
	}
	bad := page.New()
	bad[30] = 1
	require.ErrorContains(t, w.gx.BulkWrite(rel, 70, []page.Page{bad}), "page 16384/main 70: bad page layout")
	require.ErrorContains(t, w.gx.BulkWrite(rel, 75, pages[:1]), "the next block of the relation is 70")
}
