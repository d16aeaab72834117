package numeric

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// PostgreSQL's binary format is big endian, in digits of base 10000.
//
//	0        2        4      6        8
//	+--------+--------+------+--------+----------- - -
//	| digits | weight | sign | dscale | digit ...
//	+--------+--------+------+--------+----------- - -
//
// The first digit counts 10000^weight.
const (
	signPositive    = 0x0000
	signNegative    = 0x4000
	signNaN         = 0xC000
	signInfinity    = 0xD000
	signNegInfinity = 0xF000
	infinityScale   = 0x20 // what PostgreSQL sends: bits of the sign read as a scale; readers ignore it

	base       = 10000
	baseDigits = 4
)

// AppendBinary appends the binary format.
func (d *Decimal) AppendBinary(dst []byte) []byte {
	header := func(digits, weight, sign, scale int) []byte {
		dst = binary.BigEndian.AppendUint16(dst, uint16(digits))
		dst = binary.BigEndian.AppendUint16(dst, uint16(weight))
		dst = binary.BigEndian.AppendUint16(dst, uint16(sign))
		return binary.BigEndian.AppendUint16(dst, uint16(scale))
	}
	switch d.Form {
	case NaN:
		return header(0, 0, signNaN, 0)
	case Infinity:
		return header(0, 0, signInfinity, infinityScale)
	case NegInfinity:
		return header(0, 0, signNegInfinity, infinityScale)
	}
	sign := signPositive
	if d.Coeff.Sign() < 0 {
		sign = signNegative
	}
	digits, weight := d.baseDigits()
	dst = header(len(digits), weight, sign, d.Scale)
	for _, v := range digits {
		dst = binary.BigEndian.AppendUint16(dst, v)
	}
	return dst
}

// baseDigits returns the digits of |d| in base 10000 without zeros at either end, and the weight of the first.
func (d *Decimal) baseDigits() (digits []uint16, weight int) {
	if d.Coeff.Sign() == 0 {
		return nil, 0
	}
	var abs apd.BigInt
	text := abs.Abs(&d.Coeff).String()
	text += strings.Repeat("0", (baseDigits-d.Scale%baseDigits)%baseDigits)
	groupsAfter := (d.Scale + baseDigits - 1) / baseDigits
	if pad := len(text) % baseDigits; pad != 0 {
		text = strings.Repeat("0", baseDigits-pad) + text
	}
	n := len(text) / baseDigits
	weight = n - groupsAfter - 1
	digits = make([]uint16, n)
	for i := range digits {
		for _, c := range []byte(text[i*baseDigits : (i+1)*baseDigits]) {
			digits[i] = digits[i]*10 + uint16(c-'0')
		}
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	for len(digits) > 0 && digits[0] == 0 {
		digits, weight = digits[1:], weight-1
	}
	return digits, weight
}

// BinaryHeader is the size of the binary format before its digits.
const BinaryHeader = 8

// BinarySize returns the size of the value that b, of at least BinaryHeader bytes, begins with.
func BinarySize(b []byte) int { return BinaryHeader + 2*int(binary.BigEndian.Uint16(b)) }

// ParseBinary reads the binary format.
func (d *Decimal) ParseBinary(b []byte) error {
	if len(b) < BinaryHeader {
		return fmt.Errorf("insufficient data left in message")
	}
	field := func(i int) int { return int(binary.BigEndian.Uint16(b[2*i:])) }
	n, weight, sign, scale := field(0), int(int16(field(1))), field(2), field(3)
	if len(b) != BinarySize(b) {
		return fmt.Errorf("incorrect binary data format: %d digits in %d bytes of numeric", n, len(b))
	}
	if scale > MaxScale {
		return fmt.Errorf("invalid scale in external \"numeric\" value")
	}
	switch sign {
	case signNaN:
		d.setForm(NaN)
		return nil
	case signInfinity:
		d.setForm(Infinity)
		return nil
	case signNegInfinity:
		d.setForm(NegInfinity)
		return nil
	case signPositive, signNegative:
	default:
		return fmt.Errorf("invalid sign in external \"numeric\" value")
	}
	var text strings.Builder
	for i := range n {
		v := field(4 + i)
		if v >= base {
			return fmt.Errorf("invalid digit in external \"numeric\" value")
		}
		fmt.Fprintf(&text, "%04d", v)
	}
	digits := text.String()
	// The digits end at 10000^(weight-n+1). What lies beyond dscale is cut, as numeric_recv does.
	end := (n - 1 - weight) * baseDigits
	if end > scale {
		cut := min(end-scale, len(digits))
		digits, end = digits[:len(digits)-cut], scale
	}
	if err := d.assemble(digits, end, sign == signNegative); err != nil {
		return err
	}
	d.rescale(scale, false)
	return d.CheckRange()
}
