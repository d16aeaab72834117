//go:build unix

package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// NewOverlay returns the files of base with all changes kept in memory: what is written, made, renamed or removed is so for the
// holder of the overlay and for nobody else, and is forgotten with it. So a data directory can be opened, recovered and read
// without a byte on disk changing. Locks are those of base.
//
// Nobody may change base meanwhile. Memory is taken for the 4 KiB pieces that were written. Directories of base are neither renamed nor
// removed.
func NewOverlay(base FS) FS {
	return &overlay{base: base, files: map[string]*overlayNode{}, dirs: map[string]os.FileMode{}}
}

// overlay knows of the names that differ from base, or that were opened.
//
// Locks, outer to inner: overlay.mu → overlayNode.mu.
type overlay struct {
	base FS

	mu    sync.Mutex
	files map[string]*overlayNode // nil: the name of base is gone
	dirs  map[string]os.FileMode  // made here
}

func overlayError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// findLocked returns the file of a name, nil if there is none. Directories are errors. Holds: mu.
func (o *overlay) findLocked(name string) (*overlayNode, error) {
	if n, known := o.files[name]; known {
		return n, nil
	}
	if _, made := o.dirs[name]; made {
		return nil, syscall.EISDIR
	}
	if dir := filepath.Dir(name); dir != name && !o.isDirLocked(dir) {
		return nil, nil
	}
	info, err := o.base.Stat(name)
	switch {
	case isAbsent(err):
		return nil, nil
	case err != nil:
		return nil, err
	case info.IsDir:
		return nil, syscall.EISDIR
	}
	n := newOverlayNode(o.base, name, info)
	o.files[name] = n
	return n, nil
}

// isAbsent reports whether a path leads nowhere.
func isAbsent(err error) bool {
	errno, ok := underlying(err).(syscall.Errno)
	return ok && (errno == syscall.ENOENT || errno == syscall.ENOTDIR)
}

func underlying(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}

// isDirLocked reports whether name is a directory. Holds: mu.
func (o *overlay) isDirLocked(name string) bool {
	if _, made := o.dirs[name]; made {
		return true
	}
	if _, known := o.files[name]; known {
		return false
	}
	info, err := o.base.Stat(name)
	return err == nil && info.IsDir
}

// parentLocked says why no name can be made in the directory of name, or nil. Holds: mu.
func (o *overlay) parentLocked(name string) error {
	dir := filepath.Dir(name)
	if o.isDirLocked(dir) {
		return nil
	}
	if n, err := o.findLocked(dir); err == nil && n != nil {
		return syscall.ENOTDIR
	}
	return syscall.ENOENT
}

// OpenFile implements FS.
func (o *overlay) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	if flag&os.O_APPEND != 0 {
		return nil, overlayError("open", name, syscall.EINVAL)
	}
	path := filepath.Clean(name)
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.findLocked(path)
	switch {
	case err != nil:
		return nil, overlayError("open", name, underlying(err))
	case n == nil && flag&os.O_CREATE == 0:
		return nil, overlayError("open", name, absence(o.parentLocked(path)))
	case n == nil:
		if err := o.parentLocked(path); err != nil {
			return nil, overlayError("open", name, err)
		}
		n = &overlayNode{base: o.base, mode: perm, pieces: map[int64]*piece{}}
		o.files[path] = n
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, overlayError("open", name, fs.ErrExist)
	}
	if err := n.retain(); err != nil {
		return nil, err
	}
	if flag&os.O_TRUNC != 0 {
		n.truncate(0)
	}
	return &overlayFile{node: n, name: name, mode: flag & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)}, nil
}

// absence is the error for a name that is not there, given what is wrong with its directory.
func absence(parent error) error {
	if parent != nil {
		return parent
	}
	return syscall.ENOENT
}

// Remove implements FS.
func (o *overlay) Remove(name string) error {
	path := filepath.Clean(name)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, made := o.dirs[path]; made {
		names, err := o.readDirLocked(path)
		if err == nil && len(names) > 0 {
			err = syscall.ENOTEMPTY
		}
		if err == nil {
			delete(o.dirs, path)
		}
		return wrapOverlay("remove", name, err)
	}
	n, err := o.findLocked(path)
	if err == nil && n == nil {
		err = absence(o.parentLocked(path))
	}
	if err != nil {
		return overlayError("remove", name, underlying(err))
	}
	o.files[path] = nil
	return nil
}

// Rename implements FS, for files.
func (o *overlay) Rename(from, to string) error {
	old, path := filepath.Clean(from), filepath.Clean(to)
	o.mu.Lock()
	defer o.mu.Unlock()
	var n *overlayNode
	err := o.parentLocked(old)
	if err == nil {
		err = o.parentLocked(path)
	}
	if err == nil {
		n, err = o.findLocked(old)
	}
	switch {
	case err == nil && n == nil:
		err = syscall.ENOENT
	case err == nil && o.isDirLocked(path):
		err = fs.ErrExist
	}
	if err != nil {
		return overlayError("rename", from, underlying(err))
	}
	if old != path {
		o.files[path], o.files[old] = n, nil
	}
	return nil
}

// MkdirAll implements FS.
func (o *overlay) MkdirAll(name string, perm os.FileMode) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var missing []string
	for path := filepath.Clean(name); !o.isDirLocked(path); path = filepath.Dir(path) {
		if n, err := o.findLocked(path); err != nil || n != nil {
			return overlayError("mkdir", name, syscall.ENOTDIR)
		}
		missing = append(missing, path)
		if filepath.Dir(path) == path {
			break
		}
	}
	for _, path := range missing {
		delete(o.files, path)
		o.dirs[path] = perm
	}
	return nil
}

// ReadDir implements FS.
func (o *overlay) ReadDir(name string) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	names, err := o.readDirLocked(filepath.Clean(name))
	return names, wrapOverlay("open", name, err)
}

func (o *overlay) readDirLocked(dir string) ([]string, error) {
	if !o.isDirLocked(dir) {
		if n, err := o.findLocked(dir); err == nil && n != nil {
			return nil, syscall.ENOTDIR
		}
		return nil, absence(o.parentLocked(dir))
	}
	all := map[string]bool{}
	if _, made := o.dirs[dir]; !made {
		names, err := o.base.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			all[name] = true
		}
	}
	for path, n := range o.files {
		if filepath.Dir(path) == dir {
			all[filepath.Base(path)] = n != nil
		}
	}
	for path := range o.dirs {
		if filepath.Dir(path) == dir && path != dir {
			all[filepath.Base(path)] = true
		}
	}
	var names []string
	for name, there := range all {
		if there {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names, nil
}

// Stat implements FS.
func (o *overlay) Stat(name string) (FileInfo, error) {
	path := filepath.Clean(name)
	o.mu.Lock()
	defer o.mu.Unlock()
	if mode, made := o.dirs[path]; made {
		return FileInfo{IsDir: true, Mode: mode}, nil
	}
	if o.isDirLocked(path) {
		return o.base.Stat(name)
	}
	n, err := o.findLocked(path)
	if err == nil && n == nil {
		err = absence(o.parentLocked(path))
	}
	if err != nil {
		return FileInfo{}, overlayError("stat", name, underlying(err))
	}
	return FileInfo{Size: n.length(), Mode: n.mode}, nil
}

// SyncDir implements FS.
func (o *overlay) SyncDir(name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isDirLocked(filepath.Clean(name)) {
		return overlayError("open", name, absence(o.parentLocked(filepath.Clean(name))))
	}
	return nil
}

// Lock implements FS: the lock is a real one.
func (o *overlay) Lock(name string) (io.Closer, error) { return o.base.Lock(name) }

func wrapOverlay(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return overlayError(op, name, underlying(err))
}
