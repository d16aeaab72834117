package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// namePattern is what a plugin's file may be called: an SQL name that needs no quotes.
var namePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// scanDir returns the paths in dir whose names can be those of access methods, by name. Files whose mode forbids
// running them are among them: they are refused by name when somebody asks for them.
func scanDir(dir string) (map[string]string, error) {
	if err := CheckDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("plugin directory %s: %w", dir, err)
	}
	found := make(map[string]string)
	for _, e := range entries {
		if namePattern.MatchString(e.Name()) && !e.IsDir() {
			found[e.Name()] = filepath.Join(dir, e.Name())
		}
	}
	return found, nil
}

// CheckDir refuses a directory into which others can put programs. Nothing is started or changed.
func CheckDir(dir string) error {
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("plugin directory %s does not exist; create it or correct --plugin-dir", dir)
	case err != nil:
		return fmt.Errorf("plugin directory %s: %w", dir, err)
	case !st.IsDir():
		return fmt.Errorf("plugin directory %s is not a directory; correct --plugin-dir", dir)
	}
	return checkOwner("plugin directory", dir, st)
}

// checkOwner refuses what group or others may write, or what belongs to neither root nor the host's user.
func checkOwner(what, path string, st os.FileInfo) error {
	if perm := st.Mode().Perm(); perm&0o022 != 0 {
		return fmt.Errorf("%s %s may be written by others than its owner (mode %04o); run: chmod go-w %s", what, path, perm, path)
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 && int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s %s belongs to user %d, the host runs as user %d; run: chown %d %s", what, path, sys.Uid, os.Geteuid(), os.Geteuid(), path)
	}
	return nil
}

// An image is a verified plugin file, held open: what is executed is what was hashed (H1).
type image struct {
	path string
	file *os.File
	sum  string // SHA-256, hexadecimal
	size int64
}

func (im *image) close() { _ = im.file.Close() }

// openImage opens and judges a plugin file. want is the checksum it must have, "" for any.
func openImage(path, want string) (_ *image, err error) {
	if st, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("plugin file %s does not exist; put it back, or DROP ACCESS METHOD", path)
	} else if err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("plugin file %s is a %s; a regular file is needed, links are not followed", path, kindOf(st.Mode()))
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("plugin file %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("plugin file %s: %w", path, err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("plugin file %s is a %s; a regular file is needed", path, kindOf(st.Mode()))
	}
	if err := checkOwner("plugin file", path, st); err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o100 == 0 {
		return nil, fmt.Errorf("plugin file %s is not executable (mode %04o); run: chmod u+x %s", path, st.Mode().Perm(), path)
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return nil, fmt.Errorf("plugin file %s: %w", path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if want != "" && !strings.EqualFold(want, sum) {
		return nil, &checksumError{path: path, want: strings.ToLower(want), got: sum}
	}
	return &image{path: path, file: f, sum: sum, size: n}, nil
}

// A checksumError says that the file is not the one the access method was created with.
type checksumError struct{ path, want, got string }

func (e *checksumError) Error() string {
	return fmt.Sprintf("plugin file %s has SHA-256 %s, the access method was created with %s; "+
		"put the old file back, or accept the new one with ALTER EXTENSION … UPDATE", e.path, e.got, e.want)
}

func kindOf(m os.FileMode) string {
	switch {
	case m&os.ModeSymlink != 0:
		return "symbolic link"
	case m.IsDir():
		return "directory"
	case m&os.ModeNamedPipe != 0:
		return "named pipe"
	case m&os.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// fileHeader explains, from its first bytes, why a file that may run does not.
func fileHeader(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	b := make([]byte, 20)
	n, _ := io.ReadFull(f, b)
	b = b[:n]
	switch {
	case n == 0:
		return "the file is empty"
	case n > 1 && b[0] == '#' && b[1] == '!':
		return "it is a script; is its interpreter installed?"
	case n == 20 && string(b[:4]) == "\x7fELF":
		machine := int(b[18]) | int(b[19])<<8
		return fmt.Sprintf("it is an ELF program for %s, this host runs on %s", elfMachine(machine), runtime.GOARCH)
	}
	return fmt.Sprintf("it is no program for %s/%s", runtime.GOOS, runtime.GOARCH)
}

func elfMachine(m int) string {
	known := []struct {
		code int
		name string
	}{{3, "386"}, {40, "arm"}, {62, "amd64"}, {183, "arm64"}, {243, "riscv64"}, {258, "loong64"}, {22, "s390x"}, {21, "ppc64"}}
	if i := slices.IndexFunc(known, func(k struct {
		code int
		name string
	}) bool {
		return k.code == m
	}); i >= 0 {
		return known[i].name
	}
	return fmt.Sprintf("machine %d", m)
}
