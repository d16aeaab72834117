package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/quiredb/quire/core/page"
)

// ErrFsync marks a failed fsync. It is fatal: nothing is known about the data written before, and asking again would be
// answered with a success that means nothing. The process stops and recovers from the log.
var ErrFsync = errors.New("fsync failed: the state of the file on disk is unknown, so the process must stop and recover")

// ErrBeyondEnd marks a read of a block that its relation does not have.
var ErrBeyondEnd = errors.New("block is beyond the end of the relation")

// ErrClosed marks a call on a Manager that was closed.
var ErrClosed = errors.New("storage is closed")

// CorruptPageError reports a page whose bytes cannot be what was written there.
type CorruptPageError struct {
	Tag      page.Tag
	File     string // path of the segment file
	Block    int64  // block number inside that file
	InMemory bool   // found before a write: the page went bad in memory, the file is untouched
	Err      error
}

func (e *CorruptPageError) Error() string {
	if e.InMemory {
		return fmt.Sprintf("page %v was damaged in memory and is not written to %s: %v; check the machine's memory, a restart recovers the page from the log",
			e.Tag, e.File, e.Err)
	}
	return fmt.Sprintf("page %v is corrupt (file %s, block %d): %v; restore the file from a base backup or take a new base copy from another node, an index can be built again instead",
		e.Tag, e.File, e.Block, e.Err)
}

// Unwrap returns what the check found.
func (e *CorruptPageError) Unwrap() error { return e.Err }

// SQLState returns data_corrupted.
func (e *CorruptPageError) SQLState() string { return "XX001" }

// FileError reports a file operation that did not work.
type FileError struct {
	Op   string // "open", "read", "write", "reserve space in", …
	File string
	Err  error
}

func (e *FileError) Error() string {
	reason := e.Err
	var at *fs.PathError
	if errors.As(reason, &at) {
		reason = at.Err // the path is in our own words already
	}
	switch {
	case e.isSpace():
		return fmt.Sprintf("%s %s: %v; free some disk space and try again", e.Op, e.File, reason)
	case errors.Is(e.Err, fs.ErrNotExist):
		return fmt.Sprintf("%s %s: the relation's file is missing; restore it from a base backup", e.Op, e.File)
	case errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("%s %s: %v; the files must belong to the user who runs the host", e.Op, e.File, reason)
	}
	return fmt.Sprintf("%s %s: %v; look into the kernel's log for errors of the device", e.Op, e.File, reason)
}

// Unwrap returns the error of the file system.
func (e *FileError) Unwrap() error { return e.Err }

// SQLState returns disk_full, undefined_file, or io_error.
func (e *FileError) SQLState() string {
	switch {
	case e.isSpace():
		return "53100"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "58P01"
	}
	return "58030"
}

func (e *FileError) isSpace() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT)
}

func fileError(op, file string, err error) error {
	if err == nil {
		return nil
	}
	return &FileError{Op: op, File: file, Err: err}
}
