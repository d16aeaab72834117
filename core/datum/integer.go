package datum

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/quiredb/quire/core/pgerr"
)

func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }

// trimSpace cuts what C's isspace accepts, which is less than Unicode's white space.
func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func errSyntax(typ, s string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typ, s)
}

// scanInt reads an optional sign and decimal digits. It tells a syntax error from a number beyond 64 bits.
func scanInt(s string) (v int64, syntax, overflow bool) {
	s = trimSpace(s)
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, true, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, true, false
		}
		if overflow || v < math.MinInt64/10 || (v == math.MinInt64/10 && c > 8) {
			overflow = true
			continue
		}
		v = v*10 - int64(c)
	}
	if !neg {
		if v == math.MinInt64 {
			overflow = true
		}
		v = -v
	}
	return v, false, overflow
}

func parseIntType(name string, lo, hi int64) func(*Env, string, int32) (Datum, error) {
	return func(_ *Env, s string, _ int32) (Datum, error) {
		v, syntax, overflow := scanInt(s)
		if syntax {
			return Datum{}, errSyntax(name, s)
		}
		if overflow || v < lo || v > hi {
			return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, name)
		}
		return Datum{I: v}, nil
	}
}

func formatInt(_ *Env, dst []byte, d Datum) []byte { return strconv.AppendInt(dst, d.I, 10) }

func receiveInt(width int) func([]byte) (Datum, error) {
	return func(b []byte) (Datum, error) {
		if err := checkWidth(b, width); err != nil {
			return Datum{}, err
		}
		switch width {
		case 2:
			return Datum{I: int64(int16(binary.BigEndian.Uint16(b)))}, nil
		case 4:
			return Datum{I: int64(int32(binary.BigEndian.Uint32(b)))}, nil
		}
		return Datum{I: int64(binary.BigEndian.Uint64(b))}, nil
	}
}

func sendInt2(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint16(dst, uint16(d.I)) }
func sendInt4(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint32(dst, uint32(d.I)) }
func sendInt8(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(d.I)) }
