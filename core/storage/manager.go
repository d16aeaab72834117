package storage

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// Options are fixed when a Manager is opened. The zero value means the defaults.
type Options struct {
	// SegmentBlocks is the number of blocks in a segment file. It is a property of the data directory: opening one with
	// another value misreads it. Default DefaultSegmentBlocks; tests use small ones.
	SegmentBlocks int
	// DoubleWriteBytes is the size of the double-write area. One that is small makes evictions sync relation files more
	// often; a large one makes Open read and rewrite more after a crash. Default 16 MiB, at least 64 KiB.
	DoubleWriteBytes int64
	// MaxOpenFiles bounds the cached file descriptors. Default 512, at least 4.
	MaxOpenFiles int
	// Log receives one line for each repair.
	Log zerolog.Logger
	// OnFatal, if set, is called once, with the cause, when an fsync has failed and nothing can be written any more. It runs in the
	// middle of an operation and must not call the Manager.
	OnFatal func(error)
}

func (o *Options) setDefaults() {
	if o.SegmentBlocks <= 0 {
		o.SegmentBlocks = DefaultSegmentBlocks
	}
	if o.DoubleWriteBytes <= 0 {
		o.DoubleWriteBytes = 16 << 20
	}
	o.DoubleWriteBytes = max(o.DoubleWriteBytes, minDoubleWriteBytes) / batchAlign * batchAlign
	if o.MaxOpenFiles <= 0 {
		o.MaxOpenFiles = 512
	}
	o.MaxOpenFiles = max(o.MaxOpenFiles, 4)
}

// A Manager reads and writes the relation files of one data directory. Its methods may be called at the same time.
type Manager struct {
	fs    vfs.FS
	dir   string
	opts  Options
	cache *fileCache

	rels struct {
		sync.RWMutex
		byFile map[page.RelFile]*relation
	}

	// writer is held by the one goroutine that writes batches, truncates or drops.
	writer sync.Mutex
	ring   *doubleWrite // guarded by writer
	queue  writeQueue

	// syncing is held from taking the dirty files to the last fsync, so that a second Sync does not return before the
	// fsyncs that it relies on.
	syncing  sync.Mutex
	progress progress
	dirDirty atomic.Bool // base/ has unsynced creations or removals
	fatal    atomic.Pointer[error]
	closed   atomic.Bool
	counters counters
}

// Open opens the relation files under dir with default options, creating what is missing, and repairs pages that a
// crash left torn.
func Open(fs vfs.FS, dir string) (*Manager, error) { return OpenWith(fs, dir, Options{}) }

// OpenWith is Open with options.
func OpenWith(fs vfs.FS, dir string, opts Options) (*Manager, error) {
	opts.setDefaults()
	m := &Manager{fs: fs, dir: dir, opts: opts}
	m.cache = newFileCache(fs, m.path, opts.MaxOpenFiles)
	m.rels.byFile = make(map[page.RelFile]*relation)
	m.progress.unsettled = make(map[page.Tag]unsettledPage)
	base := filepath.Join(dir, baseDir)
	if err := fs.MkdirAll(base, 0o700); err != nil {
		return nil, fileError("create directory", base, err)
	}
	if err := m.openDoubleWrite(); err != nil {
		_ = m.cache.closeAll()
		return nil, err
	}
	return m, nil
}

// openFile returns the file of a segment with a reference that the caller gives back with m.cache.release.
func (m *Manager) openFile(s segment, flag int) (*openFile, error) {
	if m.closed.Load() {
		return nil, ErrClosed
	}
	f, err := m.cache.acquire(s, flag, false)
	if errors.Is(err, errAllDirty) {
		if err := m.Sync(); err != nil {
			return nil, err
		}
		return m.cache.acquire(s, flag, true)
	}
	return f, err
}

// usable returns why the Manager cannot write any more, or nil.
func (m *Manager) usable() error {
	if p := m.fatal.Load(); p != nil {
		return *p
	}
	if m.closed.Load() {
		return ErrClosed
	}
	return nil
}

// halt records a failed fsync (by S5) and returns the error every later write gets.
func (m *Manager) halt(name string, err error) error {
	fatal := error(&fsyncError{File: name, Err: err})
	if m.fatal.CompareAndSwap(nil, &fatal) && m.opts.OnFatal != nil {
		m.opts.OnFatal(fatal)
	}
	return *m.fatal.Load()
}

// fsyncError is an ErrFsync that knows its file.
type fsyncError struct {
	File string
	Err  error
}

func (e *fsyncError) Error() string    { return e.File + ": " + e.Err.Error() + ": " + ErrFsync.Error() }
func (e *fsyncError) Unwrap() []error  { return []error{ErrFsync, e.Err} }
func (e *fsyncError) SQLState() string { return "58030" }

// Create makes an empty file for a fork. It does nothing if there is one. The file survives a crash after the next Sync.
func (m *Manager) Create(rf page.RelFile) error {
	if err := m.usable(); err != nil {
		return err
	}
	if ok, err := m.Exists(rf); ok || err != nil {
		return err
	}
	f, err := m.openFile(segment{RelFile: rf}, os.O_CREATE)
	if err != nil {
		return err
	}
	m.dirDirty.Store(true)
	m.cache.release(f)
	return nil
}

// Exists reports whether the fork has a file.
func (m *Manager) Exists(rf page.RelFile) (bool, error) {
	if m.cachedRelation(rf) != nil {
		return true, nil
	}
	return m.segmentExists(segment{RelFile: rf})
}

// List returns the numbers of the relations that have a file, in ascending order.
func (m *Manager) List() ([]page.RelFileNumber, error) {
	base := filepath.Join(m.dir, baseDir)
	names, err := m.fs.ReadDir(base)
	if err != nil {
		return nil, fileError("read directory", base, err)
	}
	return relationNumbers(names), nil
}

// Close syncs what was written, marks the double-write area as not needed and closes all files.
func (m *Manager) Close() error {
	m.writer.Lock()
	defer m.writer.Unlock()
	err := m.usable()
	if errors.Is(err, ErrClosed) {
		return err
	}
	if err == nil {
		err = m.settle()
	}
	if err == nil {
		err = m.writeCleanMark()
	}
	return errors.Join(err, m.closeFilesLocked())
}

// Kill closes the files and syncs nothing, as if the process had been killed.
func (m *Manager) Kill() {
	m.writer.Lock()
	defer m.writer.Unlock()
	if !m.closed.Load() {
		_ = m.closeFilesLocked()
	}
}

func (m *Manager) closeFilesLocked() error {
	m.closed.Store(true)
	return errors.Join(m.cache.closeAll(), m.ring.file.Close())
}
