package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

var tiny = Options{SegmentBlocks: 8, DoubleWriteBytes: 64 << 10, MaxOpenFiles: 4}

// pageAt makes the page that version v of a block has. Version 0 is the page of zeros.
func pageAt(tag page.Tag, v page.LSN) page.Page {
	p := page.New()
	if v == 0 {
		return p
	}
	for i := page.HeaderSize; i < page.Size; i += 8 {
		binary.LittleEndian.PutUint64(p[i:], uint64(v)*1000003+uint64(i)+uint64(tag.Block))
	}
	p.Seal(tag, v, p.ContentCRC())
	return p
}

// A world is a Manager with what it should hold. allowed has, for each block, the versions that a crash may leave;
// the last one is the newest. Absence and zeros are version 0.
type world struct {
	t       testing.TB
	fs      *vfs.MemFS
	m       *Manager
	version page.LSN
	allowed map[page.Tag][]page.LSN
	retry   []PageWrite // writes that did not work
	context string      // of the check under way
}

func newWorld(t testing.TB, fs *vfs.MemFS) *world {
	require.NoError(t, fs.MkdirAll("d", 0o700)) // the data directory is the engine's to create
	require.NoError(t, fs.SyncDir("/"))
	return &world{t: t, fs: fs, allowed: make(map[page.Tag][]page.LSN)}
}

func (w *world) open() error {
	m, err := OpenWith(w.fs, "d", tiny)
	w.m = m
	return err
}

func (w *world) versions(tag page.Tag) []page.LSN {
	if v := w.allowed[tag]; v != nil {
		return v
	}
	return []page.LSN{0}
}

// settled makes the newest version the only one.
func (w *world) settled() {
	for tag, v := range w.allowed {
		w.allowed[tag] = v[len(v)-1:]
	}
}

// A step is one call on the Manager with the model following.
type step struct {
	name string
	run  func(w *world) error
}

func writeStep(tags ...page.Tag) step {
	return step{fmt.Sprintf("write %v", tags), func(w *world) error {
		w.version++
		writes := make([]PageWrite, len(tags))
		for i, tag := range tags {
			writes[i] = PageWrite{Tag: tag, Page: pageAt(tag, w.version)}
			w.allowed[tag] = append(w.versions(tag), w.version)
		}
		w.retry = slices.DeleteFunc(w.retry, func(p PageWrite) bool { return slices.Contains(tags, p.Tag) })
		err := w.m.Write(writes)
		if err != nil {
			w.retry = append(w.retry, writes...)
		}
		return err
	}}
}

func syncStep() step {
	return step{"sync", func(w *world) error {
		err := w.m.Sync()
		if err == nil && len(w.retry) == 0 {
			w.settled()
		}
		return err
	}}
}

func createStep(rf page.RelFile) step {
	return step{fmt.Sprintf("create %v", rf), func(w *world) error { return w.m.Create(rf) }}
}

func truncateStep(rf page.RelFile, n page.BlockNumber) step {
	return step{fmt.Sprintf("truncate %v to %d", rf, n), func(w *world) error {
		gone := func(tag page.Tag) bool { return tag.RelFile == rf && tag.Block >= n }
		w.remove(gone)
		err := w.m.Truncate(rf, n)
		if err == nil {
			for tag, v := range w.allowed {
				if gone(tag) {
					w.allowed[tag] = v[len(v)-1:]
				}
			}
		}
		return err
	}}
}

// dropStep drops a relation for good: numbers are not used twice.
func dropStep(rel page.RelFileNumber) step {
	return step{fmt.Sprintf("drop %d", rel), func(w *world) error {
		w.remove(func(tag page.Tag) bool { return tag.Rel == rel })
		return w.m.Drop(rel)
	}}
}

func (w *world) remove(gone func(page.Tag) bool) {
	for tag, v := range w.allowed {
		if gone(tag) {
			w.allowed[tag] = append(v, 0)
		}
	}
	w.retry = slices.DeleteFunc(w.retry, func(p PageWrite) bool { return gone(p.Tag) })
}

// read reads a block and returns which version it is.
func (w *world) read(tag page.Tag) page.LSN {
	p := page.New()
	err := w.m.Read(tag, p)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrBeyondEnd) {
		return 0
	}
	require.NoError(w.t, err, "%s: read %v", w.context, tag)
	v := p.LSN()
	require.Equal(w.t, pageAt(tag, v), p, "content of %v", tag)
	return v
}

// check reads every block that was ever written.
func (w *world) check(context string) {
	w.context = context
	for tag := range w.allowed {
		require.Contains(w.t, w.versions(tag), w.read(tag), "%s: version of %v", context, tag)
	}
	for _, tag := range []page.Tag{{RelFile: relA}, {RelFile: relB}, {RelFile: relC}} {
		n, err := w.m.NBlocks(tag.RelFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		require.NoError(w.t, err)
		for ; tag.Block < n; tag.Block++ {
			w.read(tag)
		}
	}
}

var (
	relA = page.RelFile{Rel: 100}
	relB = page.RelFile{Rel: 101, Fork: page.InitFork}
	relC = page.RelFile{Rel: 102}
	relD = page.RelFile{Rel: 103}
)

// history returns a random list of steps that uses both forks, several segments and every operation.
func history(rng *rand.Rand, n int) []step {
	steps := []step{createStep(relA), createStep(relB), createStep(relC)}
	rels := []page.RelFile{relA, relB, relC}
	pick := func() page.Tag {
		return page.Tag{RelFile: rels[rng.Intn(len(rels))], Block: page.BlockNumber(rng.Intn(20))}
	}
	for len(steps) < n {
		switch k := rng.Intn(20); {
		case k == 0:
			steps = append(steps, truncateStep(rels[rng.Intn(len(rels))], page.BlockNumber(rng.Intn(20))))
		case k == 1 && len(rels) == 3 && len(steps) > n/2:
			steps = append(steps, dropStep(relC.Rel))
			rels = rels[:2]
		case k <= 3:
			steps = append(steps, syncStep())
		case k <= 9:
			steps = append(steps, writeStep(pick()))
		default:
			first := pick()
			var tags []page.Tag
			for i := range 1 + rng.Intn(5) {
				tag := first
				tag.Block += page.BlockNumber(i)
				tags = append(tags, tag)
			}
			steps = append(steps, writeStep(tags...))
		}
	}
	return steps
}
