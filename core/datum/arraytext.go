package datum

import (
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// AppendArrayElement appends an element's text as it stands inside braces, quoted if need be.
func AppendArrayElement(dst []byte, s string) []byte {
	if s != "" && !strings.EqualFold(s, "null") && !strings.ContainsAny(s, "{},\"\\ \t\n\r\v\f") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// arrayText is the text of an array being read, as PostgreSQL's array_in reads it: first its bounds, then the braces as a whole,
// then the elements.
type arrayText struct{ whole, rest string }

func (t *arrayText) malformed(detail string, args ...any) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", t.whole).WithDetail(detail, args...)
}

func errDimensions(n int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, maxDimensions)
}

func parseArray(env *Env, s string, element *TypeInfo, mod int32) (Datum, error) {
	t := &arrayText{whole: s, rest: s}
	dims, err := t.bounds()
	if err != nil {
		return Datum{}, err
	}
	t.skipSpace()
	if !strings.HasPrefix(t.rest, "{") {
		if dims != nil {
			return Datum{}, t.malformed("Array contents must start with \"{\".")
		}
		return Datum{}, t.malformed("Array value must start with \"{\" or dimension information.")
	}
	lengths, err := t.braces()
	if err != nil {
		return Datum{}, err
	}
	if dims == nil {
		for _, n := range lengths {
			dims = append(dims, dimension{length: n, lower: 1})
		}
	}
	if len(dims) != len(lengths) {
		return Datum{}, t.malformed("Specified array dimensions do not match array contents.")
	}
	for i, n := range lengths {
		if dims[i].length != n {
			return Datum{}, t.malformed("Specified array dimensions do not match array contents.")
		}
	}
	n, err := checkBounds(dims)
	if err != nil || n == 0 {
		return newArray(element, 1, nil), err
	}
	list := make([]Datum, n)
	t.rest = t.rest[1:]
	for i := range list {
		text, isNull := t.item()
		if list[i] = NewNull(); isNull {
			continue
		}
		if list[i], err = element.ParseTextIn(env, text, mod); err != nil {
			return Datum{}, err
		}
	}
	return newArray(element, dims[0].lower, list), nil
}

func (t *arrayText) skipSpace() {
	for t.rest != "" && isSpace(t.rest[0]) {
		t.rest = t.rest[1:]
	}
}

// bounds reads "[2:4][5]=", if it is there.
func (t *arrayText) bounds() (dims []dimension, err error) {
	for {
		t.skipSpace()
		if !strings.HasPrefix(t.rest, "[") {
			break
		}
		t.rest = t.rest[1:]
		if len(dims) >= maxDimensions {
			return nil, errDimensions(len(dims) + 1)
		}
		lower, upper := "1", t.number()
		if upper == "" {
			return nil, t.malformed("\"[\" must introduce explicitly-specified array dimensions.")
		}
		if strings.HasPrefix(t.rest, ":") {
			t.rest = t.rest[1:]
			if lower, upper = upper, t.number(); upper == "" {
				return nil, t.malformed("Missing array dimension value.")
			}
		}
		if !strings.HasPrefix(t.rest, "]") {
			return nil, t.malformed("Missing \"%s\" after array dimensions.", "]")
		}
		t.rest = t.rest[1:]
		lo, hi := boundValue(lower), boundValue(upper)
		if hi < lo {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		dims = append(dims, dimension{length: int64(int32(hi - lo + 1)), lower: lo})
	}
	if dims == nil {
		return nil, nil
	}
	if !strings.HasPrefix(t.rest, "=") {
		return nil, t.malformed("Missing \"%s\" after array dimensions.", "=")
	}
	t.rest = t.rest[1:]
	return dims, nil
}

// number cuts digits and signs off.
func (t *arrayText) number() string {
	n := 0
	for n < len(t.rest) && (isDigit(t.rest[n]) || t.rest[n] == '-' || t.rest[n] == '+') {
		n++
	}
	s := t.rest[:n]
	t.rest = t.rest[n:]
	return s
}

// boundValue is C's atoi: the number that s begins with, 0 if there is none, cut to 32 bits.
func boundValue(s string) int64 {
	n := 0
	for n < len(s) && (isDigit(s[n]) || n == 0) {
		n++
	}
	v, _ := strconv.ParseInt(s[:n], 10, 64)
	return int64(int32(v))
}

// item reads the next element of braces that are sound, and the comma or brace behind it. Blanks around it do not count unless
// they are quoted or escaped.
func (t *arrayText) item() (text string, isNull bool) {
	t.skipSpace()
	var b strings.Builder
	quoted, literal, keep := false, false, 0
	for i := 0; ; i++ {
		switch c := t.rest[i]; {
		case c == '\\':
			i++
			b.WriteByte(t.rest[i])
			literal, keep = true, b.Len()
		case c == '"':
			quoted, literal, keep = !quoted, true, b.Len()
		case !quoted && (c == ',' || c == '}'):
			t.rest = t.rest[i+1:]
			text = b.String()[:keep]
			return text, !literal && strings.EqualFold(text, "null")
		default:
			b.WriteByte(c)
			if quoted || !isSpace(c) {
				keep = b.Len()
			}
		}
	}
}
