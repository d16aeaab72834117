package pgstat

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/quiredb/quire/core/vfs"
)

// Where the counters are while the host is down, below the data directory.
const (
	Dir      = "pg_stat"
	FileName = "pgstat.stat"
)

const (
	magic   = "QSTA"
	version = 1
	header  = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged says that a file does not hold what was written.
var ErrDamaged = errors.New("statistics file is damaged")

// saved is the body of the file.
type saved struct {
	Database  Database            `json:"database"`
	Relations map[uint32]Relation `json:"relations"`
}

// encode returns the file's bytes. Integers are little endian; the CRC-32C is that of the body.
//
//	0      4         8          12    16
//	+------+---------+----------+-----+----------------+
//	| QSTA | version | length   | CRC | body, in JSON  |
//	+------+---------+----------+-----+----------------+
func (v *saved) encode() ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, header+len(body)), magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(body, castagnoli))
	return append(b, body...), nil
}

// decode reads a file's bytes. Its errors are ErrDamaged.
func decode(b []byte) (*saved, error) {
	if len(b) < header || string(b[:4]) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %s", ErrDamaged, magic)
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != version {
		return nil, fmt.Errorf("%w: version %d, this program reads %d", ErrDamaged, v, version)
	}
	body := b[header:]
	if n := binary.LittleEndian.Uint32(b[8:]); uint64(n) != uint64(len(body)) {
		return nil, fmt.Errorf("%w: %d bytes where %d were written", ErrDamaged, len(body), n)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[12:]) {
		return nil, fmt.Errorf("%w: wrong checksum", ErrDamaged)
	}
	var v saved
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return &v, nil
}

// Save writes the counters into the data directory, for the next start. Nobody counts any more.
func (s *Store) Save(fsys vfs.FS, dir string) error {
	v := saved{Database: s.Database(), Relations: map[uint32]Relation{}}
	s.relations.Range(func(oid, e any) bool {
		if r := e.(*entry).get(); r != (Relation{}) {
			v.Relations[oid.(uint32)] = r
		}
		return true
	})
	b, err := v.encode()
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(filepath.Join(dir, Dir), 0o700); err != nil {
		return err
	}
	return vfs.WriteFileAtomic(fsys, filepath.Join(dir, Dir, FileName), b)
}

// Load takes the counters that a clean stop has left in the data directory, if there are any; keep is false after a crash, when they are not
// true any more. Either way the file is removed (P4). An error is for the log: the counters are zero then, which stops nobody.
func (s *Store) Load(fsys vfs.FS, dir string, keep bool) error {
	name := filepath.Join(dir, Dir, FileName)
	b, err := vfs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var v *saved
	if err == nil && keep {
		v, err = decode(b)
	}
	if e := remove(fsys, name); e != nil {
		return errors.Join(err, e) // what is left could be read again when it is no longer true
	}
	if err != nil || v == nil {
		return err
	}
	s.database.set(v.Database)
	for oid, r := range v.Relations {
		s.entry(oid).set(r)
	}
	return nil
}

func remove(fsys vfs.FS, name string) error {
	if err := fsys.Remove(name); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}
