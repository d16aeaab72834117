//go:build !linux

package buffer

import "os"

// sharedMemory is ordinary memory where there are no sealed memfds.
func sharedMemory(_ string, size int64) (*memory, error) { return privateMemory(size), nil }

func (m *memory) openReadOnly() (*os.File, error) { return nil, ErrNotShared }

func (m *memory) populate() error { return nil }
