//go:build unix && !linux

package vfs

// Reserve does nothing here: there is no portable call that takes space and keeps the size. A full disk then shows
// as ENOSPC at the write.
func (f osFile) Reserve(off, n int64) error { return nil }
