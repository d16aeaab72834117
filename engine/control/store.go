package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/quiredb/quire/core/vfs"
)

// Names are the two copies, relative to the data directory.
var Names = [2]string{"control.a", "control.b"}

// ErrNotInitialized says that there is no control file.
var ErrNotInitialized = errors.New("not a Quire data directory")

// Read returns the newer of the good copies. damaged reports that the other copy is missing or bad: the file is then older
// than the directory may be.
func Read(fsys vfs.FS, dir string) (f *File, damaged bool, err error) {
	var copies [2]*File
	var errs [2]error
	absent := 0
	for i := range Names {
		copies[i], errs[i] = readCopy(fsys, path.Join(dir, Names[i]))
		var format *FormatError
		if errors.As(errs[i], &format) {
			return nil, false, fmt.Errorf("%s: %w", path.Join(dir, Names[i]), errs[i])
		}
		if errors.Is(errs[i], fs.ErrNotExist) {
			absent++
		}
	}
	if absent == 2 {
		return nil, false, fmt.Errorf("%w: %s holds no control file; create one with: quire init -D %s", ErrNotInitialized, dir, dir)
	}
	a, b := copies[0], copies[1]
	switch {
	case a == nil && b == nil:
		return nil, false, fmt.Errorf("both control files of %s are unreadable (%s: %w; %s: %w): restore the directory from a base backup",
			dir, Names[0], errs[0], Names[1], errs[1])
	case a == nil:
		return alone(b), true, nil
	case b == nil:
		return alone(a), true, nil
	case a.Sequence < b.Sequence:
		a, b = b, a
	}
	a.PreviousRedo = b.Redo
	return a, false, nil
}

// alone completes a file whose other copy is lost.
func alone(f *File) *File {
	f.PreviousRedo = f.Redo
	return f
}

func readCopy(fsys vfs.FS, name string) (*File, error) {
	b, err := vfs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return decode(b)
}

// Write makes f the newest copy, in place of the older one, and syncs it. It raises f.Sequence. After an error either
// copy may be damaged on disk, never both.
func Write(fsys vfs.FS, dir string, f *File, previous *File) error {
	f.Sequence, f.PreviousRedo = 1, f.Redo
	if previous != nil {
		f.Sequence, f.PreviousRedo = previous.Sequence+1, previous.Redo
	}
	return writeCopy(fsys, path.Join(dir, Names[f.Sequence%2]), f.encode())
}

// WriteBoth writes both copies, for a directory that is being made.
func WriteBoth(fsys vfs.FS, dir string, f *File) error {
	first := *f
	if err := Write(fsys, dir, &first, nil); err != nil {
		return err
	}
	if err := Write(fsys, dir, f, &first); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

func writeCopy(fsys vfs.FS, name string, b []byte) (err error) {
	file, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.WriteAt(b, 0); err != nil {
		return fmt.Errorf("write control file %s: %w", name, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync control file %s: %w", name, err)
	}
	return nil
}
