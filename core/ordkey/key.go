package ordkey

import (
	"bytes"
	"fmt"
)

// The first byte of an encoding. What follows NotNull is the value.
//
//	0      1
//	+------+---------- - -
//	| mark | value, each byte complemented if descending
//	+------+---------- - -
const (
	NullFirst byte = 1
	NotNull   byte = 2
	NullLast  byte = 3
)

// Append appends the encoding of a value in PostgreSQL's binary format. A nil value is NULL, which comes before all
// others if nullsFirst and after them otherwise, whatever the direction.
func Append(dst []byte, typ uint32, value []byte, desc, nullsFirst bool) ([]byte, error) {
	k, err := kindOf(typ)
	if err != nil {
		return dst, err
	}
	if value == nil {
		return append(dst, nullMark(nullsFirst)), nil
	}
	start := len(dst) + 1
	out, err := k.encode(append(dst, NotNull), value)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", k.name, err)
	}
	if desc {
		complement(out[start:])
	}
	return out, nil
}

// nullMark lies on the side of NotNull where NULLs are.
func nullMark(first bool) byte {
	if (Order{NullsFirst: first}).Nulls(true, false) < 0 {
		return NullFirst
	}
	return NullLast
}

func complement(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// Length is the number of bytes that the first column of key takes.
func Length(typ uint32, key []byte, desc bool) (int, error) {
	k, err := kindOf(typ)
	if err != nil {
		return 0, err
	}
	if len(key) == 0 {
		return 0, fmt.Errorf("%w: it ends before a column of type %s", ErrKey, k.name)
	}
	switch key[0] {
	case NullFirst, NullLast:
		return 1, nil
	case NotNull:
	default:
		return 0, fmt.Errorf("%w: a column begins with %#x", ErrKey, key[0])
	}
	n, ok := k.size, true
	if k.size == 0 {
		var mask byte
		if desc {
			mask = 0xff
		}
		n, ok = k.length(key[1:], mask)
	}
	if !ok || 1+n > len(key) {
		return 0, fmt.Errorf("%w: it ends within a column of type %s", ErrKey, k.name)
	}
	return 1 + n, nil
}

// Decode returns the value of the first column of key in binary format, nil for NULL, and the bytes it took. The type
// must be Exact.
func Decode(typ uint32, key []byte, desc bool) (value []byte, n int, err error) {
	n, err = Length(typ, key, desc)
	if err != nil || key[0] != NotNull {
		return nil, n, err
	}
	k := kinds[typ]
	if !k.exact {
		return nil, 0, fmt.Errorf("%w: keys of type %s do not keep the value", ErrType, k.name)
	}
	enc := append(make([]byte, 0, n-1), key[1:n]...)
	if desc {
		complement(enc)
	}
	return k.decode(enc), n, nil
}

// Compare orders two values in binary format that are not NULL.
func Compare(typ uint32, a, b []byte) (int, error) {
	var bufA, bufB [64]byte
	ka, err := Append(bufA[:0], typ, a, false, false)
	if err != nil {
		return 0, err
	}
	kb, err := Append(bufB[:0], typ, b, false, false)
	if err != nil {
		return 0, err
	}
	return bytes.Compare(ka, kb), nil
}
