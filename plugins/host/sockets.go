package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	socketPrefix = "quire-am-"
	// newPrefix is the name of a directory that is not locked yet, which no sweep looks at.
	newPrefix = "quire-new-"
	lockName  = "lock"
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
	made, err := os.MkdirTemp(base, newPrefix)
	if err != nil {
		return nil, fmt.Errorf("socket directory for plugins: %w", err)
	}
	dir := filepath.Join(base, socketPrefix+strings.TrimPrefix(filepath.Base(made), newPrefix))
	if len(dir) > maxSocketBase {
		return nil, errors.Join(os.Remove(made), fmt.Errorf("socket directory for plugins %s: its path has %d bytes, sockets need one of at most %d; set TMPDIR to a shorter one", dir, len(dir), maxSocketBase))
	}
	lock, err := os.OpenFile(filepath.Join(made, lockName), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err == nil {
		err = os.Rename(made, dir) // from here on it is seen, and held
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket directory for plugins %s: %w", dir, err), os.RemoveAll(made))
	}
	return &socketBase{dir: dir, lock: lock}, nil
}

func (b *socketBase) close() error {
	return errors.Join(os.RemoveAll(b.dir), b.lock.Close())
}

// sweepSockets removes directories of this user's hosts that ended without doing so: those whose lock is free. A
// directory gets its name when its lock is held, so that nobody is swept away while starting.
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
