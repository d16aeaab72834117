package buffer

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/quiredb/quire/core/page"
)

// peer is what another process can do with an arena: it maps the file read only.
type peer struct {
	layout Layout
	bytes  []byte
}

func newPeer(t *testing.T, p *Pool) *peer {
	file, layout, err := p.ArenaFile("")
	require.NoError(t, err)
	bytes, err := unix.Mmap(int(file.Fd()), 0, int(layout.Size), unix.PROT_READ, unix.MAP_SHARED)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	t.Cleanup(func() { require.NoError(t, unix.Munmap(bytes)) })
	return &peer{layout, bytes}
}

// read copies the page in a frame if it is the wanted one and does not change meanwhile.
func (r *peer) read(frame int, want page.Tag, dst page.Page) bool {
	d := r.bytes[r.layout.DescriptorsAt+int64(frame)*r.layout.DescriptorBytes:]
	word := (*atomic.Uint64)(unsafe.Pointer(&d[0]))
	before := word.Load()
	if before&1 == 1 {
		return false
	}
	tag := page.Tag{
		RelFile: page.RelFile{
			Rel:  page.RelFileNumber(binary.LittleEndian.Uint32(d[8:])),
			Fork: page.ForkNumber(binary.LittleEndian.Uint32(d[16:])),
		},
		Block: page.BlockNumber(binary.LittleEndian.Uint32(d[12:])),
	}
	copy(dst, r.bytes[r.layout.PagesAt+int64(frame)*page.Size:])
	return word.Load() == before && tag == want
}

func TestArenaIsReadableFromOutside(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	r := newPeer(t, f.pool)
	require.Equal(t, arenaMagic, string(r.bytes[:8]))
	require.Equal(t, uint64(8), binary.LittleEndian.Uint64(r.bytes[16:]))
	require.Equal(t, uint64(r.layout.PagesAt), binary.LittleEndian.Uint64(r.bytes[32:]))

	f.set(3, 42)
	b := f.pin(3)
	p := page.New()
	require.True(t, r.read(b.Frame(), tagOf(3), p))
	require.Equal(t, byte(42), p[page.Size-1])
	require.NoError(t, p.Verify(tagOf(3)))
	require.False(t, r.read(b.Frame(), tagOf(4), p), "another block")
	b.Unpin()
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	require.False(t, r.read(b.Frame(), tagOf(3), p), "the frame is free")
	f.close()
}

// TestArenaIsSealed: the kernel refuses every way to change it or its size.
func TestArenaIsSealed(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	file, layout, err := f.pool.ArenaFile("")
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteAt([]byte{1}, 0)
	require.Error(t, err)

	// A peer may open the file for writing through /proc: the seals hold all the same.
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(int(file.Fd())), unix.O_RDWR, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	_, err = unix.Mmap(fd, 0, int(layout.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.ErrorIs(t, err, unix.EPERM)
	_, err = unix.Pwrite(fd, []byte{1}, 0)
	require.ErrorIs(t, err, unix.EPERM)
	require.ErrorIs(t, unix.Ftruncate(fd, 0), unix.EPERM)
	require.ErrorIs(t, unix.Ftruncate(fd, layout.Size*2), unix.EPERM)
	require.ErrorIs(t, unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096), unix.EPERM)
	_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)
	require.ErrorIs(t, err, unix.EPERM)

	f.set(0, 1) // the host still writes
	require.NoError(t, f.pool.Populate())
	got, _ := f.get(0)
	require.Equal(t, byte(1), got)
	f.close()
}

// TestValidatedCopiesAreNeverTorn: one goroutine changes a page without pause, a peer copies it.
func TestValidatedCopiesAreNeverTorn(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	r := newPeer(t, f.pool)
	f.set(0, 1)
	b := f.pin(0)
	stop := make(chan struct{})
	stopped := make(chan struct{})
	pages := []page.Page{content(tagOf(0), 5000, 1), content(tagOf(0), 5000, 2)}
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			b.Lock()
			b.MarkDirty()
			b.Install(pages[i%2], 5000, 5100)
			b.Unlock()
		}
	}()
	p := page.New()
	for good := 0; good < 2000; {
		if r.read(b.Frame(), tagOf(0), p) {
			require.NoError(t, p.Verify(tagOf(0)))
			good++
		}
	}
	close(stop)
	<-stopped
	b.Unpin()
	f.close()
}

func TestPrivateArenaHasNoFile(t *testing.T) {
	f := newFixture(t, Config{Frames: 8, PrivateMemory: true})
	_, _, err := f.pool.ArenaFile("")
	require.ErrorIs(t, err, ErrNotShared)
	require.NoError(t, f.pool.Populate())
	f.close()
}

// TestRecordsAreSeenWhole: a writer changes two pages at a time. Whoever has seen the first one changed does not find the second as it
// was before, whichever way round they are unlocked.
func TestRecordsAreSeenWhole(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	r := newPeer(t, f.pool)
	f.set(0, 1)
	f.set(1, 1)
	buffers := []*Buffer{f.pin(0), f.pin(1)}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for lsn := page.LSN(5000); ; lsn++ {
			select {
			case <-stop:
				return
			default:
			}
			after := []page.Page{content(tagOf(0), lsn, byte(lsn)), content(tagOf(1), lsn, byte(lsn))}
			runtime.Gosched()
			for _, b := range buffers {
				b.Lock()
			}
			for _, b := range buffers {
				b.MarkDirty()
			}
			for i, b := range buffers {
				b.Install(after[i], lsn, lsn+1)
			}
			for i := range buffers {
				buffers[(i+int(lsn))%2].Unlock()
			}
		}
	}()
	first, second := page.New(), page.New()
	for good := 0; good < 2000; good++ {
		a := good % 2
		for !r.read(buffers[a].Frame(), tagOf(a), first) {
			runtime.Gosched()
		}
		for !r.read(buffers[1-a].Frame(), tagOf(1-a), second) {
			runtime.Gosched()
		}
		if first.LSN() >= 5000 { // the pages began apart
			require.GreaterOrEqual(t, second.LSN(), first.LSN())
		}
	}
	close(stop)
	<-stopped
	for _, b := range buffers {
		b.Unpin()
	}
	f.close()
}

// TestPagesThatAreNoneAreNotShown: what was never installed, or could not be read, is in no reader's reach.
func TestPagesThatAreNoneAreNotShown(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	r := newPeer(t, f.pool)
	blk, err := f.pool.Reserve(rel)
	require.NoError(t, err)
	b, err := f.pool.PinNew(tagOf(int(blk)))
	require.NoError(t, err)
	p := page.New()
	require.False(t, r.read(b.Frame(), tagOf(int(blk)), p))
	require.True(t, b.TryLock())
	b.Unlock()
	require.False(t, r.read(b.Frame(), tagOf(int(blk)), p), "a lock alone makes no page of it")
	b.Lock()
	b.MarkDirty()
	b.Install(content(tagOf(int(blk)), 700, 7), 700, 750)
	require.False(t, r.read(b.Frame(), tagOf(int(blk)), p))
	b.Unlock()
	require.True(t, r.read(b.Frame(), tagOf(int(blk)), p))
	b.Unpin()
	f.close()
}
