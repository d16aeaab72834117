package wal

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/quiredb/quire/core/page"
)

// ErrHalted is what every caller gets once a write or sync of the log has failed. Nothing is tried again: the kernel may
// have dropped the data and will report success next time. Only a restart, with its recovery, helps.
var ErrHalted = errors.New("the write-ahead log is halted")

// ErrClosed is what waiters get when the log is closed under them.
var ErrClosed = errors.New("the write-ahead log is closed")

// ErrRecycled marks a position whose segment is no longer kept.
var ErrRecycled = errors.New("requested WAL segment has already been removed")

// haltError is ErrHalted with its cause.
type haltError struct{ cause error }

func (e *haltError) Error() string {
	return fmt.Sprintf("%v until the next start, because of: %v", ErrHalted, e.cause)
}
func (e *haltError) Is(target error) bool { return target == ErrHalted }
func (e *haltError) Unwrap() error        { return e.cause }

// SQLState is PostgreSQL's io_error.
func (e *haltError) SQLState() string { return "58030" }

// SpaceError says that the disk has no room for more log. Nothing was changed; the operation may be tried again once
// there is space.
type SpaceError struct {
	Name string // the segment that could not be made
	Size int64  // its size in bytes
	Err  error
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("no space for WAL segment %s of %d bytes: free disk space, or let replicas and slots that hold old segments back catch up: %v",
		e.Name, e.Size, e.Err)
}
func (e *SpaceError) Unwrap() error { return e.Err }

// SQLState is PostgreSQL's disk_full.
func (e *SpaceError) SQLState() string { return "53100" }

func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// CorruptError names a record that was durable once and is no longer what was written. Recovery stops on it.
type CorruptError struct {
	File   string
	Offset int64 // in File
	LSN    page.LSN
	Reason string
	// Follows is a later valid record, inserted when this one was already durable; 0 if the proof is another.
	Follows     page.LSN
	FollowsKind Kind
}

func (e *CorruptError) Error() string {
	proof := "the log is known to have been on disk beyond it"
	if e.Follows != 0 {
		proof = fmt.Sprintf("a valid %v record follows at %v", e.FollowsKind, e.Follows)
	}
	return fmt.Sprintf("corrupt WAL record at %v (file %s, offset %d): %s; %s, so this is damage and not the end of the log. "+
		"Restore this file or the whole directory from a backup, or make a new copy from a replica",
		e.LSN, e.File, e.Offset, e.Reason, proof)
}

// SQLState is PostgreSQL's data_corrupted.
func (e *CorruptError) SQLState() string { return "XX001" }

// ReadError says that there is no valid record where one was expected.
type ReadError struct {
	LSN    page.LSN
	File   string
	Offset int64 // in File
	Err    error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("no valid WAL record at %v (file %s, offset %d): %v; it is not durable yet, no longer kept, or damaged",
		e.LSN, e.File, e.Offset, e.Err)
}
func (e *ReadError) Unwrap() error { return e.Err }

// SQLState is PostgreSQL's data_corrupted.
func (e *ReadError) SQLState() string { return "XX001" }

// recycledError is ErrRecycled with the segment's name.
type recycledError struct{ name string }

func (e *recycledError) Error() string        { return fmt.Sprintf("%v: %s", ErrRecycled, e.name) }
func (e *recycledError) Is(target error) bool { return target == ErrRecycled }

// SQLState is PostgreSQL's undefined_file, which walsender clients expect here.
func (e *recycledError) SQLState() string { return "58P01" }
