package datum

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

func parseLSN(_ *Env, s string, _ int32) (Datum, error) {
	hi, lo, ok := strings.Cut(s, "/")
	if ok && len(hi) >= 1 && len(hi) <= 8 && len(lo) >= 1 && len(lo) <= 8 && allHex(hi) && allHex(lo) {
		h, _ := strconv.ParseUint(hi, 16, 32)
		l, _ := strconv.ParseUint(lo, 16, 32)
		return NewLSN(h<<32 | l), nil
	}
	return Datum{}, errSyntax("pg_lsn", s)
}

func allHex(s string) bool {
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	return true
}

func formatLSN(_ *Env, dst []byte, d Datum) []byte {
	return fmt.Appendf(dst, "%X/%X", uint32(d.LSN()>>32), uint32(d.LSN()))
}

// parseOID reads an oid. Like PostgreSQL it takes a negative number for its 32-bit pattern.
func parseOID(_ *Env, s string, _ int32) (Datum, error) {
	v, syntax, overflow := scanInt(s)
	if syntax {
		return Datum{}, errSyntax("oid", s)
	}
	if overflow || v > 1<<32-1 || v < -1<<31 {
		return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type oid", s)
	}
	return Datum{I: int64(uint32(v))}, nil
}

func receiveOID(b []byte) (Datum, error) {
	d, err := receiveInt(4)(b)
	d.I = int64(uint32(d.I))
	return d, err
}
