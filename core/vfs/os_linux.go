package vfs

import (
	"errors"
	"syscall"
)

// fallocKeepSize is FALLOC_FL_KEEP_SIZE.
const fallocKeepSize = 1

// Sync is fdatasync: data, and of the metadata what is needed to read the data back, the size included.
func (f osFile) Sync() error { return f.withFD("fdatasync", syscall.Fdatasync) }

// Reserve is fallocate with the size kept.
func (f osFile) Reserve(off, n int64) error {
	if n <= 0 {
		return nil
	}
	return f.withFD("fallocate", func(fd int) error {
		err := syscall.Fallocate(fd, fallocKeepSize, off, n)
		if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
			return nil
		}
		return err
	})
}
