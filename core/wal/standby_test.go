package wal

import (
	"context"
	"math/rand"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
)

// TestStandbyCrashes sends a log in pieces to a standby whose power goes again and again. What it confirmed is there
// afterwards up to the last whole record, no torn tail is taken for damage although the sender's durable LSNs lie beyond it, and
// in the end its records are the sender's.
func TestStandbyCrashes(t *testing.T) {
	_, source := newLog(t)
	for i := range 120 {
		source.Insert(testKinds[i%len(testKinds)], uint64(i), body(4, i*i%3000))
		if i%2 == 0 {
			flushAll(t, source)
		}
	}
	flushAll(t, source)
	for seed := range int64(120) {
		rng := rand.New(rand.NewSource(seed))
		fs := vfs.NewMem()
		require.NoError(t, Create(testConfig(fs)))
		confirmed := page.LSN(tinySegment)
		for crash := 0; ; crash++ {
			w := &world{fs: fs}
			left := w.crashAt(rng.Intn(60), rng, vfs.Random)
			if crash == 8 {
				fs.SetHook(nil) // this time it comes to the end
			}
			end, err := standbyRun(rng, fs, source, &confirmed)
			if err == nil {
				require.Equal(t, source.FlushedLSN(), end, "seed %d", seed)
				break
			}
			require.ErrorIs(t, err, vfs.ErrCrashed, "seed %d", seed)
			fs = left()
		}
		fs.SetHook(nil)
		want, err := readAll(NewReader(source.cfg.FS, testDir, testSystem, 1, tinySegment, 0, WithSegmentBytes(tinySegment)))
		require.NoError(t, err)
		got, err := readAll(testReader(fs, tinySegment, WithReceived(), WithKnownDurable(source.FlushedLSN())))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NoError(t, source.Close())
}

// standbyRun recovers a standby's log and receives until it has all.
func standbyRun(rng *rand.Rand, fs *vfs.MemFS, source *Log, confirmed *page.LSN) (page.LSN, error) {
	r := testReader(fs, tinySegment, WithReceived())
	defer r.Close()
	if _, err := readAll(r); err != nil {
		return 0, err
	}
	cfg := testConfig(fs)
	cfg.Received = true
	end := r.Position()
	if whole := recordEnd(source, *confirmed); end < whole {
		return 0, errBroken
	}
	l, err := Open(cfg, end, r.LastLSN())
	if err != nil {
		return 0, err
	}
	defer l.Close()
	for at := end; at < source.FlushedLSN(); {
		b := make([]byte, 1+rng.Intn(3000))
		n, err := source.ReadDurable(b, at)
		if err != nil {
			return 0, err
		}
		if err := l.AppendRaw(at, b[:n]); err != nil {
			return 0, err
		}
		at += page.LSN(n)
		if rng.Intn(3) == 0 {
			if err := l.Flush(context.Background(), at); err != nil {
				return 0, err
			}
			*confirmed = at
		}
	}
	return l.InsertLSN(), l.Step(context.Background())
}

// recordEnd returns the end of the last record that lies below lsn as a whole.
func recordEnd(l *Log, lsn page.LSN) page.LSN {
	r := NewReader(l.cfg.FS, testDir, testSystem, 1, tinySegment, lsn, WithSegmentBytes(tinySegment))
	defer r.Close()
	_, _ = readAll(r)
	return r.Position()
}

// TestReceivedIsNotInserted: a log that took received bytes does not know its last record.
func TestReceivedIsNotInserted(t *testing.T) {
	_, l := newLog(t)
	require.NoError(t, l.AppendRaw(tinySegment, []byte{1, 2, 3}))
	require.Error(t, l.AppendRaw(tinySegment, []byte{1, 2, 3}))
	require.Panics(t, func() { l.Insert(Commit, 1, nil) })
	require.NoError(t, l.AppendRaw(tinySegment+3, make([]byte, 3*tinyRing)))
	flushAll(t, l)
	require.NoError(t, l.Close())
}

// TestPrimaryFromStandby: received bytes, then a log of its own behind them.
func TestPrimaryFromStandby(t *testing.T) {
	_, source := newLog(t)
	source.Insert(Commit, 1, body(1, 100))
	flushAll(t, source)
	b := make([]byte, 1000)
	n, err := source.ReadDurable(b, tinySegment)
	require.NoError(t, err)
	fs, l := newLog(t)
	require.NoError(t, l.AppendRaw(tinySegment, b[:n]))
	flushAll(t, l)
	require.NoError(t, l.Close())
	cfg := testConfig(fs)
	cfg.Received, cfg.KnownDurable = true, source.FlushedLSN()
	l, records, err := recoverLog(cfg)
	require.NoError(t, err)
	require.Len(t, records, 1)
	l.Insert(Commit, 2, nil)
	flushAll(t, l)
	records, err = readAll(testReader(fs, tinySegment))
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.NoError(t, l.Close())
}
