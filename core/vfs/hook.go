package vfs

import (
	"errors"
	"fmt"
)

// ErrCrashed is for hooks: the power is gone, nothing works any more.
var ErrCrashed = errors.New("simulated power loss")

// OpKind is the kind of an operation on the in-memory disk.
type OpKind uint8

// The kinds, in the order of the FS and File methods. A file that OpenFile makes or empties counts as OpCreate.
const (
	OpOpen OpKind = iota + 1
	OpCreate
	OpRemove
	OpRename
	OpMkdir
	OpReadDir
	OpStat
	OpSyncDir
	OpLock
	OpRead
	OpWrite
	OpTruncate
	OpSync
	OpReserve
	OpClose
)

var opNames = [...]string{
	OpOpen: "open", OpCreate: "create", OpRemove: "remove", OpRename: "rename", OpMkdir: "mkdir",
	OpReadDir: "readdir", OpStat: "stat", OpSyncDir: "syncdir", OpLock: "lock", OpRead: "read", OpWrite: "write",
	OpTruncate: "truncate", OpSync: "sync", OpReserve: "reserve", OpClose: "close",
}

// String is the name of the call in lower case.
func (k OpKind) String() string {
	if int(k) < len(opNames) && opNames[k] != "" {
		return opNames[k]
	}
	return fmt.Sprintf("op%d", uint8(k))
}

// Mutates reports whether the operation can change what a crash leaves. A crash sweep need cut before these only.
func (k OpKind) Mutates() bool {
	switch k {
	case OpCreate, OpRemove, OpRename, OpMkdir, OpSyncDir, OpWrite, OpTruncate, OpSync:
		return true
	}
	return false
}

// Op describes an operation that is about to happen.
type Op struct {
	N        int64 // counts from 1
	Kind     OpKind
	Name     string // path as the caller wrote it; of a rename the old one
	Off, Len int64  // bytes, where they apply; Off is the new size of a truncate
}

// String prints one line for a failing test, for example "17 write base/16384 [8192,16384)".
func (o Op) String() string {
	switch o.Kind {
	case OpRead, OpWrite, OpReserve:
		return fmt.Sprintf("%d %v %s [%d,%d)", o.N, o.Kind, o.Name, o.Off, o.Off+o.Len)
	case OpTruncate:
		return fmt.Sprintf("%d %v %s to %d", o.N, o.Kind, o.Name, o.Off)
	}
	return fmt.Sprintf("%d %v %s", o.N, o.Kind, o.Name)
}

// PartialError, returned by a hook for a write, lets the first Bytes bytes through before the write fails with Err,
// as a full disk does. For other operations it is Err.
type PartialError struct {
	Bytes int
	Err   error
}

func (e *PartialError) Error() string { return fmt.Sprintf("after %d bytes: %v", e.Bytes, e.Err) }

func (e *PartialError) Unwrap() error { return e.Err }

// FsyncFailMode is what a Sync that the hook fails leaves behind.
type FsyncFailMode uint8

const (
	// FsyncRetains keeps the written bytes unsynced: the next Sync writes them. The kindest file system.
	FsyncRetains FsyncFailMode = iota
	// FsyncExt4 keeps the new bytes in the cache, the old ones on the disk, and holds the difference for clean: the
	// next Sync succeeds and writes nothing of it. Reads see the new bytes until the power goes.
	FsyncExt4
	// FsyncBtrfs takes the cache back to what is on the disk.
	FsyncBtrfs
)
