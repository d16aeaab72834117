package vfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// ErrLocked says that another process, or another handle of this one, holds the advisory lock.
var ErrLocked = errors.New("file is locked")

// FS is a tree of files. Flags are those of package os. O_APPEND is refused: every write names its place.
type FS interface {
	OpenFile(name string, flag int, perm os.FileMode) (File, error)
	// Remove deletes a file or an empty directory.
	Remove(name string) error
	// Rename replaces a file at to; a directory there is fs.ErrExist. Durable after SyncDir of both directories.
	Rename(from, to string) error
	MkdirAll(name string, perm os.FileMode) error
	// ReadDir lists base names in order.
	ReadDir(name string) ([]string, error)
	Stat(name string) (FileInfo, error)
	// SyncDir makes the names in a directory durable, not what lies behind them.
	SyncDir(name string) error
	// Lock takes an exclusive advisory lock on a file, created if absent. It does not wait: ErrLocked if held. Close
	// releases it, and so does the end of the process.
	Lock(name string) (io.Closer, error)
}

// File is an open file without a position.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	// Sync makes data and size durable. After an error the file's state is unknown (V2): do not try again.
	Sync() error
	Size() (int64, error)
	// Reserve takes disk space for [off, off+n) and leaves the size alone. Where the file system cannot, it does nothing.
	Reserve(off, n int64) error
	Name() string
}

// FileInfo is what Stat tells.
type FileInfo struct {
	Size  int64 // bytes, 0 for a directory
	IsDir bool
	Mode  os.FileMode // permission bits
}

// ReadFile returns the whole content of a file.
func ReadFile(fs FS, name string) ([]byte, error) {
	f, err := fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	n, err := f.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil // the file was cut while we read, or is empty
	}
	return b[:n], err
}

// WriteFileAtomic replaces the content of a file, durably: after a crash the file holds the old bytes or the new, and
// the new ones once WriteFileAtomic has returned nil. It goes through name + ".tmp", whose leftovers it overwrites.
func WriteFileAtomic(fs FS, name string, data []byte) error {
	tmp := name + ".tmp"
	f, err := fs.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fs.Rename(tmp, name)
	}
	if err == nil {
		err = fs.SyncDir(filepath.Dir(name))
	}
	return err
}
