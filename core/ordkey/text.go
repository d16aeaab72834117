package ordkey

import (
	"bytes"
	"fmt"
	"strings"
)

// CompareText orders by bytes. Text in UTF-8 is so in the order of its code points; bytes and UUIDs compare like this too.
func CompareText(a, b string) int { return strings.Compare(a, b) }

// TrimBlanks returns what of a char(n) counts in comparisons: all but the blanks at its end.
func TrimBlanks[T ~string | ~[]byte](s T) T {
	n := len(s)
	for n > 0 && s[n-1] == ' ' {
		n--
	}
	return s[:n]
}

// Text ends with a zero byte, which sorts before everything that text can hold; zero bytes do not occur in it.
const textEnd = 0

func encodeText(dst, v []byte) ([]byte, error) {
	if i := bytes.IndexByte(v, textEnd); i >= 0 {
		return dst, fmt.Errorf("%w: zero byte at %d", ErrValue, i)
	}
	return append(append(dst, v...), textEnd), nil
}

func encodeBpchar(dst, v []byte) ([]byte, error) { return encodeText(dst, TrimBlanks(v)) }

func decodeText(enc []byte) []byte { return enc[:len(enc)-1] }

func textLength(enc []byte, mask byte) (int, bool) {
	i := bytes.IndexByte(enc, textEnd^mask)
	return i + 1, i >= 0
}

// A zero byte of a bytea becomes two bytes, and its end another two that sort before them.
const (
	byteaEscape = 0
	byteaZero   = 0xff
	byteaEnd    = 1
)

func encodeBytea(dst, v []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(v, 0)
		if i < 0 {
			return append(append(dst, v...), byteaEscape, byteaEnd), nil
		}
		dst = append(append(dst, v[:i]...), byteaEscape, byteaZero)
		v = v[i+1:]
	}
}

func decodeBytea(enc []byte) []byte {
	enc = enc[:len(enc)-2]
	out := enc[:0]
	for i := 0; i < len(enc); i++ {
		out = append(out, enc[i])
		if enc[i] == byteaEscape {
			i++
		}
	}
	return out
}

func byteaLength(enc []byte, mask byte) (int, bool) {
	for at := 0; ; {
		i := bytes.IndexByte(enc[at:], byteaEscape^mask)
		if i < 0 || at+i+1 >= len(enc) {
			return 0, false
		}
		at += i + 2
		switch enc[at-1] ^ mask {
		case byteaEnd:
			return at, true
		case byteaZero:
		default:
			return 0, false
		}
	}
}
