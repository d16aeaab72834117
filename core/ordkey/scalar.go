package ordkey

import (
	"encoding/binary"
	"fmt"
	"math"
)

// fixed checks the length of a value.
func fixed(n int, encode func(dst, v []byte) []byte) func(dst, v []byte) ([]byte, error) {
	return func(dst, v []byte) ([]byte, error) {
		if len(v) != n {
			return dst, fmt.Errorf("%w: %d bytes, it has %d", ErrValue, len(v), n)
		}
		return encode(dst, v), nil
	}
}

func encodeRaw(dst, v []byte) []byte { return append(dst, v...) }

func decodeRaw(enc []byte) []byte { return enc }

// encodeBool makes every true value the same one.
func encodeBool(dst, v []byte) []byte {
	if v[0] != 0 {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// encodeSigned turns the sign bit round, so that negative numbers come first.
func encodeSigned(dst, v []byte) []byte { return append(append(dst, v[0]^0x80), v[1:]...) }

func decodeSigned(enc []byte) []byte {
	enc[0] ^= 0x80
	return enc
}

// encodeFloat4 and encodeFloat8 turn round all bits of a negative number and the sign of others. All NaNs are one, above
// infinity, and the two zeros are one.
func encodeFloat4(dst, v []byte) []byte {
	bits := binary.BigEndian.Uint32(v)
	switch f := math.Float32frombits(bits); {
	case f != f:
		bits = 0x7fc00000
	case f == 0:
		bits = 0
	}
	if bits>>31 != 0 {
		return binary.BigEndian.AppendUint32(dst, ^bits)
	}
	return binary.BigEndian.AppendUint32(dst, bits|1<<31)
}

func encodeFloat8(dst, v []byte) []byte {
	bits := binary.BigEndian.Uint64(v)
	switch f := math.Float64frombits(bits); {
	case f != f:
		bits = 0x7ff8 << 48
	case f == 0:
		bits = 0
	}
	if bits>>63 != 0 {
		return binary.BigEndian.AppendUint64(dst, ^bits)
	}
	return binary.BigEndian.AppendUint64(dst, bits|1<<63)
}

const (
	intervalSize = 11 // six bytes of days, five of microseconds within the day

	microsPerDay = 24 * 60 * 60 * 1000 * 1000
)

// encodeInterval goes by the span, with a month of 30 days and a day of 24 hours, as PostgreSQL compares intervals. The
// value is microseconds, days, months.
//
//	0                    6                     11
//	+--------------------+---------------------+
//	| days, sign turned  | microseconds of day |
//	+--------------------+---------------------+
func encodeInterval(dst, v []byte) []byte {
	micros := int64(binary.BigEndian.Uint64(v))
	days := int64(int32(binary.BigEndian.Uint32(v[8:]))) + 30*int64(int32(binary.BigEndian.Uint32(v[12:])))
	whole, rest := micros/microsPerDay, micros%microsPerDay
	if rest < 0 {
		whole, rest = whole-1, rest+microsPerDay
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(days+whole)^1<<47)
	dst = append(dst, b[2:8]...)
	binary.BigEndian.PutUint64(b[:], uint64(rest))
	return append(dst, b[3:8]...)
}
