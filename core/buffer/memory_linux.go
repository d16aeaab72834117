package buffer

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// arenaSeals fix the size, so that no peer can pull pages from under the host, and refuse every writable mapping made
// later, write, and hole punch. The host's own mapping was made before and stays writable.
const arenaSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL

// sharedMemory maps a sealed memfd.
func sharedMemory(name string, size int64) (*memory, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if err := unix.Ftruncate(fd, size); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("size memfd to %d bytes: %w", size, err)
	}
	bytes, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	m := &memory{bytes: bytes, file: file, unmap: func() error { return unix.Munmap(bytes) }}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, arenaSeals); err != nil {
		_ = m.close()
		return nil, fmt.Errorf("seal memfd: %w", err)
	}
	return m, nil
}

// openReadOnly returns a new handle without the right to write.
func (m *memory) openReadOnly() (*os.File, error) {
	if m.file == nil {
		return nil, ErrNotShared
	}
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", m.file.Fd()))
}

// populate touches all pages now, so that no query pays for it. Kernels before 5.14 do not know how; it is a hint then.
func (m *memory) populate() error {
	if m.file == nil {
		return nil
	}
	err := unix.Madvise(m.bytes, unix.MADV_POPULATE_WRITE)
	if err == unix.EINVAL {
		return nil
	}
	return err
}
