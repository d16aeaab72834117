package datum

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/pgerr"
)

// An array of one dimension is kept in S in PostgreSQL's binary format, big endian, elements in their own binary format with -1
// as the length of a null; the empty array has no dimension and ends after the element type.
//
//	0            4               8              12       16            20
//	+------------+---------------+--------------+--------+-------------+------------------ - -
//	| dimensions | 1 if any null | element type | length | lower bound | length, bytes ...
//	+------------+---------------+--------------+--------+-------------+------------------ - -
const (
	arrayHeader    = 12
	arrayHeader1   = 20
	maxArrayLength = 1 << 27
)

// NewArray returns an array of elements of one type.
func NewArray(element OID, list []Datum) Datum { return newArray(MustLookup(element), list) }

func newArray(info *TypeInfo, list []Datum) Datum {
	b := make([]byte, 0, arrayHeader1+8*len(list))
	word := func(v int) { b = binary.BigEndian.AppendUint32(b, uint32(v)) }
	nulls := 0
	for i := range list {
		if list[i].Null {
			nulls = 1
		}
	}
	word(boolInt(len(list) > 0))
	word(nulls)
	word(int(info.OID))
	if len(list) == 0 {
		return Datum{S: alias(b)}
	}
	word(len(list))
	word(1)
	for i := range list {
		if list[i].Null {
			word(-1)
			continue
		}
		at := len(b)
		word(0)
		b = info.AppendBinary(b, list[i])
		binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	}
	return Datum{S: alias(b)}
}

// Array returns the elements of an array whose element type is given.
func (d Datum) Array(element OID) ([]Datum, error) { return readArray(d.Bytes(), MustLookup(element)) }

func errArray(format string, args ...any) error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, format, args...)
}

func readArray(b []byte, info *TypeInfo) ([]Datum, error) {
	if len(b) < arrayHeader {
		return nil, errShort()
	}
	if err := checkArrayHeader(b, info); err != nil {
		return nil, err
	}
	switch empty := binary.BigEndian.Uint32(b) == 0; {
	case empty && len(b) == arrayHeader:
		return nil, nil
	case empty:
		return nil, ErrExcess
	case len(b) < arrayHeader1:
		return nil, errShort()
	}
	n, lower := int(int32(binary.BigEndian.Uint32(b[12:]))), int(int32(binary.BigEndian.Uint32(b[16:])))
	b = b[arrayHeader1:]
	switch {
	case n < 0 || n >= maxArrayLength:
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLength-1)
	case lower > math.MaxInt32-n:
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", lower)
	case n > len(b)/4: // before memory is taken for so many
		return nil, errShort()
	}
	list := make([]Datum, 0, n)
	for i := range n {
		if len(b) < 4 {
			return nil, errShort()
		}
		size := int(int32(binary.BigEndian.Uint32(b)))
		b = b[4:]
		if size == -1 {
			list = append(list, NewNull())
			continue
		}
		if size < 0 || size > len(b) {
			return nil, errArray("insufficient data left in message")
		}
		d, err := info.ParseBinary(b[:size])
		if err == ErrExcess {
			return nil, errArray("improper binary format in array element %d", i+1)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, d)
		b = b[size:]
	}
	if len(b) > 0 {
		return nil, ErrExcess
	}
	return list, nil
}

// arrayType makes the array type of an element type.
func arrayType(element *TypeInfo) *TypeInfo {
	t := &TypeInfo{OID: element.Array, Name: "_" + element.Name, SQLName: element.SQLName + "[]", Len: -1, Category: 'A',
		Elem: element.OID, send: sendText}
	t.parse = func(env *Env, s string, mod int32) (Datum, error) { return parseArray(env, s, element, mod) }
	t.format = func(env *Env, dst []byte, d Datum) []byte {
		list, err := readArray(d.Bytes(), element)
		if err != nil {
			return dst
		}
		dst = append(dst, '{')
		for i := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			if list[i].Null {
				dst = append(dst, "NULL"...)
				continue
			}
			dst = AppendArrayElement(dst, string(element.AppendTextIn(env, nil, list[i])))
		}
		return append(dst, '}')
	}
	t.receive = func(b []byte) (Datum, error) {
		list, err := readArray(b, element)
		if err != nil {
			return Datum{}, err
		}
		return newArray(element, list), nil
	}
	t.ordering = arrayOrdering(element, ordkey.CompareArrays)
	return t
}

// fitElements applies the modifier of an array's type to each element.
func fitElements(element *TypeInfo, d Datum, mod int32, explicit bool) (Datum, error) {
	list, err := readArray(d.Bytes(), element)
	if err != nil {
		return Datum{}, err
	}
	for i := range list {
		if list[i], err = element.FitModifier(list[i], mod, explicit); err != nil {
			return Datum{}, err
		}
	}
	return newArray(element, list), nil
}

// arrayOrdering is how arrays compare and hash by their elements.
func arrayOrdering(element *TypeInfo, compare func(a, b ordkey.Shape, element func(i int) int) int) ordering {
	return ordering{
		compare: func(a, b Datum) int {
			x, _ := readArray(a.Bytes(), element)
			y, _ := readArray(b.Bytes(), element)
			return compare(a.shape(len(x)), b.shape(len(y)), func(i int) int {
				if x[i].Null || y[i].Null {
					return ordkey.Order{}.Nulls(x[i].Null, y[i].Null)
				}
				return element.compare(x[i], y[i])
			})
		},
		hash: func(d Datum) uint64 {
			list, _ := readArray(d.Bytes(), element)
			h := hashUint64(uint64(len(list)))
			for i := range list {
				h = mix(h, hashNullable(element, list[i])^0x589965cc75374cc3)
			}
			return h
		},
	}
}

func (d Datum) shape(length int) ordkey.Shape {
	return ordkey.Shape{Dimensions: boolInt(length > 0), Length: length, Lower: int(d.ArrayLower())}
}

// vectorType makes int2vector or oidvector: an array that counts from 0, never has nulls and prints its elements between
// blanks. Catalogs use them.
func vectorType(oid OID, element *TypeInfo) *TypeInfo {
	t := arrayType(element)
	t.OID, t.Name = oid, element.Name+"vector"
	t.ordering = arrayOrdering(element, ordkey.CompareVectors)
	t.SQLName = t.Name
	t.parse = func(env *Env, s string, _ int32) (Datum, error) {
		var list []Datum
		for _, word := range strings.Fields(s) {
			d, err := element.ParseTextIn(env, word, -1)
			if err != nil {
				return Datum{}, err
			}
			list = append(list, d)
		}
		return newVector(element, list), nil
	}
	t.format = func(env *Env, dst []byte, d Datum) []byte {
		list, _ := readArray(d.Bytes(), element)
		for i := range list {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = element.AppendTextIn(env, dst, list[i])
		}
		return dst
	}
	t.receive = func(b []byte) (Datum, error) {
		list, err := readArray(b, element)
		if err != nil {
			return Datum{}, err
		}
		if len(b) == arrayHeader || binary.BigEndian.Uint32(b[16:]) != 0 || slices.ContainsFunc(list, func(d Datum) bool { return d.Null }) {
			return Datum{}, errArray("invalid %s data", t.Name)
		}
		return newVector(element, list), nil
	}
	return t
}

// NewVector returns an int2vector or oidvector, whose first element has number 0. An empty one keeps its dimension.
func NewVector(element OID, list []Datum) Datum { return newVector(MustLookup(element), list) }

func newVector(element *TypeInfo, list []Datum) Datum {
	b := []byte(newArray(element, append(list[:len(list):len(list)], Datum{})).S)
	binary.BigEndian.PutUint32(b[12:], uint32(len(list)))
	binary.BigEndian.PutUint32(b[16:], 0)
	return Datum{S: alias(b[:len(b)-4-int(element.Len)])}
}

// ArrayLower returns the number of an array's first element: 1, or 0 for a vector of the catalogs.
func (d Datum) ArrayLower() int64 {
	if len(d.S) < arrayHeader1 {
		return 1
	}
	return int64(int32(binary.BigEndian.Uint32(d.Bytes()[16:])))
}

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

func parseArray(env *Env, s string, element *TypeInfo, mod int32) (Datum, error) {
	malformed := func(detail string) (Datum, error) {
		return Datum{}, pgerr.New(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", s).WithDetail("%s", detail)
	}
	t := trimSpace(s)
	if t == "" || t[0] != '{' {
		return malformed("Array value must start with \"{\" or dimension information.")
	}
	t = t[1:]
	var list []Datum
	if rest := strings.TrimLeft(t, " \t\n\r\v\f"); rest == "}" {
		return newArray(element, nil), nil
	}
	for {
		t = strings.TrimLeft(t, " \t\n\r\v\f")
		if strings.HasPrefix(t, "{") {
			return Datum{}, pgerr.New(pgerr.FeatureNotSupported, "arrays of more than one dimension are not supported")
		}
		text, quoted, rest, ok := arrayItem(t)
		if !ok || rest == "" {
			return malformed("Unexpected end of input.")
		}
		if text == "" && !quoted {
			return malformed("Unexpected \"" + rest[:1] + "\" character.")
		}
		d := NewNull()
		if quoted || !strings.EqualFold(text, "null") {
			var err error
			if d, err = element.ParseTextIn(env, text, mod); err != nil {
				return Datum{}, err
			}
		}
		list = append(list, d)
		switch {
		case rest == "}":
			return newArray(element, list), nil
		case rest[0] == '}':
			return malformed("Junk after closing right brace.")
		case len(list) > maxArrayLength:
			return Datum{}, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLength)
		}
		t = rest[1:]
	}
}

// arrayItem reads one element up to the comma or brace that rest begins with.
func arrayItem(t string) (text string, quoted bool, rest string, ok bool) {
	var b strings.Builder
	i, inQuotes, keep := 0, false, 0
	for ; i < len(t); i++ {
		c := t[i]
		switch {
		case c == '\\':
			i++
			if i == len(t) {
				return "", false, "", false
			}
			b.WriteByte(t[i])
			keep = b.Len()
		case c == '"':
			inQuotes = !inQuotes
			quoted = true
			keep = b.Len()
		case !inQuotes && (c == ',' || c == '}'):
			text = b.String()
			return text[:max(keep, len(strings.TrimRight(text, " \t\n\r\v\f")))], quoted, t[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return "", false, "", false
}
