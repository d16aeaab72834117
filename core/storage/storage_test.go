package storage

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

func openTest(t testing.TB, fs vfs.FS, opts Options) *Manager {
	m, err := OpenWith(fs, "d", opts)
	require.NoError(t, err)
	return m
}

func at(rf page.RelFile, blk page.BlockNumber) page.Tag { return page.Tag{RelFile: rf, Block: blk} }

func write(t testing.TB, m *Manager, v page.LSN, tags ...page.Tag) {
	var writes []PageWrite
	for _, tag := range tags {
		writes = append(writes, PageWrite{Tag: tag, Page: pageAt(tag, v)})
	}
	require.NoError(t, m.Write(writes))
}

func TestForksAndSegments(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	require.NoError(t, m.Create(relA), "creating twice changes nothing")
	require.NoError(t, m.Create(relB))

	write(t, m, 1, at(relA, 0), at(relA, 7), at(relA, 8))
	write(t, m, 2, at(relA, 25), at(relB, 3))
	names, err := mem.ReadDir("d/base")
	require.NoError(t, err)
	require.Equal(t, []string{"100", "100.1", "100.2", "100.3", "101_init"}, names)

	n, err := m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(26), n)
	p := page.New()
	require.NoError(t, m.Read(at(relA, 12), p))
	require.Equal(t, page.New(), p, "a block that was skipped is a new page")
	require.ErrorIs(t, m.Read(at(relA, 26), p), ErrBeyondEnd)

	rels, err := m.List()
	require.NoError(t, err)
	require.Equal(t, []page.RelFileNumber{100, 101}, rels)

	require.NoError(t, m.Truncate(relA, 8))
	n, err = m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(8), n)
	write(t, m, 3, at(relA, 17))
	require.NoError(t, m.Read(at(relA, 8), p))
	require.Equal(t, page.New(), p, "the old block 8 does not come back")
	require.NoError(t, m.Truncate(relA, 24))
	n, err = m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(24), n, "a shorter relation grows")
	require.NoError(t, m.Read(at(relA, 23), p))
	require.Equal(t, page.New(), p)

	require.NoError(t, m.Drop(100))
	require.NoError(t, m.Drop(100), "dropping twice changes nothing")
	ok, err := m.Exists(relA)
	require.NoError(t, err)
	require.False(t, ok)
	_, err = m.NBlocks(relA)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "open d/base/100: the relation's file is missing; restore it from a base backup")
	require.Error(t, m.Write([]PageWrite{{at(relA, 0), pageAt(at(relA, 0), 4)}}), "writing does not create a relation")
	require.NoError(t, m.Close())
	require.ErrorIs(t, m.Close(), ErrClosed)
	require.ErrorIs(t, m.Read(at(relB, 3), p), ErrClosed)
}

func TestFileNames(t *testing.T) {
	for _, s := range []segment{{}, {page.RelFile{Rel: 16384}, 0}, {page.RelFile{Rel: 1, Fork: page.InitFork}, 3}, {page.RelFile{Rel: 1<<32 - 1}, 31}} {
		got, ok := parseFileName(s.fileName())
		require.True(t, ok, s.fileName())
		require.Equal(t, s, got)
	}
	for _, name := range []string{"", "x", "1.", "1.0", "01", "1_fsm", "1_init_init", "4294967296", "1.1_init", "-1", "1.tmp"} {
		_, ok := parseFileName(name)
		require.False(t, ok, name)
	}
}

// TestDamageIsFound changes what lies on disk behind the Manager's back.
func TestDamageIsFound(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0), at(relA, 1), at(relA, 9))
	f, err := mem.OpenFile("d/base/100", os.O_RDWR, 0)
	require.NoError(t, err)
	p := page.New()

	_, err = f.WriteAt([]byte{0xff}, page.Size+4000)
	require.NoError(t, err)
	err = m.Read(at(relA, 1), p)
	var corrupt *CorruptPageError
	require.ErrorAs(t, err, &corrupt)
	require.Equal(t, "XX001", corrupt.SQLState())
	require.Equal(t, "d/base/100", corrupt.File)
	require.Equal(t, int64(1), corrupt.Block)
	require.ErrorContains(t, err, "page 100/main 1 is corrupt (file d/base/100, block 1)")

	good := pageAt(at(relA, 1), 2)
	_, err = f.WriteAt(good, 0)
	require.NoError(t, err)
	require.ErrorAs(t, m.Read(at(relA, 0), p), &corrupt, "a good page in the wrong place")
	require.Equal(t, Stats{PagesRead: 2, Rereads: 2, ChecksumFailures: 2, PagesWritten: 3, Batches: 1, FileSyncs: 1}, m.Stats())
}

// TestReadIsTriedTwice: a device that answers wrongly once is forgiven.
func TestReadIsTriedTwice(t *testing.T) {
	m := openTest(t, &lyingFS{FS: vfs.NewMem()}, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0))
	p := page.New()
	require.NoError(t, m.Read(at(relA, 0), p))
	require.Equal(t, pageAt(at(relA, 0), 1), p)
	require.Equal(t, int64(1), m.Stats().Rereads)
	require.Zero(t, m.Stats().ChecksumFailures)
}

// lyingFS answers the first read of every page wrongly.
type lyingFS struct{ vfs.FS }

type lyingFile struct {
	vfs.File
	told map[int64]bool
}

func (l *lyingFS) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	f, err := l.FS.OpenFile(name, flag, perm)
	return &lyingFile{f, map[int64]bool{}}, err
}

func (f *lyingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if len(p) == page.Size && !f.told[off] {
		f.told[off] = true
		p[100] ^= 1
	}
	return n, err
}

func TestDamageInMemoryIsNotWritten(t *testing.T) {
	m := openTest(t, vfs.NewMem(), tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0))
	bad := pageAt(at(relA, 0), 2)
	bad[500] ^= 4
	var corrupt *CorruptPageError
	require.ErrorAs(t, m.Write([]PageWrite{{at(relA, 1), pageAt(at(relA, 1), 2)}, {at(relA, 0), bad}}), &corrupt)
	require.True(t, corrupt.InMemory)
	require.ErrorContains(t, corrupt, "was damaged in memory and is not written to d/base/100")
	p := page.New()
	require.NoError(t, m.Read(at(relA, 0), p))
	require.Equal(t, page.LSN(1), p.LSN())
}

func TestFullDisk(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	full := func(op vfs.Op) error {
		if (op.Kind == vfs.OpReserve || op.Kind == vfs.OpWrite) && op.Name == "d/base/100" && op.Off+op.Len > 5*page.Size {
			return syscall.ENOSPC
		}
		return nil
	}
	mem.SetHook(full)
	require.NoError(t, m.Reserve(relA, 5), "the step ahead does not fit, what was asked for does")
	err := m.Reserve(relA, 6)
	var failed *FileError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "53100", failed.SQLState())
	require.EqualError(t, err, "reserve space in d/base/100: no space left on device; free some disk space and try again")
	n, err := m.NBlocks(relA)
	require.NoError(t, err)
	require.Zero(t, n, "a reservation does not change the length")

	write(t, m, 1, at(relA, 4))
	err = m.Write([]PageWrite{{at(relA, 3), pageAt(at(relA, 3), 2)}, {at(relA, 6), pageAt(at(relA, 6), 2)}})
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "53100", failed.SQLState())
	mem.SetHook(nil)
	write(t, m, 2, at(relA, 6))
	require.NoError(t, m.Close())
}

// TestUnsettledPageKeepsItsCopy: a page that could not be written in place may be torn there, so the ring waits for it.
func TestUnsettledPageKeepsItsCopy(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0), at(relA, 1))
	require.NoError(t, m.Sync())
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && op.Name == "d/base/100" && op.Off == 0 {
			return &vfs.PartialError{Bytes: 1024, Err: syscall.EIO}
		}
		return nil
	})
	require.Error(t, m.Write([]PageWrite{{at(relA, 0), pageAt(at(relA, 0), 2)}}))
	require.NoError(t, m.Sync())
	var err error
	for v := page.LSN(3); v < 20 && err == nil; v++ {
		err = m.Write([]PageWrite{{at(relA, 1), pageAt(at(relA, 1), v)}})
	}
	require.ErrorIs(t, err, syscall.EIO, "the ring must not run over the only whole copy of block 0")

	after := openTest(t, mem.CrashClone(nil, vfs.KeepAll), tiny)
	p := page.New()
	require.NoError(t, after.Read(at(relA, 0), p))
	require.Equal(t, page.LSN(2), p.LSN())

	mem.SetHook(nil)
	write(t, m, 30, at(relA, 1))
	require.NoError(t, m.Read(at(relA, 0), p))
	require.Equal(t, page.LSN(2), p.LSN(), "written when the device worked again")
	require.NoError(t, m.Close())
}

// TestNamesAreDurableAfterSync: files come and go for good with Sync.
func TestNamesAreDurableAfterSync(t *testing.T) {
	mem := vfs.NewMem()
	require.NoError(t, mem.MkdirAll("d", 0o700))
	require.NoError(t, mem.SyncDir("/"))
	m := openTest(t, mem, tiny)
	exists := func() bool {
		ok, err := openTest(t, mem.CrashClone(nil, vfs.DropUnsynced), tiny).Exists(relA)
		require.NoError(t, err)
		return ok
	}
	require.NoError(t, m.Create(relA))
	require.False(t, exists())
	require.NoError(t, m.Sync())
	require.True(t, exists())
	require.NoError(t, m.Drop(relA.Rel))
	require.True(t, exists())
	require.NoError(t, m.Sync())
	require.False(t, exists())
}

// TestSmallWritesShareFileSyncs: single-page writes cost one fsync, of the double-write area, and rarely another.
func TestSmallWritesShareFileSyncs(t *testing.T) {
	m := openTest(t, vfs.NewMem(), Options{DoubleWriteBytes: 1 << 20})
	require.NoError(t, m.Create(relA))
	for i := range 1000 {
		write(t, m, page.LSN(i+1), at(relA, page.BlockNumber(i%100)))
	}
	s := m.Stats()
	require.Equal(t, int64(1000), s.Batches)
	require.Equal(t, int64(11), s.FileSyncs, "85 batches of one page fit into 1 MiB")
}

func TestFewFileDescriptors(t *testing.T) {
	mem := vfs.NewMem()
	open := 0
	mem.SetHook(func(op vfs.Op) error {
		switch op.Kind {
		case vfs.OpOpen, vfs.OpCreate:
			open++
		case vfs.OpClose:
			open--
		}
		require.LessOrEqual(t, open, tiny.MaxOpenFiles+1, "and one for the double-write area")
		return nil
	})
	m := openTest(t, mem, tiny)
	const rels = 20
	for round := range 3 {
		for i := range rels {
			rf := page.RelFile{Rel: page.RelFileNumber(i)}
			require.NoError(t, m.Create(rf))
			write(t, m, page.LSN(round+1), at(rf, 0))
		}
	}
	for i := range rels {
		p := page.New()
		require.NoError(t, m.Read(at(page.RelFile{Rel: page.RelFileNumber(i)}, 0), p))
		require.Equal(t, page.LSN(3), p.LSN())
	}
	require.NoError(t, m.Close())
	require.Zero(t, open)
}

// TestTooManyOpenFiles: the process runs out of descriptors before the cache is full.
func TestTooManyOpenFiles(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, Options{})
	for i := range 5 {
		require.NoError(t, m.Create(page.RelFile{Rel: page.RelFileNumber(i)}))
	}
	refused := 0
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && refused < 3 {
			refused++
			return syscall.EMFILE
		}
		return nil
	})
	require.NoError(t, m.Create(page.RelFile{Rel: 9}))
	require.Equal(t, 3, refused)
	require.Len(t, m.cache.open, 3)
}

// TestPartOfAPageAtTheEnd: a crash while the file grew.
func TestPartOfAPageAtTheEnd(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0))
	require.NoError(t, m.Close())
	f, err := mem.OpenFile("d/base/100", os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{1, 2, 3}, page.Size+1000)
	require.NoError(t, err)

	m = openTest(t, mem, tiny)
	n, err := m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(1), n)
	write(t, m, 2, at(relA, 2))
	p := page.New()
	require.NoError(t, m.Read(at(relA, 1), p))
	require.Equal(t, page.New(), p)
}

// TestShortSegmentBeforeALaterOne: a crash took the end of segment 0 and not segment 1.
func TestShortSegmentBeforeALaterOne(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0), at(relA, 7), at(relA, 8))
	require.NoError(t, m.Close())
	f, err := mem.OpenFile("d/base/100", os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(page.Size))

	m = openTest(t, mem, tiny)
	n, err := m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(9), n)
	p := page.New()
	require.NoError(t, m.Read(at(relA, 7), p))
	require.Equal(t, page.New(), p)
	require.NoError(t, m.Read(at(relA, 8), p))
	require.Equal(t, page.LSN(1), p.LSN())
}

func TestReservationAcrossSegmentsKeepsTheLength(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 2))
	require.NoError(t, m.Reserve(relA, 20))
	require.NoError(t, m.Close())
	m = openTest(t, mem, tiny)
	n, err := m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(3), n)
	write(t, m, 2, at(relA, 19))
	n, err = m.NBlocks(relA)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(20), n)
	p := page.New()
	require.NoError(t, m.Read(at(relA, 7), p))
}

func TestNewerFormatIsRefused(t *testing.T) {
	mem := vfs.NewMem()
	m := openTest(t, mem, tiny)
	require.NoError(t, m.Create(relA))
	write(t, m, 1, at(relA, 0))
	m.Kill()
	f, err := mem.OpenFile("d/doublewrite", os.O_RDWR, 0)
	require.NoError(t, err)
	h := make([]byte, headerBytes)
	_, err = f.ReadAt(h, 0)
	require.NoError(t, err)
	h[8]++
	crc := headerCRC(h)
	h[12], h[13], h[14], h[15] = byte(crc), byte(crc>>8), byte(crc>>16), byte(crc>>24)
	_, err = f.WriteAt(h, 0)
	require.NoError(t, err)
	_, err = OpenWith(mem, "d", tiny)
	require.ErrorIs(t, err, errNewerFormat)
}

// TestConcurrentWriters: requests that wait for the writer are served together.
func TestConcurrentWriters(t *testing.T) {
	const writers, rounds = 8, 50
	m := openTest(t, vfs.NewMem(), Options{SegmentBlocks: 16, DoubleWriteBytes: 128 << 10, MaxOpenFiles: 4})
	var rfs []page.RelFile
	for i := range writers {
		rfs = append(rfs, page.RelFile{Rel: page.RelFileNumber(i)})
		require.NoError(t, m.Create(rfs[i]))
	}
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i, rf := range rfs {
		wg.Go(func() {
			for round := range rounds {
				tag := at(rf, page.BlockNumber(round%20))
				err := m.Write([]PageWrite{{tag, pageAt(tag, page.LSN(round+1))}})
				p := page.New()
				if err == nil {
					err = m.Read(tag, p)
				}
				if err == nil && p.LSN() != page.LSN(round+1) {
					err = errors.New("read an older page than was written")
				}
				if err == nil && round%10 == 0 {
					err = m.Sync()
				}
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.LessOrEqual(t, m.Stats().Batches, int64(writers*rounds))
	require.NoError(t, m.Close())
}
