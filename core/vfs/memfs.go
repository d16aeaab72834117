package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// maxMemFile bounds a file of the in-memory disk, so that a wild offset is EFBIG and not the end of memory.
const maxMemFile = 1 << 36

// MemFS is a disk in memory. It implements FS. Relative and absolute names mean the same.
type MemFS struct {
	ops       atomic.Int64
	hook      atomic.Pointer[func(Op) error]
	fsyncMode atomic.Uint32

	mu      sync.RWMutex
	root    *memNode
	pending []nameChange // not yet durable, oldest first
}

// nameChange is a change of directory entries that a crash keeps whole or loses whole.
type nameChange struct {
	puts []namePut // one, or two for a rename: the new name, then the old one
}

// namePut makes name in dir lead to node; to nothing if node is nil.
type namePut struct {
	dir  *memNode
	name string
	node *memNode
}

// NewMem returns an empty disk with a root directory.
func NewMem() *MemFS { return &MemFS{root: newDir(0o755)} }

// SetHook installs a function that is called before every operation; its error becomes the operation's. Nil removes it.
func (m *MemFS) SetHook(hook func(op Op) error) {
	if hook == nil {
		m.hook.Store(nil)
		return
	}
	m.hook.Store(&hook)
}

// Ops is the number of operations so far, failed ones included.
func (m *MemFS) Ops() int64 { return m.ops.Load() }

// FailFsync chooses what a Sync that the hook fails leaves behind. It makes no Sync fail by itself.
func (m *MemFS) FailFsync(mode FsyncFailMode) { m.fsyncMode.Store(uint32(mode)) }

// before counts the operation and asks the hook. Holds no lock (M3).
func (m *MemFS) before(kind OpKind, name string, off, n int64) error {
	nr := m.ops.Add(1)
	hook := m.hook.Load()
	if hook == nil {
		return nil
	}
	if err := (*hook)(Op{N: nr, Kind: kind, Name: name, Off: off, Len: n}); err != nil {
		return pathError(kind, name, err)
	}
	return nil
}

func pathError(kind OpKind, name string, err error) error {
	return &fs.PathError{Op: kind.String(), Path: name, Err: err}
}

// split returns the elements of a path from the root.
func split(name string) []string {
	name = filepath.ToSlash(filepath.Clean("/" + name))
	if name == "/" {
		return nil
	}
	return strings.Split(name[1:], "/")
}

// lookupLocked finds a node, nil with an errno if there is none. Holds: mu.
func (m *MemFS) lookupLocked(path []string) (*memNode, error) {
	n := m.root
	for _, elem := range path {
		if !n.isDir {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[elem]; n == nil {
			return nil, syscall.ENOENT
		}
	}
	return n, nil
}

// parentLocked finds the directory of a path and the base name. Holds: mu.
func (m *MemFS) parentLocked(name string) (*memNode, string, error) {
	path := split(name)
	if len(path) == 0 {
		return nil, "", syscall.EBUSY
	}
	dir, err := m.lookupLocked(path[:len(path)-1])
	if err == nil && !dir.isDir {
		err = syscall.ENOTDIR
	}
	return dir, path[len(path)-1], err
}

// changeLocked changes names now, and on disk once the directory is synced. Holds: mu exclusively.
func (m *MemFS) changeLocked(puts ...namePut) {
	for _, p := range puts {
		p.apply(p.dir.entries)
	}
	m.pending = append(m.pending, nameChange{puts})
}

// place is a name in a directory.
type place struct {
	dir  *memNode
	name string
}

func (p namePut) place() place { return place{p.dir, p.name} }

func (p namePut) apply(entries map[string]*memNode) {
	if p.node == nil {
		delete(entries, p.name)
	} else {
		entries[p.name] = p.node
	}
}

// OpenFile implements FS.
func (m *MemFS) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	kind := OpOpen
	if flag&(os.O_CREATE|os.O_TRUNC) != 0 {
		kind = OpCreate
	}
	if err := m.before(kind, name, 0, 0); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	node, err := m.openLocked(name, flag, perm)
	if err != nil {
		return nil, pathError(kind, name, err)
	}
	return &memFile{fs: m, node: node, name: name, flag: flag & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)}, nil
}

func (m *MemFS) openLocked(name string, flag int, perm os.FileMode) (*memNode, error) {
	if flag&os.O_APPEND != 0 {
		return nil, syscall.EINVAL
	}
	dir, base, err := m.parentLocked(name)
	if err != nil {
		if err == syscall.EBUSY {
			err = syscall.EISDIR
		}
		return nil, err
	}
	node := dir.entries[base]
	switch {
	case node == nil && flag&os.O_CREATE == 0:
		return nil, syscall.ENOENT
	case node == nil:
		node = newFile(perm.Perm())
		m.changeLocked(namePut{dir, base, node})
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, syscall.EEXIST
	case node.isDir:
		return nil, syscall.EISDIR
	case flag&os.O_TRUNC != 0:
		node.mu.Lock()
		node.truncate(0)
		node.mu.Unlock()
	}
	return node, nil
}

// Remove implements FS.
func (m *MemFS) Remove(name string) error {
	if err := m.before(OpRemove, name, 0, 0); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parentLocked(name)
	if err == nil {
		node := dir.entries[base]
		switch {
		case node == nil:
			err = syscall.ENOENT
		case node.isDir && len(node.entries) > 0:
			err = syscall.ENOTEMPTY
		default:
			m.changeLocked(namePut{dir, base, nil})
		}
	}
	if err != nil {
		return pathError(OpRemove, name, err)
	}
	return nil
}

// Rename implements FS.
func (m *MemFS) Rename(from, to string) error {
	if err := m.before(OpRename, from, 0, 0); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.renameLocked(from, to); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (m *MemFS) renameLocked(from, to string) error {
	fromDir, fromBase, err := m.parentLocked(from)
	if err != nil {
		return err
	}
	toDir, toBase, err := m.parentLocked(to)
	if err != nil {
		return err
	}
	node, there := fromDir.entries[fromBase], toDir.entries[toBase]
	switch {
	case node == nil:
		return syscall.ENOENT
	case there != nil && there.isDir:
		return syscall.EEXIST // package os refuses this too
	case node == there:
		return nil
	case node.isDir && strings.HasPrefix(strings.Join(split(to), "/")+"/", strings.Join(split(from), "/")+"/"):
		return syscall.EINVAL
	case there != nil && node.isDir:
		return syscall.ENOTDIR
	}
	m.changeLocked(namePut{toDir, toBase, node}, namePut{fromDir, fromBase, nil})
	return nil
}

// MkdirAll implements FS.
func (m *MemFS) MkdirAll(name string, perm os.FileMode) error {
	if err := m.before(OpMkdir, name, 0, 0); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dir := m.root
	for _, elem := range split(name) {
		next := dir.entries[elem]
		if next == nil {
			next = newDir(perm.Perm())
			m.changeLocked(namePut{dir, elem, next})
		}
		if !next.isDir {
			return pathError(OpMkdir, name, syscall.ENOTDIR)
		}
		dir = next
	}
	return nil
}

// ReadDir implements FS.
func (m *MemFS) ReadDir(name string) ([]string, error) {
	if err := m.before(OpReadDir, name, 0, 0); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	dir, err := m.lookupLocked(split(name))
	if err == nil && !dir.isDir {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, pathError(OpReadDir, name, err)
	}
	return slices.Sorted(maps.Keys(dir.entries)), nil
}

// Stat implements FS.
func (m *MemFS) Stat(name string) (FileInfo, error) {
	if err := m.before(OpStat, name, 0, 0); err != nil {
		return FileInfo{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.lookupLocked(split(name))
	if err != nil {
		return FileInfo{}, pathError(OpStat, name, err)
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return FileInfo{Size: n.cache.size, IsDir: n.isDir, Mode: n.perm}, nil
}

// SyncDir implements FS.
func (m *MemFS) SyncDir(name string) error {
	if err := m.before(OpSyncDir, name, 0, 0); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, err := m.lookupLocked(split(name))
	if err == nil && !dir.isDir {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return pathError(OpSyncDir, name, err)
	}
	m.syncNamesLocked(dir)
	return nil
}

// syncNamesLocked makes the pending changes of a directory durable, and of the changes before them those that touched
// the same names elsewhere (a rename out of another directory takes along the creation there).
//
// Holds: mu exclusively.
func (m *MemFS) syncNamesLocked(dir *memNode) {
	needed := map[place]bool{}
	due := make([]bool, len(m.pending))
	for i, c := range slices.Backward(m.pending) {
		for _, p := range c.puts {
			due[i] = due[i] || p.dir == dir || needed[p.place()]
		}
		if due[i] {
			for _, p := range c.puts {
				needed[p.place()] = true
			}
		}
	}
	left := m.pending[:0]
	for i, c := range m.pending {
		if !due[i] {
			left = append(left, c)
			continue
		}
		for _, p := range c.puts {
			p.apply(p.dir.durable)
		}
	}
	clear(m.pending[len(left):])
	m.pending = left
}

// Lock implements FS. A crash image has no locks.
func (m *MemFS) Lock(name string) (io.Closer, error) {
	if err := m.before(OpLock, name, 0, 0); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	node, err := m.openLocked(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, pathError(OpLock, name, err)
	}
	if node.locked {
		return nil, fmt.Errorf("lock %s: %w", name, ErrLocked)
	}
	node.locked = true
	return &memLock{m, node}, nil
}

type memLock struct {
	fs   *MemFS
	node *memNode
}

// Close releases the lock; a second Close does nothing.
func (l *memLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.node != nil {
		l.node.locked = false
		l.node = nil
	}
	return nil
}
