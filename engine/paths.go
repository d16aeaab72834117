package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine/control"
)

// Names inside a data directory.
const (
	WALDir   = "pg_wal"
	LockFile = "quire.lock"
)

// ErrInUse says that another process has the directory open.
var ErrInUse = errors.New("data directory is in use")

// lockDirectory takes the directory for this process (E1).
func lockDirectory(fsys vfs.FS, dir string) (io.Closer, error) {
	lock, err := fsys.Lock(filepath.Join(dir, LockFile))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("%w: another quire process serves %s; stop it first, or choose another directory with -D", ErrInUse, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return lock, nil
}

// Check tells whether dir is a data directory that this program can open, and changes nothing. Open may still find damage.
func Check(fsys vfs.FS, dir string) error {
	if err := checkDirectory(fsys, dir); err != nil {
		return err
	}
	_, _, err := control.Read(fsys, dir)
	return err
}

// checkDirectory makes sure that dir exists, without changing anything.
func checkDirectory(fsys vfs.FS, dir string) error {
	info, err := fsys.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("data directory %s does not exist; create it with: quire init -D %s", dir, dir)
	case err != nil:
		return fmt.Errorf("data directory: %w", err)
	case !info.IsDir:
		return fmt.Errorf("data directory %s is a file; name a directory with -D", dir)
	case info.Mode&0o077 != 0:
		return fmt.Errorf("data directory %s can be read by others (mode %04o); run: chmod 0700 %s", dir, info.Mode, dir)
	}
	return nil
}
