package wal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/quiredb/quire/core/page"
)

// MaxBody is the largest record body in bytes. A reader takes a longer length for damage, which bounds its memory.
const MaxBody = 1 << 20

const (
	crcSize   = 4
	maxHeader = crcSize + 3 + 3 + 1 + binary.MaxVarintLen64 + binary.MaxVarintLen64
	minRecord = crcSize + 1 + 1 + 1 + 1
	maxRecord = maxHeader + MaxBody
)

// Record is one entry of the log, covering [LSN, EndLSN). Those that a Reader returns are valid until its next call.
type Record struct {
	LSN    page.LSN
	EndLSN page.LSN
	// Prev is the LSN of the record before this one, 0 for the first record of a log.
	Prev page.LSN
	// Durable is the LSN up to which the log was durable when the record was inserted; 0 where the kind carries none.
	Durable page.LSN
	Kind    Kind
	XID     uint64 // 0 = none
	Body    []byte
}

// Clone returns a copy that shares no memory with r.
func (r *Record) Clone() *Record {
	c := *r
	c.Body = append([]byte(nil), r.Body...)
	return &c
}

// Why bytes are not a record. They are values, not types, because the end of every log runs into one of them.
var (
	errIncomplete  = errors.New("the record is not all there")
	errZero        = errors.New("zeros")
	errBodyLength  = errors.New("impossible body length")
	errPrevious    = errors.New("distance to the previous record is wrong")
	errKind        = errors.New("unknown record kind")
	errDurable     = errors.New("durable LSN lies after the record")
	errVarint      = errors.New("malformed integer in the record header")
	errChecksum    = errors.New("checksum mismatch")
	errNewerFormat = errors.New("record of a kind that only a newer version knows")
	errLimit       = errors.New("limit of reading")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codec checks the records of one log: system id and timeline are part of every checksum. It belongs to one goroutine.
type codec struct {
	salt uint32
	lsn  [8]byte // scratch, so that checking allocates nothing
}

func newCodec(systemID uint64, tli page.TimelineID) codec {
	var b [12]byte
	binary.LittleEndian.PutUint64(b[0:], systemID)
	binary.LittleEndian.PutUint32(b[8:], uint32(tli))
	return codec{salt: crc32.Checksum(b[:], castagnoli)}
}

// start begins the checksum of a record at lsn.
func (c *codec) start(lsn page.LSN) uint32 {
	binary.LittleEndian.PutUint64(c.lsn[:], uint64(lsn))
	return crc32.Update(c.salt, castagnoli, c.lsn[:])
}

// A record, integers little endian, v = varint as encoding/binary writes it, in as few bytes as possible:
//
//	0      4              +1..3                   +1..3      +1     +1..10                    +1..10
//	+------+--------------+-----------------------+----------+------+-------------------------+----------+
//	| crc  | body length v| LSN - previous LSN v  | kind     | xid v| LSN - durable LSN v     | body     |
//	+------+--------------+-----------------------+----------+------+-------------------------+----------+
//	                                                                 only if kind has bit 7
//
// crc is CRC-32C over: system id u64, timeline u32, the record's own LSN u64, then all bytes behind the crc. The distance
// to the previous record is 0 in the first record of a log; elsewhere it is the length of the previous record.

// header is the encoded beginning of a record.
type header struct {
	buf  [maxHeader]byte
	size int
}

// encode fills h with the header of a record at lsn.
func (h *header) encode(c *codec, lsn, prev, durable page.LSN, kind Kind, xid uint64, body []byte) {
	dist := uint64(0)
	if prev != 0 {
		dist = uint64(lsn - prev)
	}
	n := crcSize
	n += binary.PutUvarint(h.buf[n:], uint64(len(body)))
	n += binary.PutUvarint(h.buf[n:], dist)
	h.buf[n] = byte(kind)
	n++
	n += binary.PutUvarint(h.buf[n:], xid)
	if kind.CarriesDurable() {
		n += binary.PutUvarint(h.buf[n:], uint64(lsn-durable))
	}
	h.size = n
	crc := crc32.Update(c.start(lsn), castagnoli, h.buf[crcSize:n])
	crc = crc32.Update(crc, castagnoli, body)
	binary.LittleEndian.PutUint32(h.buf[:], crc)
}

// bytes returns the encoded header.
func (h *header) bytes() []byte { return h.buf[:h.size] }

// fields is a parsed but unchecked header.
type fields struct {
	bodyLen int
	dist    uint64
	kind    Kind
	xid     uint64
	back    uint64 // LSN minus durable LSN
	size    int    // header bytes
}

// parse reads the header at the start of b. It returns errIncomplete if b may be the beginning of a longer header.
func (f *fields) parse(b []byte) error {
	n := crcSize
	if len(b) <= n {
		return errIncomplete
	}
	v, w, err := uvarint(b[n:], 3)
	if err != nil {
		return err
	}
	if v > MaxBody {
		return errBodyLength
	}
	f.bodyLen = int(v)
	n += w
	if f.dist, w, err = uvarint(b[n:], 3); err != nil {
		return err
	}
	n += w
	if len(b) <= n {
		return errIncomplete
	}
	f.kind = Kind(b[n])
	n++
	if f.kind == 0 {
		if f.bodyLen == 0 && f.dist == 0 {
			return errZero
		}
		return errKind
	}
	if f.xid, w, err = uvarint(b[n:], binary.MaxVarintLen64); err != nil {
		return err
	}
	n += w
	f.back = 0
	if f.kind.CarriesDurable() {
		if f.back, w, err = uvarint(b[n:], binary.MaxVarintLen64); err != nil {
			return err
		}
		n += w
	}
	f.size = n
	return nil
}

// uvarint decodes an integer of at most most bytes that was encoded in as few as possible.
func uvarint(b []byte, most int) (v uint64, size int, err error) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1, nil
	}
	if len(b) > most {
		b = b[:most]
	}
	v, n := binary.Uvarint(b)
	switch {
	case n == 0 && len(b) < most:
		return 0, 0, errIncomplete
	case n <= 0 || b[n-1] == 0:
		return 0, 0, errVarint
	}
	return v, n, nil
}

// anyPrev makes decode accept any plausible distance to the previous record.
const anyPrev = ^page.LSN(0)

// decode reads the record at lsn from the start of b into rec; rec.Body aliases b. prev is the LSN that the record must
// name as its predecessor, or anyPrev. With errIncomplete, want is the number of bytes needed to say more.
func (c *codec) decode(b []byte, lsn, prev page.LSN, rec *Record) (want int, err error) {
	var f fields
	if err := f.parse(b); err != nil {
		return maxHeader, err
	}
	switch {
	case prev == anyPrev && f.dist == 0:
		rec.Prev = 0
	case f.dist > uint64(lsn) || f.dist > maxRecord || f.dist != 0 && f.dist < minRecord:
		return 0, errPrevious
	case prev != anyPrev && (prev == 0) != (f.dist == 0):
		return 0, errPrevious
	case prev != anyPrev && prev != 0 && uint64(lsn-prev) != f.dist:
		return 0, errPrevious
	case f.dist == 0:
		rec.Prev = 0
	default:
		rec.Prev = lsn - page.LSN(f.dist)
	}
	if f.back > uint64(lsn) {
		return 0, errDurable
	}
	size := f.size + f.bodyLen
	if len(b) < size {
		return size, errIncomplete
	}
	if c.sum(lsn, b[crcSize:size]) != binary.LittleEndian.Uint32(b) {
		return 0, errChecksum
	}
	if !f.kind.known() {
		return 0, errNewerFormat
	}
	rec.LSN, rec.EndLSN = lsn, lsn+page.LSN(size)
	rec.Durable = 0
	if f.kind.CarriesDurable() {
		rec.Durable = lsn - page.LSN(f.back)
	}
	rec.Kind, rec.XID, rec.Body = f.kind, f.xid, b[f.size:size:size]
	return 0, nil
}

// sum returns the checksum of a record at lsn, given all of its bytes behind the checksum.
func (c *codec) sum(lsn page.LSN, rest []byte) uint32 {
	return crc32.Update(c.start(lsn), castagnoli, rest)
}
