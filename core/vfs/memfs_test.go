package vfs

import (
	"io/fs"
	"math/rand"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func create(t require.TestingT, fs FS, name string) File {
	f, err := fs.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	return f
}

func write(t require.TestingT, f File, off int64, s string) {
	n, err := f.WriteAt([]byte(s), off)
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

func content(t require.TestingT, fs FS, name string) string {
	b, err := ReadFile(fs, name)
	require.NoError(t, err)
	return string(b)
}

func TestUnsyncedIsLost(t *testing.T) {
	m := NewMem()
	require.NoError(t, m.MkdirAll("d", 0o700))
	f := create(t, m, "d/a")
	write(t, f, 0, "old")

	_, err := m.CrashClone(nil, DropUnsynced).Stat("d")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, "old", content(t, m.CrashClone(nil, KeepAll), "d/a"))

	require.NoError(t, m.SyncDir("/"))
	require.NoError(t, m.SyncDir("d"))
	require.Equal(t, "", content(t, m.CrashClone(nil, DropUnsynced), "d/a"), "the name is durable, the bytes are not")

	require.NoError(t, f.Sync())
	write(t, f, 0, "new and longer")
	require.Equal(t, "old", content(t, m.CrashClone(nil, DropUnsynced), "d/a"))
	require.Equal(t, "new and longer", content(t, m, "d/a"))
}

func TestFsyncFailureModes(t *testing.T) {
	for mode, want := range map[FsyncFailMode][2]string{ // what a read sees, what a crash after a second Sync leaves
		FsyncRetains: {"new", "new"},
		FsyncExt4:    {"new", "old"},
		FsyncBtrfs:   {"old", "old"},
	} {
		m := NewMem()
		f := create(t, m, "a")
		require.NoError(t, m.SyncDir("."))
		write(t, f, 0, "old")
		require.NoError(t, f.Sync())
		write(t, f, 0, "new")

		m.FailFsync(mode)
		m.SetHook(func(op Op) error {
			if op.Kind == OpSync {
				return syscall.EIO
			}
			return nil
		})
		require.ErrorIs(t, f.Sync(), syscall.EIO)
		m.SetHook(nil)
		require.Equal(t, want[0], content(t, m, "a"))
		require.NoError(t, f.Sync())
		require.Equal(t, want[1], content(t, m.CrashClone(nil, DropUnsynced), "a"))
		require.Equal(t, want[1], content(t, m.CrashClone(rand.New(rand.NewSource(1)), Random), "a"))

		write(t, f, 0, "NEW")
		require.NoError(t, f.Sync(), "what is written again is dirty again")
		require.Equal(t, "NEW", content(t, m.CrashClone(nil, DropUnsynced), "a"))
	}
}

func TestPartialWrite(t *testing.T) {
	m := NewMem()
	f := create(t, m, "a")
	m.SetHook(func(op Op) error {
		if op.Kind == OpWrite {
			return &PartialError{Bytes: 3, Err: syscall.ENOSPC}
		}
		return nil
	})
	n, err := f.WriteAt([]byte("abcdef"), 1)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 3, n)
	require.Equal(t, "\x00abc", content(t, m, "a"))
}
