package ordkey

import (
	"encoding/binary"
	"fmt"
)

// PostgreSQL's binary format of numeric: a header of four 16-bit words, then digits of base 10000.
const (
	numericHeader  = 8
	signPositive   = 0x0000
	signNegative   = 0x4000
	signNaN        = 0xC000
	signInfinity   = 0xD000
	signNegInf     = 0xF000
	weightBias     = 1 << 23
	numericDigits  = 10000
	numericDigit   = 2 // bytes of a digit
	numericWeightN = 3 // bytes of the weight
)

// encodeNumeric writes a number without the zeros around its digits, so that 1.0 and 1.00 are one. Digits are stored one
// higher: zero marks their end and sorts before all.
//
//	0       1               4
//	+-------+---------------+-------+-- - --+------+
//	| class | weight, bias  | digit | digit | 0, 0 |
//	+-------+---------------+-------+-- - --+------+
//
// Behind the class of a negative number all bytes are complemented. Zero, the infinities and NaN are the class alone.
func encodeNumeric(dst, v []byte) ([]byte, error) {
	if len(v) < numericHeader {
		return dst, fmt.Errorf("%w: %d bytes, the header alone has %d", ErrValue, len(v), numericHeader)
	}
	n := int(binary.BigEndian.Uint16(v))
	weight := int(int16(binary.BigEndian.Uint16(v[2:])))
	sign := binary.BigEndian.Uint16(v[4:])
	digits := v[numericHeader:]
	if len(digits) != n*numericDigit {
		return dst, fmt.Errorf("%w: %d digits announced in %d bytes", ErrValue, n, len(digits))
	}
	switch sign {
	case signNaN:
		return append(dst, byte(NaN)), nil
	case signInfinity:
		return append(dst, byte(Infinity)), nil
	case signNegInf:
		return append(dst, byte(NegInfinity)), nil
	case signPositive, signNegative:
	default:
		return dst, fmt.Errorf("%w: sign %#x", ErrValue, sign)
	}
	for len(digits) > 0 && digits[0] == 0 && digits[1] == 0 {
		digits, weight = digits[numericDigit:], weight-1
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 && digits[len(digits)-2] == 0 {
		digits = digits[:len(digits)-numericDigit]
	}
	if len(digits) == 0 {
		return append(dst, byte(Zero)), nil
	}
	start := len(dst) + 1
	biased := uint32(weight + weightBias)
	out := append(dst, byte(Positive), byte(biased>>16), byte(biased>>8), byte(biased))
	for ; len(digits) > 0; digits = digits[numericDigit:] {
		d := binary.BigEndian.Uint16(digits)
		if d >= numericDigits {
			return dst, fmt.Errorf("%w: digit %d of base %d", ErrValue, d, numericDigits)
		}
		out = binary.BigEndian.AppendUint16(out, d+1)
	}
	out = append(out, 0, 0)
	if sign == signNegative {
		out[start-1] = byte(Negative)
		complement(out[start:])
	}
	return out, nil
}

func numericLength(enc []byte, mask byte) (int, bool) {
	if len(enc) == 0 {
		return 0, false
	}
	switch Class(enc[0] ^ mask) {
	case NegInfinity, Zero, Infinity, NaN:
		return 1, true
	case Negative:
		mask = ^mask
	case Positive:
	default:
		return 0, false
	}
	for at := 1 + numericWeightN; at+numericDigit <= len(enc); at += numericDigit {
		if enc[at]^mask == 0 && enc[at+1]^mask == 0 {
			return at + numericDigit, true
		}
	}
	return 0, false
}
