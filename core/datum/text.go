package datum

import (
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/pgerr"
)

// nameLimit is the longest name in bytes; longer ones are cut.
const nameLimit = 63

// ValidateUTF8 returns the error that PostgreSQL reports for bytes that are not valid UTF-8 or contain a zero byte.
func ValidateUTF8(s string) error {
	if utf8.ValidString(s) {
		if strings.IndexByte(s, 0) < 0 {
			return nil
		}
		return errEncoding("0x00")
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return errEncoding(hexBytes(s[i:min(len(s), i+expectedLength(s[i]))]))
		}
		if r == 0 {
			return errEncoding("0x00")
		}
		i += n
	}
	return nil
}

func errEncoding(bytes string) error {
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", bytes)
}

func expectedLength(c byte) int {
	switch {
	case c&0xe0 == 0xc0:
		return 2
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf8 == 0xf0:
		return 4
	}
	return 1
}

func hexBytes(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

func parseText(_ *Env, s string, _ int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Datum{}, err
	}
	return Datum{S: s}, nil
}

func parseVarchar(_ *Env, s string, mod int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Datum{}, err
	}
	return fitVarchar(Datum{S: s}, mod, false)
}

// fitVarchar applies varchar(n): characters beyond n are an error unless they are blanks or the cast is explicit.
func fitVarchar(d Datum, mod int32, explicit bool) (Datum, error) {
	limit := int(mod) - 4
	if mod <= 4 || len(d.S) <= limit {
		return d, nil
	}
	cut := CharOffset(d.S, limit)
	if cut == len(d.S) {
		return d, nil
	}
	if !explicit && strings.Trim(d.S[cut:], " ") != "" {
		return Datum{}, pgerr.New(pgerr.StringDataRightTruncation, "value too long for type character varying(%d)", limit)
	}
	d.S = d.S[:cut]
	return d, nil
}

// CharOffset returns the byte offset of the n-th character of s, counted from zero, or len(s) if there are fewer.
func CharOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func parseName(_ *Env, s string, _ int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Datum{}, err
	}
	return Datum{S: TruncateName(s)}, nil
}

// TruncateName cuts s to the 63 bytes that a name may have, at a character boundary.
func TruncateName(s string) string {
	if len(s) <= nameLimit {
		return s
	}
	n := nameLimit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func formatText(_ *Env, dst []byte, d Datum) []byte { return append(dst, d.S...) }

func receiveText(b []byte) (Datum, error) {
	s := string(b)
	if err := ValidateUTF8(s); err != nil {
		return Datum{}, err
	}
	return Datum{S: s}, nil
}

func receiveName(b []byte) (Datum, error) {
	d, err := receiveText(b)
	if err == nil && len(b) > nameLimit {
		return Datum{}, pgerr.New(pgerr.NameTooLong, "identifier too long").
			WithDetail("Identifier must be less than %d characters.", nameLimit+1)
	}
	return d, err
}

func sendText(dst []byte, d Datum) []byte { return append(dst, d.S...) }

// parseChar reads a "char": one byte, PostgreSQL's backslash and three octal digits for a byte that is not ASCII, or
// nothing for the zero byte.
func parseChar(_ *Env, s string, _ int32) (Datum, error) {
	if len(s) == 4 && s[0] == '\\' && isOctal(s[1]) && isOctal(s[2]) && isOctal(s[3]) {
		return Datum{I: int64(s[1]-'0')<<6&0xff | int64(s[2]-'0')<<3 | int64(s[3]-'0')}, nil
	}
	if s == "" {
		return Datum{}, nil
	}
	return Datum{I: int64(s[0])}, nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func formatChar(_ *Env, dst []byte, d Datum) []byte {
	c := byte(d.I)
	switch {
	case c == 0:
		return dst
	case c >= 0x80:
		return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
	return append(dst, c)
}

func receiveChar(b []byte) (Datum, error) {
	if err := checkWidth(b, 1); err != nil {
		return Datum{}, err
	}
	return Datum{I: int64(b[0])}, nil
}

func sendChar(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) }
