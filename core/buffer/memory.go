package buffer

import "os"

// memory is the bytes of an arena: a mapped memfd, or ordinary memory if file is nil.
type memory struct {
	bytes []byte
	file  *os.File
	unmap func() error
}

func newMemory(name string, size int64, private bool) (*memory, error) {
	if private {
		return privateMemory(size), nil
	}
	return sharedMemory(name, size)
}

func privateMemory(size int64) *memory {
	return &memory{bytes: make([]byte, size), unmap: func() error { return nil }}
}

// close gives the memory back. Nobody may use the bytes any more.
func (m *memory) close() error {
	m.bytes = nil
	err := m.unmap()
	if m.file != nil {
		if cerr := m.file.Close(); err == nil {
			err = cerr
		}
	}
	return err
}
