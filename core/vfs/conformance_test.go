package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// kindOf reduces an error to what callers decide by.
func kindOf(err error) string {
	for _, e := range []error{io.EOF, fs.ErrNotExist, fs.ErrExist, fs.ErrClosed, ErrLocked, syscall.ENOTDIR, syscall.EISDIR,
		syscall.ENOTEMPTY, syscall.EBADF, syscall.EINVAL} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if err != nil {
		return "other: " + err.Error()
	}
	return "ok"
}

// both runs the same operations on the operating system and on the in-memory disk.
type both struct {
	roots [2]string
	fs    [2]FS
	files map[string][2]File
	// filesOnly keeps directories where they are: an overlay does not rename or remove them.
	filesOnly bool
}

// do runs op on each and requires equal outcomes.
func (b *both) do(t *rapid.T, what string, op func(i int, fs FS, path func(string) string) (string, error)) bool {
	var out [2]string
	for i := range b.fs {
		s, err := op(i, b.fs[i], func(name string) string { return filepath.Join(b.roots[i], name) })
		out[i] = fmt.Sprintf("%s %q", kindOf(err), s)
	}
	require.Equal(t, out[0], out[1], "operating system and %T differ: %s", b.fs[1], what)
	return out[0][:2] == "ok"
}

// TestMemoryIsLikeTheSystem compares both file systems on random operations, crashes left out.
func TestMemoryIsLikeTheSystem(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		b := &both{files: map[string][2]File{}}
		b.fs = [2]FS{OS(), NewMem()}
		b.roots = [2]string{filepath.Join(t.TempDir(), fmt.Sprint(n)), "/"}
		require.NoError(rt, b.fs[0].MkdirAll(b.roots[0], 0o700))
		b.run(rt)
	})
}

// TestOverlayIsLikeTheSystem compares an overlay of a directory with a copy of the directory, and the directory with itself.
func TestOverlayIsLikeTheSystem(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		base := filepath.Join(t.TempDir(), fmt.Sprint(n))
		b := &both{files: map[string][2]File{}, filesOnly: true}
		b.fs = [2]FS{OS(), NewOverlay(OS())}
		b.roots = [2]string{base + "copy", base}
		for _, root := range b.roots {
			require.NoError(rt, os.MkdirAll(filepath.Join(root, "d"), 0o700))
			require.NoError(rt, os.WriteFile(filepath.Join(root, "a"), []byte("short"), 0o600))
			require.NoError(rt, os.WriteFile(filepath.Join(root, "d", "b"), slices.Repeat([]byte("long"), 3500), 0o600))
		}
		b.run(rt)
		list, err := os.ReadDir(base)
		require.NoError(rt, err)
		require.Len(rt, list, 2)
		kept, err := os.ReadFile(filepath.Join(base, "a"))
		require.NoError(rt, err)
		require.Equal(rt, "short", string(kept))
		kept, err = os.ReadFile(filepath.Join(base, "d", "b"))
		require.NoError(rt, err)
		require.Equal(rt, slices.Repeat([]byte("long"), 3500), kept)
	})
}

func (b *both) run(t *rapid.T) {
	names := []string{"a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x"}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		b.step(t, rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(names).Draw(t, "other"))
	}
	for _, f := range b.files {
		_, _ = f[0].Close(), f[1].Close()
	}
	b.compareTree(t, "")
}

func (b *both) step(t *rapid.T, name, other string) {
	op := rapid.IntRange(0, 12).Draw(t, "op")
	if info, err := b.fs[0].Stat(filepath.Join(b.roots[0], name)); b.filesOnly && (op == 3 || op == 4) && err == nil && info.IsDir {
		return
	}
	switch op {
	case 0, 1, 2:
		b.open(t, name)
	case 3:
		b.do(t, "remove "+name, func(i int, fs FS, path func(string) string) (string, error) { return "", fs.Remove(path(name)) })
	case 4:
		b.do(t, "rename "+name+" "+other, func(i int, fs FS, path func(string) string) (string, error) {
			return "", fs.Rename(path(name), path(other))
		})
	case 5:
		b.do(t, "mkdir "+name, func(i int, fs FS, path func(string) string) (string, error) {
			return "", fs.MkdirAll(path(name), 0o700)
		})
	case 6:
		b.do(t, "stat "+name, func(i int, fs FS, path func(string) string) (string, error) {
			info, err := fs.Stat(path(name))
			return fmt.Sprint(info), err
		})
	case 7:
		b.do(t, "syncdir "+name, func(i int, fs FS, path func(string) string) (string, error) {
			if info, err := fs.Stat(path(name)); err == nil && !info.IsDir {
				return "", nil // the system syncs a file by that call too
			}
			return "", fs.SyncDir(path(name))
		})
	default:
		b.fileStep(t, op)
	}
}

func (b *both) open(t *rapid.T, name string) {
	flag := rapid.SampledFrom([]int{os.O_RDONLY, os.O_WRONLY, os.O_RDWR}).Draw(t, "mode")
	for _, f := range []int{os.O_CREATE, os.O_EXCL, os.O_TRUNC} {
		if rapid.Bool().Draw(t, "flag") {
			flag |= f
		}
	}
	if flag&os.O_EXCL != 0 && flag&os.O_CREATE == 0 || flag&os.O_TRUNC != 0 && flag&3 == os.O_RDONLY {
		return // not defined
	}
	var files [2]File
	ok := b.do(t, fmt.Sprintf("open %s %x", name, flag), func(i int, fs FS, path func(string) string) (string, error) {
		if info, err := fs.Stat(path(name)); err == nil && info.IsDir {
			return "", nil // the system opens a directory to read
		}
		f, err := fs.OpenFile(path(name), flag, 0o600)
		files[i] = f
		return "", err
	})
	if ok && files[0] != nil {
		b.files[fmt.Sprint(len(b.files))] = files
	}
}

func (b *both) fileStep(t *rapid.T, op int) {
	if len(b.files) == 0 {
		return
	}
	f := b.files[fmt.Sprint(rapid.IntRange(0, len(b.files)-1).Draw(t, "file"))]
	off := int64(rapid.IntRange(0, 20000).Draw(t, "off"))
	n := rapid.SampledFrom([]int{0, 1, 100, 512, 5000, 9000}).Draw(t, "n")
	fill := byte(rapid.IntRange(0, 2).Draw(t, "fill"))
	b.do(t, fmt.Sprintf("file op %d off %d n %d", op, off, n), func(i int, _ FS, _ func(string) string) (string, error) {
		switch op {
		case 8, 9:
			n, err := f[i].WriteAt(slices.Repeat([]byte{fill}, n), off)
			return fmt.Sprint(n), err
		case 10:
			buf := make([]byte, n)
			n, err := f[i].ReadAt(buf, off)
			return fmt.Sprint(n, buf[:n]), err
		case 11:
			if err := f[i].Truncate(off); err != nil || fill != 0 {
				return "", err
			}
			return "", f[i].Sync()
		}
		if n == 0 {
			return "", f[i].Close()
		}
		err := f[i].Reserve(off, int64(n))
		size, serr := f[i].Size()
		return fmt.Sprint(size, serr == nil), err
	})
}

func (b *both) compareTree(t *rapid.T, dir string) {
	var list []string
	b.do(t, "readdir "+dir, func(i int, fs FS, path func(string) string) (string, error) {
		names, err := fs.ReadDir(path(dir))
		list = names
		return fmt.Sprint(names), err
	})
	for _, name := range list {
		name = filepath.Join(dir, name)
		isDir := false
		b.do(t, "read "+name, func(i int, fs FS, path func(string) string) (string, error) {
			info, err := fs.Stat(path(name))
			if isDir = info.IsDir; isDir || err != nil {
				return "dir", err
			}
			data, err := ReadFile(fs, path(name))
			return string(data), err
		})
		if isDir {
			b.compareTree(t, name)
		}
	}
}

func TestLock(t *testing.T) {
	for name, fs := range map[string]FS{"os": OS(), "mem": NewMem()} {
		t.Run(name, func(t *testing.T) {
			path := "lock"
			if name == "os" {
				path = filepath.Join(t.TempDir(), "lock")
			}
			l, err := fs.Lock(path)
			require.NoError(t, err)
			_, err = fs.Lock(path)
			require.ErrorIs(t, err, ErrLocked)
			require.ErrorContains(t, err, "lock")
			if m, ok := fs.(*MemFS); ok {
				_, err := m.CrashClone(nil, KeepAll).Lock(path)
				require.NoError(t, err, "the crash frees it")
			}
			require.NoError(t, l.Close())
			l, err = fs.Lock(path)
			require.NoError(t, err)
			require.NoError(t, l.Close())
		})
	}
}

func TestReserveKeepsSize(t *testing.T) {
	f, err := OS().OpenFile(filepath.Join(t.TempDir(), "a"), os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Reserve(0, 1<<20))
	size, err := f.Size()
	require.NoError(t, err)
	require.Zero(t, size)
}

func TestWildOffsets(t *testing.T) {
	f := create(t, NewMem(), "a")
	_, err := f.WriteAt([]byte("x"), maxMemFile)
	require.ErrorIs(t, err, syscall.EFBIG)
	_, err = f.WriteAt([]byte("x"), -1)
	require.ErrorIs(t, err, syscall.EINVAL)
	_, err = NewMem().OpenFile("b", os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	require.ErrorIs(t, err, syscall.EINVAL)
}
