package datum

import (
	"encoding/hex"

	"github.com/quiredb/quire/core/pgerr"
)

func parseBytea(_ *Env, s string, _ int32) (Datum, error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		b, err := DecodeHex(s[2:])
		return Datum{S: alias(b)}, err
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i += 2
		default:
			return Datum{}, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return Datum{S: alias(out)}, nil
}

// DecodeHex reads hexadecimal digits, two to a byte, with white space between the pairs.
func DecodeHex(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			i++
			continue
		}
		hi, ok := hexDigit(s[i])
		if !ok {
			return nil, errHexDigit(s[i:])
		}
		if i+1 >= len(s) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo, ok := hexDigit(s[i+1])
		if !ok {
			return nil, errHexDigit(s[i+1:])
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return out, nil
}

func errHexDigit(rest string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", rest[:CharOffset(rest, 1)])
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func formatBytea(env *Env, dst []byte, d Datum) []byte {
	if !env.ByteaEscape {
		return hex.AppendEncode(append(dst, '\\', 'x'), d.Bytes())
	}
	for i := range len(d.S) {
		switch c := d.S[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func receiveBytea(b []byte) (Datum, error) { return Datum{S: string(b)}, nil }

// parseUUID accepts PostgreSQL's spellings: 32 hexadecimal digits, a hyphen after any group of four, optional braces.
func parseUUID(_ *Env, s string, _ int32) (Datum, error) {
	t := s
	if len(t) >= 2 && t[0] == '{' && t[len(t)-1] == '}' {
		t = t[1 : len(t)-1]
	}
	var out [16]byte
	for i := range out {
		if len(t) < 2 {
			return Datum{}, errSyntax("uuid", s)
		}
		hi, ok1 := hexDigit(t[0])
		lo, ok2 := hexDigit(t[1])
		if !ok1 || !ok2 {
			return Datum{}, errSyntax("uuid", s)
		}
		out[i] = hi<<4 | lo
		t = t[2:]
		if i%2 == 1 && i < 15 && len(t) > 0 && t[0] == '-' {
			t = t[1:]
		}
	}
	if t != "" {
		return Datum{}, errSyntax("uuid", s)
	}
	return Datum{S: string(out[:])}, nil
}

func formatUUID(_ *Env, dst []byte, d Datum) []byte {
	b := d.Bytes()
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{c})
	}
	return dst
}

func receiveUUID(b []byte) (Datum, error) {
	if err := checkWidth(b, 16); err != nil {
		return Datum{}, err
	}
	return Datum{S: string(b)}, nil
}
