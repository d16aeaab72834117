package wal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
)

// FuzzReadRecord: any bytes decode to a record whose encoding they are, or to an error.
func FuzzReadRecord(f *testing.F) {
	c := newCodec(testSystem, 1)
	f.Add(encodeRecord(c, Record{LSN: tinySegment, Kind: Generic, Body: []byte("body")}), uint64(tinySegment))
	f.Add(encodeRecord(c, Record{LSN: 99999, Prev: 99000, Durable: 99000, Kind: Commit, XID: 1 << 40}), uint64(99999))
	f.Add([]byte{1, 2, 3, 4, 0xFF, 0xFF, 0x7F, 1, 1, 0}, uint64(1<<40))
	f.Add(make([]byte, 64), uint64(tinySegment))
	f.Fuzz(func(t *testing.T, b []byte, lsn uint64) {
		// The right checksum, so that the fuzzer gets past it.
		var fields fields
		if fields.parse(b) == nil && len(b) >= fields.size+fields.bodyLen {
			sum := c.sum(page.LSN(lsn), b[crcSize:fields.size+fields.bodyLen])
			b[0], b[1], b[2], b[3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		}
		var rec Record
		want, err := c.decode(b, page.LSN(lsn), anyPrev, &rec)
		if errors.Is(err, errIncomplete) {
			require.Less(t, len(b), want)
			require.LessOrEqual(t, want, maxRecord)
		}
		if err != nil {
			return
		}
		require.Equal(t, page.LSN(lsn), rec.LSN)
		require.Equal(t, b[:rec.EndLSN-rec.LSN], encodeRecord(c, rec))
	})
}

// FuzzReader: damage to a log's files never makes a reader panic, never invents a record, and never passes for the end of
// the log where a later flush proves otherwise. The input is a list of edits: place, length and value.
func FuzzReader(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte{0, 0, 1, 0}, false)
	f.Add([]byte{0, 13, 4, 255, 64, 0, 255, 0}, false)
	f.Add([]byte{1, 0, 16, 7, 39, 255, 1, 128}, true)
	f.Fuzz(func(t *testing.T, edits []byte, received bool) {
		fs, intact := fuzzLog(t)
		damagedFrom := damage(t, fs, edits)
		var opts []ReaderOption
		if received {
			opts = append(opts, WithReceived())
		}
		r := testReader(fs, tinySegment, opts...)
		defer r.Close()
		records, err := readAll(r)
		require.LessOrEqual(t, len(records), len(intact))
		for i, rec := range records {
			require.True(t, bytes.Equal(rec.Body, intact[i].Body) && rec.LSN == intact[i].LSN)
		}
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			require.False(t, received)
			require.LessOrEqual(t, corrupt.LSN, intact[len(intact)-1].LSN)
		} else {
			require.NoError(t, err)
		}
		if len(records) < len(intact) && !received && damagedFrom < intact[len(intact)-3].LSN && undamagedTail(t, fs, intact) {
			require.Error(t, err, "records are missing and the last commit proves it")
		}
		for _, rec := range intact { // random access finds the record or says that it is not there
			got, err := r.ReadAt(rec.LSN)
			var bad *ReadError
			if !errors.As(err, &bad) {
				require.NoError(t, err)
				require.True(t, bytes.Equal(rec.Body, got.Body))
			}
		}
	})
}

// fuzzLog makes a log of some segments; the last two records are commits of their own flushes.
func fuzzLog(t testing.TB) (*vfs.MemFS, []*Record) {
	fs, l := newLog(t)
	for i := range 20 {
		l.Insert(testKinds[i%len(testKinds)], uint64(i), body(1, i*i*10))
		if i%3 == 0 {
			require.NoError(t, l.Flush(context.Background(), l.InsertLSN()))
		}
	}
	for i := range 2 {
		flushAll(t, l)
		l.Insert(Commit, uint64(100+i), body(2, 5))
	}
	flushAll(t, l)
	require.NoError(t, l.Close())
	records, err := readAll(testReader(fs, tinySegment))
	require.NoError(t, err)
	return fs, records
}

// damage overwrites bytes and returns the first place that changed.
func damage(t testing.TB, fs *vfs.MemFS, edits []byte) page.LSN {
	g := geometry{tinySegment}
	first := ^page.LSN(0)
	for ; len(edits) >= 4; edits = edits[4:] {
		at := page.LSN(tinySegment + int(edits[0])<<8 + int(edits[1]))
		f, err := fs.OpenFile(filepath.Join(testDir, g.name(1, g.number(at))), os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		b := bytes.Repeat(edits[3:4], min(int(edits[2]), int(tinySegment-g.offset(at))))
		before := make([]byte, len(b))
		_, err = f.ReadAt(before, g.offset(at))
		require.True(t, err == nil || errors.Is(err, io.EOF))
		if !bytes.Equal(before, b) {
			first = min(first, at)
		}
		_, err = f.WriteAt(b, g.offset(at))
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	return first
}

// undamagedTail reports whether the last two records can still be read.
func undamagedTail(t testing.TB, fs *vfs.MemFS, records []*Record) bool {
	r := testReader(fs, 0)
	defer r.Close()
	for _, rec := range records[len(records)-2:] {
		if _, err := r.ReadAt(rec.LSN); err != nil {
			return false
		}
	}
	return true
}

// TestEveryBit flips each bit of a log in turn. The reader returns the records before it and then stops; that it stops
// for damage is certain for all but the records of the last flush.
func TestEveryBit(t *testing.T) {
	fs, l := newLog(t)
	for i := range 12 {
		l.Insert(testKinds[i%len(testKinds)], uint64(i*1000), body(1, i))
		l.Insert(Commit, uint64(i), nil)
		flushAll(t, l)
	}
	last, end := l.insertion.prev, l.InsertLSN()
	intact, err := readAll(testReader(fs, tinySegment))
	require.NoError(t, err)
	f, err := fs.OpenFile(filepath.Join(testDir, "000000010000000000000001"), os.O_RDWR, 0)
	require.NoError(t, err)
	var b [1]byte
	for at := page.LSN(tinySegment); at < end; at++ {
		before := 0
		for intact[before].EndLSN <= at {
			before++
		}
		_, err := f.ReadAt(b[:], int64(at-tinySegment))
		require.NoError(t, err)
		for bit := range 8 {
			b[0] ^= 1 << bit
			_, err := f.WriteAt(b[:], int64(at-tinySegment))
			require.NoError(t, err)
			records, err := readAll(testReader(fs, tinySegment))
			require.Len(t, records, before, "bit %d at %v", bit, at)
			if intact[before].EndLSN < last { // a flush came after this one
				var corrupt *CorruptError
				require.ErrorAs(t, err, &corrupt, "bit %d at %v", bit, at)
				require.Equal(t, intact[before].LSN, corrupt.LSN)
			}
			b[0] ^= 1 << bit
		}
		_, err = f.WriteAt(b[:], int64(at-tinySegment))
		require.NoError(t, err)
	}
}
