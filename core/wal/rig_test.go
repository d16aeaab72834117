package wal

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Tests use tiny segments and a small ring, so that a short history meets every boundary.
const (
	tinySegment = 16 << 10
	tinyRing    = 64 << 10
	testSystem  = 0x5EED
	testDir     = "pg_wal"
)

func testConfig(fs vfs.FS) Config {
	return Config{
		FS: fs, Dir: testDir, SystemID: testSystem, Timeline: 1, Log: zerolog.Nop(),
		OnFatal: func(error) {}, RingBytes: tinyRing, SegmentBytes: tinySegment, SpareSegments: 2,
		Go: func(work func()) { work() },
	}
}

// newLog creates and opens a log in memory.
func newLog(t testing.TB, change ...func(*Config)) (*vfs.MemFS, *Log) {
	t.Helper()
	fs := vfs.NewMem()
	cfg := testConfig(fs)
	for _, c := range change {
		c(&cfg)
	}
	require.NoError(t, Create(cfg))
	l, err := Open(cfg, page.LSN(cfg.SegmentBytes), 0)
	require.NoError(t, err)
	return fs, l
}

func testReader(fs vfs.FS, from page.LSN, opts ...ReaderOption) *Reader {
	opts = append([]ReaderOption{WithSegmentBytes(tinySegment)}, opts...)
	return NewReader(fs, testDir, testSystem, 1, from, 0, opts...)
}

// readAll returns copies of all records from an LSN on and the error that ended reading, nil for the end of the log.
func readAll(r *Reader) (records []*Record, err error) {
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, rec.Clone())
	}
}

// recoverLog reads the log to its end and opens it there, as a start of the host does.
func recoverLog(cfg Config) (*Log, []*Record, error) {
	r := NewReader(cfg.FS, cfg.Dir, cfg.SystemID, cfg.Timeline, page.LSN(cfg.SegmentBytes), 0, WithSegmentBytes(cfg.SegmentBytes))
	defer r.Close()
	records, err := readAll(r)
	if err != nil {
		return nil, records, err
	}
	l, err := Open(cfg, r.Position(), r.LastLSN())
	return l, records, err
}

// body makes a build callback for a body of n bytes that depend on seed and on the record's place.
func body(seed int64, n int) func([]byte, page.LSN) []byte {
	return func(dst []byte, lsn page.LSN) []byte { return append(dst, content(seed, lsn, n)...) }
}

// content returns n bytes that depend on seed and lsn (SplitMix64, Steele, Lea and Flood 2014).
func content(seed int64, lsn page.LSN, n int) []byte {
	b := make([]byte, 0, n+8)
	x := uint64(seed) ^ uint64(lsn)<<20
	for len(b) < n {
		x += 0x9E3779B97F4A7C15
		z := (x ^ x>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		b = binary.LittleEndian.AppendUint64(b, z^z>>31)
	}
	return b[:n]
}

func flushAll(t testing.TB, l *Log) {
	t.Helper()
	require.NoError(t, l.Flush(context.Background(), l.InsertLSN()))
}
