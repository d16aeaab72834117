package vfs

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand"
	"path"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// history is the obvious twin of a file: all contents since the last sync, the synced one first.
type history struct{ versions [][]byte }

func (h *history) last() []byte { return h.versions[len(h.versions)-1] }

func (h *history) add(b []byte) { h.versions = append(h.versions, b) }

// sector returns sector i of a content, zeros behind its end.
func sector(b []byte, i int) []byte {
	out := make([]byte, SectorSize)
	if lo := i * SectorSize; lo < len(b) {
		copy(out, b[lo:])
	}
	return out
}

// allows reports whether a crash may leave got: every sector from some version, the size between those seen.
func (h *history) allows(got []byte) error {
	lo, hi := len(h.versions[0]), len(h.versions[0])
	for _, v := range h.versions {
		lo, hi = min(lo, len(v)), max(hi, len(v))
	}
	if len(got) < lo || len(got) > hi {
		return fmt.Errorf("size %d is not in [%d,%d]", len(got), lo, hi)
	}
	for i := range (len(got) + SectorSize - 1) / SectorSize {
		n := min(SectorSize, len(got)-i*SectorSize) // the crash cut the rest off
		ok := slices.ContainsFunc(h.versions, func(v []byte) bool {
			return bytes.Equal(sector(v, i)[:n], sector(got, i)[:n])
		})
		if !ok {
			return fmt.Errorf("sector %d is in no version", i)
		}
	}
	return nil
}

// TestCrashKeepsWhatWasSynced is rule M1: synced bytes survive, the rest is a choice among what was there.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewMem()
		f := create(t, m, "a")
		require.NoError(t, m.SyncDir("/"))
		h := &history{[][]byte{nil}}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			off := rapid.IntRange(0, 9000).Draw(t, "off")
			switch rapid.IntRange(0, 6).Draw(t, "op") {
			case 0, 1, 2, 3:
				n := rapid.SampledFrom([]int{1, 100, 512, 3000}).Draw(t, "n")
				data := bytes.Repeat([]byte{byte(rapid.IntRange(0, 255).Draw(t, "fill"))}, n)
				write(t, f, int64(off), string(data))
				next := make([]byte, max(off+n, len(h.last())))
				copy(next, h.last())
				copy(next[off:], data)
				h.add(next)
			case 4:
				require.NoError(t, f.Truncate(int64(off)))
				next := make([]byte, off)
				copy(next, h.last())
				h.add(next)
			case 5:
				require.NoError(t, f.Sync())
				h.versions = [][]byte{h.last()}
			case 6:
				seed := rapid.Int64().Draw(t, "seed")
				crashed := m.CrashClone(rand.New(rand.NewSource(seed)), Random)
				require.NoError(t, h.allows([]byte(content(t, crashed, "a"))))
			}
			require.Equal(t, string(h.last()), content(t, m, "a"))
		}
		require.Equal(t, string(h.versions[0]), content(t, m.CrashClone(nil, DropUnsynced), "a"))
		require.Equal(t, string(h.last()), content(t, m.CrashClone(nil, KeepAll), "a"))
		for seed := range int64(10) {
			crashed := m.CrashClone(rand.New(rand.NewSource(seed)), Random)
			got := content(t, crashed, "a")
			require.NoError(t, h.allows([]byte(got)))
			require.Equal(t, got, content(t, crashed.CrashClone(nil, DropUnsynced), "a"), "a crash image is durable")
		}
	})
}

// digest is a hash over names, sizes and contents.
func digest(t require.TestingT, m *MemFS) string {
	h := sha256.New()
	var walk func(dir string)
	walk = func(dir string) {
		names, err := m.ReadDir(dir)
		require.NoError(t, err)
		for _, n := range names {
			name := path.Join(dir, n)
			info, err := m.Stat(name)
			require.NoError(t, err)
			fmt.Fprintln(h, name, info)
			if info.IsDir {
				walk(name)
			} else {
				fmt.Fprintln(h, content(t, m, name))
			}
		}
	}
	walk("/")
	return fmt.Sprintf("%x", h.Sum(nil))
}

// scribble does many random operations, some of them synced.
func scribble(t require.TestingT, m *MemFS, rng *rand.Rand, n int) {
	require.NoError(t, m.MkdirAll("d/e", 0o700))
	dirs := []string{"", "d", "d/e"}
	name := func() string { return path.Join(dirs[rng.Intn(3)], fmt.Sprintf("f%d", rng.Intn(6))) }
	for range n {
		switch rng.Intn(8) {
		case 0:
			_ = m.Remove(name())
		case 1:
			_ = m.Rename(name(), name())
		case 2:
			require.NoError(t, m.SyncDir("/"+dirs[rng.Intn(3)]))
		default:
			f := create(t, m, name())
			b := make([]byte, rng.Intn(3000))
			rng.Read(b)
			write(t, f, int64(rng.Intn(20000)), string(b))
			if rng.Intn(3) == 0 {
				require.NoError(t, f.Sync())
			}
			require.NoError(t, f.Close())
		}
	}
}

// TestCrashImagesRepeat is rule M2, and that images and original do not disturb each other.
func TestCrashImagesRepeat(t *testing.T) {
	for seed := range int64(20) {
		m := NewMem()
		scribble(t, m, rand.New(rand.NewSource(seed)), 100)
		twin := NewMem()
		scribble(t, twin, rand.New(rand.NewSource(seed)), 100)

		before := digest(t, m)
		a := m.CrashClone(rand.New(rand.NewSource(5)), Random)
		b := m.CrashClone(rand.New(rand.NewSource(5)), Random)
		c := twin.CrashClone(rand.New(rand.NewSource(5)), Random)
		da := digest(t, a)
		require.Equal(t, da, digest(t, b))
		require.Equal(t, da, digest(t, c))
		scribble(t, a, rand.New(rand.NewSource(9)), 50)
		require.Equal(t, before, digest(t, m), "the original does not see writes to an image")
		require.Equal(t, da, digest(t, b), "nor does another image")
		scribble(t, m, rand.New(rand.NewSource(10)), 50)
		require.Equal(t, da, digest(t, b), "an image does not see writes to the original")
		require.Equal(t, digest(t, m), digest(t, m.CrashClone(nil, KeepAll)))
	}
}

func TestImagesInParallel(t *testing.T) {
	m := NewMem()
	scribble(t, m, rand.New(rand.NewSource(1)), 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		scribble(t, m, rand.New(rand.NewSource(2)), 300)
	}()
	for seed := range int64(50) {
		c := m.CrashClone(rand.New(rand.NewSource(seed)), Random)
		scribble(t, c, rand.New(rand.NewSource(seed)), 20)
		digest(t, c)
	}
	<-done
}

// TestRenameIsOneChange: a crash leaves the file under one of its names, whatever else is lost.
func TestRenameIsOneChange(t *testing.T) {
	seen := map[string]bool{}
	for seed := range int64(50) {
		m := NewMem()
		f := create(t, m, "old")
		write(t, f, 0, "x")
		require.NoError(t, f.Sync())
		require.NoError(t, m.SyncDir("/"))
		create(t, m, "other")
		require.NoError(t, m.Rename("old", "new"))
		require.NoError(t, m.Rename("new", "newer"))
		names, err := m.CrashClone(rand.New(rand.NewSource(seed)), Random).ReadDir("/")
		require.NoError(t, err)
		seen[fmt.Sprint(names)] = true
	}
	require.Equal(t, map[string]bool{"[old]": true, "[new]": true, "[newer]": true,
		"[old other]": true, "[new other]": true, "[newer other]": true}, seen)
}

func TestRenameAcrossDirectories(t *testing.T) {
	m := NewMem()
	require.NoError(t, m.MkdirAll("d", 0o700))
	require.NoError(t, m.SyncDir("/"))
	f := create(t, m, "d/a")
	require.NoError(t, f.Sync())
	require.NoError(t, m.Rename("d/a", "b"))
	require.NoError(t, m.SyncDir("/"))
	for _, mode := range []CrashMode{DropUnsynced, KeepAll, Random} {
		c := m.CrashClone(rand.New(rand.NewSource(1)), mode)
		_, err := c.Stat("b")
		require.NoError(t, err, "%v", mode)
		_, err = c.Stat("d/a")
		require.ErrorIs(t, err, fs.ErrNotExist, "%v", mode)
	}
}

// TestWriteFileAtomic cuts the power before every operation: the file holds the old bytes or the new.
func TestWriteFileAtomic(t *testing.T) {
	seen := map[string]int{}
	for cut := int64(1); ; cut++ {
		m := NewMem()
		require.NoError(t, WriteFileAtomic(m, "control", []byte("old")))
		start := m.Ops()
		m.SetHook(func(op Op) error {
			if op.N >= start+cut {
				return ErrCrashed
			}
			return nil
		})
		err := WriteFileAtomic(m, "control", []byte("new!"))
		for seed := range int64(20) {
			got := content(t, m.CrashClone(rand.New(rand.NewSource(seed)), Random), "control")
			require.Contains(t, []string{"old", "new!"}, got, "cut before operation %d", cut)
			seen[got]++
			if err == nil {
				require.Equal(t, "new!", got)
			}
		}
		if err == nil {
			break
		}
		require.ErrorIs(t, err, ErrCrashed)
	}
	require.Len(t, seen, 2)
}

// TestErrorAtEveryCall is the n-th call sweep: whatever fails, the error comes out and the old content stays whole.
func TestErrorAtEveryCall(t *testing.T) {
	for _, failure := range []error{syscall.ENOSPC, syscall.EIO, &PartialError{1, syscall.ENOSPC}} {
		for n := int64(1); ; n++ {
			m := NewMem()
			require.NoError(t, WriteFileAtomic(m, "control", []byte("old")))
			start, fired := m.Ops(), false
			m.SetHook(func(op Op) error {
				if op.N == start+n {
					fired = true
					return failure
				}
				return nil
			})
			err := WriteFileAtomic(m, "control", []byte("new!"))
			m.SetHook(nil)
			require.Equal(t, fired, err != nil)
			if !fired {
				break
			}
			require.Contains(t, []string{"old", "new!"}, content(t, m, "control"))
			require.NoError(t, WriteFileAtomic(m, "control", []byte("newer")), "leftovers do not matter")
		}
	}
}

// TestHookMayCrash is rule M3.
func TestHookMayCrash(t *testing.T) {
	m := NewMem()
	var images []*MemFS
	var ops []string
	m.SetHook(func(op Op) error {
		ops = append(ops, op.String())
		images = append(images, m.CrashClone(rand.New(rand.NewSource(op.N)), Random))
		return nil
	})
	require.NoError(t, WriteFileAtomic(m, "a", []byte("data")))
	require.Len(t, images, int(m.Ops()))
	require.Equal(t, []string{"1 create a.tmp", "2 write a.tmp [0,4)", "3 sync a.tmp", "4 close a.tmp", "5 rename a.tmp",
		"6 syncdir ."}, ops)
}

func TestEarlierVersionsSurface(t *testing.T) {
	m := NewMem()
	f := create(t, m, "a")
	require.NoError(t, m.SyncDir("/"))
	write(t, f, 0, "1")
	require.NoError(t, f.Sync())
	write(t, f, 0, "2")
	write(t, f, 0, "3")
	seen := map[string]bool{}
	for seed := range int64(100) {
		seen[content(t, m.CrashClone(rand.New(rand.NewSource(seed)), Random), "a")] = true
	}
	require.Equal(t, map[string]bool{"1": true, "2": true, "3": true}, seen)
}

// bigDisk is what a crash sweep clones: a log segment, some relations, a little unsynced.
func bigDisk(b *testing.B) *MemFS {
	m := NewMem()
	require.NoError(b, m.MkdirAll("base", 0o700))
	wal := create(b, m, "wal")
	write(b, wal, 0, string(make([]byte, 16<<20)))
	write(b, wal, 0, string(bytes.Repeat([]byte("x"), 1<<20)))
	require.NoError(b, wal.Sync())
	for i := range 50 {
		f := create(b, m, fmt.Sprintf("base/%d", i))
		write(b, f, 0, string(bytes.Repeat([]byte("x"), 64<<10)))
		require.NoError(b, f.Sync())
		if i%10 == 0 {
			write(b, f, 8192, string(bytes.Repeat([]byte("y"), 8192)))
		}
	}
	require.NoError(b, m.SyncDir("/"))
	require.NoError(b, m.SyncDir("base"))
	return m
}

func BenchmarkCrashClone(b *testing.B) {
	m := bigDisk(b)
	rng := rand.New(rand.NewSource(1))
	b.ReportAllocs()
	for b.Loop() {
		m.CrashClone(rng, Random)
	}
}

func BenchmarkMemWrite(b *testing.B) {
	m := NewMem()
	f := create(b, m, "a")
	p := bytes.Repeat([]byte("x"), 8192)
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		_, _ = f.WriteAt(p, i%128*8192)
		if i%16 == 0 {
			_ = f.Sync()
		}
	}
}
