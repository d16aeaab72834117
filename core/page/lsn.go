package page

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a byte position in the write-ahead log. On a page it is the start of the record that last changed the page;
// on a page of an unlogged relation it is a counter. Zero is no position at all.
type LSN uint64

// InvalidLSN is the position of no record.
const InvalidLSN LSN = 0

// String prints the upper and lower half in hexadecimal as PostgreSQL does, for example "0/1000028".
func (l LSN) String() string {
	var b [20]byte
	return string(l.append(b[:0]))
}

func (l LSN) append(dst []byte) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, uint64(l>>32), 16)
	dst = append(dst, '/')
	dst = strconv.AppendUint(dst, uint64(uint32(l)), 16)
	for i := start; i < len(dst); i++ {
		if c := dst[i]; c >= 'a' && c <= 'f' {
			dst[i] = c - 'a' + 'A'
		}
	}
	return dst
}

// ParseLSN reads what String prints. Each half has one to eight hexadecimal digits.
func ParseLSN(s string) (LSN, error) {
	hi, lo, ok := strings.Cut(s, "/")
	if !ok || !hexDigits(hi) || !hexDigits(lo) {
		return 0, fmt.Errorf("invalid log position %q: want two hexadecimal numbers such as 0/1000028", s)
	}
	h, _ := strconv.ParseUint(hi, 16, 32)
	l, _ := strconv.ParseUint(lo, 16, 32)
	return LSN(h<<32 | l), nil
}

func hexDigits(s string) bool {
	if len(s) < 1 || len(s) > 8 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
