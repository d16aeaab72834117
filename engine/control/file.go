package control

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/quiredb/quire/core/page"
)

// Format is the version of the data directory that this program writes and reads.
const Format = 1

// Size is the size of a copy in bytes: one sector.
const Size = 512

// SegmentBytes is the size of a WAL segment unless a directory was made with another.
const SegmentBytes = 16 << 20

// State says what the directory was doing when the file was written.
type State uint32

// The states. A primary goes ShutDown → InProduction → ShutDown, or after a crash InProduction → InCrashRecovery →
// InProduction; a standby InStandby → StandbyShutDown.
const (
	ShutDown State = iota + 1
	InProduction
	InCrashRecovery
	InStandby
	StandbyShutDown
)

var stateNames = map[State]string{
	ShutDown:        "shut down",
	InProduction:    "in production",
	InCrashRecovery: "in crash recovery",
	InStandby:       "in standby",
	StandbyShutDown: "standby shut down",
}

func (s State) String() string {
	if n, ok := stateNames[s]; ok {
		return n
	}
	return fmt.Sprintf("unknown state %d", uint32(s))
}

// A File is the content of the control file.
type File struct {
	Sequence         uint64 // counts updates; set by Write
	SystemID         uint64
	Timeline         page.TimelineID
	SegmentBytes     int // size of a WAL segment; 0 means SegmentBytes
	State            State
	Checkpoint       page.LSN // start of the newest checkpoint record
	Redo             page.LSN // where recovery begins
	MinRecoveryPoint page.LSN // a standby is not consistent before it has replayed up to here
	NextXID          uint64   // no transaction id from here on was given out when the checkpoint began
	NextOID          uint32
	Time             time.Time // of this update, microseconds
	PreviousRedo     page.LSN  // redo position in the other copy (C3); set by Write and Read
}

var magic = [8]byte{'Q', 'U', 'I', 'R', 'E', 'C', 'T', 'L'}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged marks a copy that is not what was written.
var errDamaged = errors.New("damaged")

// encode returns one copy. Integers are little endian, bytes not named are zero.
//
//	0        8         12        16         24         32         36      40           48
//	+--------+---------+---------+----------+----------+----------+-------+------------+------+
//	| magic  | format  | segment | sequence | system   | timeline | state | checkpoint | redo |
//	|        | u32     | u32     | u64      | id u64   | u32      | u32   | LSN        | LSN  |
//	+--------+---------+---------+----------+----------+----------+-------+------------+------+
//	56          64        72        76      80          88              508    512
//	+-----------+---------+---------+-------+-----------+---------------+------+
//	| min rec.  | next    | next    | page  | time i64  | zero          | CRC  |
//	| point LSN | XID u64 | OID u32 | size  | us        |               | u32  |
//	+-----------+---------+---------+-------+-----------+---------------+------+
func (f *File) encode() []byte {
	b := make([]byte, Size)
	le := binary.LittleEndian
	copy(b, magic[:])
	le.PutUint32(b[8:], Format)
	le.PutUint32(b[12:], uint32(cmp.Or(f.SegmentBytes, SegmentBytes)))
	le.PutUint64(b[16:], f.Sequence)
	le.PutUint64(b[24:], f.SystemID)
	le.PutUint32(b[32:], uint32(f.Timeline))
	le.PutUint32(b[36:], uint32(f.State))
	le.PutUint64(b[40:], uint64(f.Checkpoint))
	le.PutUint64(b[48:], uint64(f.Redo))
	le.PutUint64(b[56:], uint64(f.MinRecoveryPoint))
	le.PutUint64(b[64:], f.NextXID)
	le.PutUint32(b[72:], f.NextOID)
	le.PutUint32(b[76:], page.Size)
	le.PutUint64(b[80:], uint64(f.Time.UnixMicro()))
	le.PutUint32(b[508:], crc32.Checksum(b[:508], castagnoli))
	return b
}

// A FormatError reports a directory that another version of the program wrote.
type FormatError struct {
	Found uint32
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("data directory has format version %d, this program reads version %d: open it with the version of quire that wrote it", e.Found, Format)
}

// decode reads one copy. The error is errDamaged or a *FormatError.
func decode(b []byte) (*File, error) {
	le := binary.LittleEndian
	if len(b) != Size || [8]byte(b[:8]) != magic || le.Uint32(b[508:]) != crc32.Checksum(b[:508], castagnoli) {
		return nil, errDamaged
	}
	if v := le.Uint32(b[8:]); v != Format {
		return nil, &FormatError{Found: v}
	}
	if s := le.Uint32(b[76:]); s != page.Size {
		return nil, fmt.Errorf("data directory has pages of %d bytes, this program uses %d", s, page.Size)
	}
	return &File{
		Sequence:         le.Uint64(b[16:]),
		SystemID:         le.Uint64(b[24:]),
		Timeline:         page.TimelineID(le.Uint32(b[32:])),
		SegmentBytes:     int(le.Uint32(b[12:])),
		State:            State(le.Uint32(b[36:])),
		Checkpoint:       page.LSN(le.Uint64(b[40:])),
		Redo:             page.LSN(le.Uint64(b[48:])),
		MinRecoveryPoint: page.LSN(le.Uint64(b[56:])),
		NextXID:          le.Uint64(b[64:]),
		NextOID:          le.Uint32(b[72:]),
		Time:             time.UnixMicro(int64(le.Uint64(b[80:]))),
	}, nil
}
