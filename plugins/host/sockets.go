package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	socketPrefix = "quire-am-"
	lockName     = "lock"
	// maxSocketBase keeps socket paths below the kernel's 108 bytes: go-plugin appends two random names.
	maxSocketBase = 108 - 1 - 2*22
)

// A socketBase is a directory of mode 0700 under which each plugin process gets one for its socket. A lock file in it
// tells later hosts that it is in use.
type socketBase struct {
	dir  string
	lock *os.File
}

// newSocketBase makes one below base and removes those that dead hosts left there.
func newSocketBase(base string) (*socketBase, error) {
	if base == "" {
		base = os.TempDir()
	}
	sweepSockets(base)
	dir, err := os.MkdirTemp(base, socketPrefix)
	if err != nil {
		return nil, fmt.Errorf("socket directory for plugins: %w", err)
	}
	if len(dir) > maxSocketBase {
		return nil, errors.Join(os.Remove(dir), fmt.Errorf("socket directory for plugins %s: its path has %d bytes, sockets need one of at most %d; set TMPDIR to a shorter one", dir, len(dir), maxSocketBase))
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket directory for plugins %s: %w", dir, err), os.RemoveAll(dir))
	}
	return &socketBase{dir: dir, lock: lock}, nil
}

func (b *socketBase) close() error {
	return errors.Join(os.RemoveAll(b.dir), b.lock.Close())
}

// sweepSockets removes directories of this user's hosts that ended without doing so. A directory whose lock is free
// belongs to nobody; one without a lock is being made at this moment.
func sweepSockets(base string) {
	dirs, err := filepath.Glob(filepath.Join(base, socketPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		st, err := os.Lstat(dir)
		if err != nil || !st.IsDir() {
			continue
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); !ok || int(sys.Uid) != os.Geteuid() {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Close()
	}
}
