package wal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
)

// TestEveryCut ends a log at every byte around a segment boundary, over which records and their headers reach at every
// possible place, and opens it there. Behind the cut lie zeros, ones, or nothing at all.
func TestEveryCut(t *testing.T) {
	for shift := range 12 {
		fs, l := newLog(t)
		l.Insert(Generic, 1, body(1, tinySegment-90+shift))
		for i := range 12 {
			l.Insert(testKinds[i%len(testKinds)], uint64(i)<<(5*i), body(2, i))
		}
		flushAll(t, l)
		require.NoError(t, l.Close())
		intact, err := readAll(testReader(fs, tinySegment))
		require.NoError(t, err)
		for cut := page.LSN(2*tinySegment - 60); cut < 2*tinySegment+60; cut++ {
			for _, behind := range []byte{0, 0xFF} {
				checkCut(t, fs.CrashClone(nil, vfs.KeepAll), intact, cut, behind, false)
			}
			checkCut(t, fs.CrashClone(nil, vfs.KeepAll), intact, cut, 0, true)
		}
	}
}

func checkCut(t *testing.T, fs *vfs.MemFS, intact []*Record, cut page.LSN, behind byte, truncate bool) {
	g := geometry{tinySegment}
	for n := g.number(cut); n <= 2; n++ {
		f, err := fs.OpenFile(filepath.Join(testDir, g.name(1, n)), os.O_RDWR, 0)
		require.NoError(t, err)
		from := max(cut, g.start(n))
		if truncate {
			require.NoError(t, f.Truncate(g.offset(from)))
		} else {
			b := make([]byte, g.start(n+1)-from)
			for i := range b {
				b[i] = behind
			}
			_, err = f.WriteAt(b, g.offset(from))
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
	}
	whole := 0
	for whole < len(intact) && intact[whole].EndLSN <= cut {
		whole++
	}
	l, records, err := recoverLog(testConfig(fs))
	require.NoError(t, err, "cut at %v", cut)
	// A record whose last bytes have the value that lies behind the cut may be whole after all.
	require.GreaterOrEqual(t, len(records), whole, "cut at %v", cut)
	require.LessOrEqual(t, len(records), whole+1, "cut at %v", cut)
	require.Equal(t, intact[:len(records)], records)
	l.Insert(Commit, 99, nil)
	flushAll(t, l)
	require.NoError(t, l.Close())
	records, err = readAll(testReader(fs, tinySegment))
	require.NoError(t, err)
	require.Equal(t, uint64(99), records[len(records)-1].XID)
}

// TestOpenRefuses: positions that recovery cannot have found, and logs that are not there.
func TestOpenRefuses(t *testing.T) {
	fs, l := newLog(t)
	start, end := l.Insert(Commit, 1, body(1, 50))
	flushAll(t, l)
	require.NoError(t, l.Close())
	cfg := testConfig(fs)
	for _, c := range []struct {
		end, prev page.LSN
		want      string
	}{
		{end, end, "cannot open the log at"},
		{5, 0, "cannot open the log at"},
		{end + 1, start, "not at 0/403C"},
		{end - 1, start, "no valid WAL record at 0/4000"},
		{end, start + 8, "no valid WAL record at 0/4008"},
		{4 * tinySegment, 0, "segment pg_wal/000000010000000000000003 is missing"},
	} {
		_, err := Open(cfg, c.end, c.prev)
		require.ErrorContains(t, err, c.want)
	}
	require.ErrorContains(t, Create(cfg), "holds WAL already")
	require.ErrorContains(t, CreateAt(cfg, 100), "cannot start at 0/64")
	for _, change := range []func(*Config){
		func(c *Config) { c.FS = nil }, func(c *Config) { c.Timeline = 0 }, func(c *Config) { c.OnFatal = nil },
		func(c *Config) { c.RingBytes = 100000 }, func(c *Config) { c.RingBytes = 128 << 20 },
		func(c *Config) { c.SegmentBytes = 5 << 20 }, func(c *Config) { c.SpareSegments = -1 },
	} {
		bad := cfg
		change(&bad)
		_, err := Open(bad, end, start)
		require.ErrorContains(t, err, "wal: ")
	}
	l, err := Open(cfg, end, start)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
