package datum

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/pgerr"
)

// An array has one dimension, or none if it is empty. It is kept in S in PostgreSQL's binary format, big endian, elements in their own binary format with -1
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

// NewArray returns an array of elements of one type, counted from 1.
func NewArray(element OID, list []Datum) Datum { return newArray(MustLookup(element), 1, list) }

// NewArrayFrom returns an array whose first element has the number lower, unless that is more than can be counted (54000).
func NewArrayFrom(element OID, lower int64, list []Datum) (Datum, error) {
	if _, err := checkBounds([]dimension{{length: int64(len(list)), lower: lower}}); err != nil {
		return Datum{}, err
	}
	return newArray(MustLookup(element), lower, list), nil
}

// newArray makes an array. An empty one has no dimension, so nothing is kept of lower.
func newArray(info *TypeInfo, lower int64, list []Datum) Datum {
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
	word(int(lower))
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
	n, b, err := arrayBounds(b)
	if err != nil {
		return nil, err
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

// arrayBounds reads the dimensions of a binary array, whose header is there and sound, and returns the number of elements and what follows.
func arrayBounds(b []byte) (n int, rest []byte, err error) {
	var buf [maxDimensions]dimension
	dims := buf[:binary.BigEndian.Uint32(b)]
	b = b[arrayHeader:]
	for i := range dims {
		if len(b) < 8 {
			return 0, nil, errShort()
		}
		dims[i] = dimension{length: int64(int32(binary.BigEndian.Uint32(b))), lower: int64(int32(binary.BigEndian.Uint32(b[4:])))}
		b = b[8:]
	}
	if n, err = checkBounds(dims); err != nil {
		return 0, nil, err
	}
	if n > len(b)/4 { // before memory is taken for so many
		return 0, nil, errShort()
	}
	return n, b, nil
}

// A dimension of an array: the number of its elements and of the first of them.
type dimension struct{ length, lower int64 }

// checkBounds returns the number of elements of an array with these dimensions, unless that is out of bounds or not supported.
func checkBounds(dims []dimension) (int, error) {
	n := int64(min(1, len(dims)))
	for _, d := range dims {
		if n *= d.length; d.length < 0 || n >= maxArrayLength {
			return 0, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLength-1)
		}
	}
	for _, d := range dims {
		if d.lower > math.MaxInt32-d.length {
			return 0, pgerr.New(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.lower)
		}
	}
	if len(dims) > 1 && n > 0 {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "arrays of more than one dimension are not supported")
	}
	return int(n), nil
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
		if lower := d.ArrayLower(); lower != 1 {
			dst = fmt.Appendf(dst, "[%d:%d]=", lower, lower+int64(len(list))-1)
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
		return newArray(element, Datum{S: alias(b)}.ArrayLower(), list), nil
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
	return newArray(element, d.ArrayLower(), list), nil
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
	b := []byte(newArray(element, 0, append(list[:len(list):len(list)], Datum{})).S)
	binary.BigEndian.PutUint32(b[12:], uint32(len(list)))
	return Datum{S: alias(b[:len(b)-4-int(element.Len)])}
}

// ArrayLower returns the number of an array's first element, 1 for an empty array.
func (d Datum) ArrayLower() int64 {
	if len(d.S) < arrayHeader1 {
		return 1
	}
	return int64(int32(binary.BigEndian.Uint32(d.Bytes()[16:])))
}
