package numeric

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/cockroachdb/apd/v3"
)

// Form tells finite numbers from the special values.
type Form uint8

// The forms. Infinity and NaN sort above every finite number, in this order; NegInfinity below.
const (
	Finite Form = iota
	NaN
	Infinity
	NegInfinity
)

// The limits of PostgreSQL's format: digits after and before the decimal point.
const (
	MaxScale         = 16383
	MaxIntegerDigits = 131072
)

// The errors of this package. The caller words them for its user.
var (
	ErrSyntax         = errors.New("not a number")
	ErrOverflow       = errors.New("value overflows numeric format")
	ErrDivisionByZero = errors.New("division by zero")
	ErrDomain         = errors.New("argument outside the function's domain")
)

// Decimal is Coeff / 10^Scale if Form is Finite; Scale is the number of digits shown after the point, and not negative. The
// zero value is 0. A Decimal must not be copied once it is set.
type Decimal struct {
	Coeff apd.BigInt
	Scale int
	Form  Form
}

// SetInt64 sets d to an integer.
func (d *Decimal) SetInt64(v int64) *Decimal {
	d.Coeff.SetInt64(v)
	d.Scale, d.Form = 0, Finite
	return d
}

// Set copies x to d.
func (d *Decimal) Set(x *Decimal) *Decimal {
	if d != x {
		d.Coeff.Set(&x.Coeff)
		d.Scale, d.Form = x.Scale, x.Form
	}
	return d
}

func (d *Decimal) setForm(f Form) *Decimal {
	d.Coeff.SetInt64(0)
	d.Scale, d.Form = 0, f
	return d
}

// Sign returns -1, 0 or 1; 0 for NaN.
func (d *Decimal) Sign() int {
	switch d.Form {
	case Infinity:
		return 1
	case NegInfinity:
		return -1
	case NaN:
		return 0
	}
	return d.Coeff.Sign()
}

var smallPowers = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// pow10 sets z to 10^n.
func pow10(z *apd.BigInt, n int) *apd.BigInt {
	if n < len(smallPowers) {
		return z.SetUint64(smallPowers[n])
	}
	return z.Exp(apd.NewBigInt(10), apd.NewBigInt(int64(n)), nil)
}

// scaleUp multiplies z by 10^n.
func scaleUp(z *apd.BigInt, n int) {
	if n > 0 {
		var p apd.BigInt
		z.Mul(z, pow10(&p, n))
	}
}

// Round rounds to scale digits after the point, half away from zero. A negative scale rounds to tens, hundreds and so on.
func (d *Decimal) Round(scale int) *Decimal { return d.rescale(scale, true) }

// Truncate cuts to scale digits after the point.
func (d *Decimal) Truncate(scale int) *Decimal { return d.rescale(scale, false) }

func (d *Decimal) rescale(scale int, round bool) *Decimal {
	if d.Form != Finite {
		return d
	}
	drop := d.Scale - scale
	if drop <= 0 {
		scaleUp(&d.Coeff, -drop)
		d.Scale = scale
		return d
	}
	if drop > 2+d.Coeff.BitLen() { // far more digits than there are
		d.Coeff.SetInt64(0)
		d.Scale = max(scale, 0)
		return d
	}
	quoRound(&d.Coeff, &d.Coeff, pow10(new(apd.BigInt), drop), round)
	d.Scale = scale
	if scale < 0 {
		scaleUp(&d.Coeff, -scale)
		d.Scale = 0
	}
	return d
}

// quoRound sets z to x/y, cut or rounded half away from zero.
func quoRound(z, x, y *apd.BigInt, round bool) {
	var r, q apd.BigInt
	q.QuoRem(x, y, &r)
	if round {
		r.Add(&r, &r)
		if r.CmpAbs(y) >= 0 {
			if x.Sign()*y.Sign() < 0 {
				q.Sub(&q, apd.NewBigInt(1))
			} else {
				q.Add(&q, apd.NewBigInt(1))
			}
		}
	}
	z.Set(&q)
}

// digitCount returns the number of decimal digits of |x|, 0 for zero.
func digitCount(x *apd.BigInt) int {
	if x.Sign() == 0 {
		return 0
	}
	return int(apd.NumDigits(x))
}

// IntegerDigits returns the number of digits before the point: 0 for 0.05, and negative for 0.005, by the zeros after
// the point.
func (d *Decimal) IntegerDigits() int {
	if d.Coeff.Sign() == 0 {
		return math.MinInt32
	}
	return digitCount(&d.Coeff) - d.Scale
}

// CheckRange reports a number that PostgreSQL's format cannot hold, and cuts digits beyond the largest scale.
func (d *Decimal) CheckRange() error {
	if d.Form != Finite {
		return nil
	}
	if d.Scale > MaxScale {
		d.Round(MaxScale)
	}
	// A digit has more than 3.32 bits: only numbers that may be too long are counted.
	if d.Coeff.BitLen() > 3*MaxIntegerDigits && d.IntegerDigits() > MaxIntegerDigits {
		return ErrOverflow
	}
	return nil
}

// Reduce removes zeros at the end of the fraction, and so makes equal numbers identical.
func (d *Decimal) Reduce() *Decimal {
	if d.Coeff.Sign() == 0 {
		d.Scale = 0
		return d
	}
	var q, r apd.BigInt
	ten := apd.NewBigInt(10)
	for d.Scale > 0 {
		q.QuoRem(&d.Coeff, ten, &r)
		if r.Sign() != 0 {
			break
		}
		d.Coeff.Set(&q)
		d.Scale--
	}
	return d
}

// The encoding of a number in a Datum: a head byte, an uvarint with the scale if it does not fit there, and the absolute value
// of the coefficient, big endian without leading zeros.
//
//	bit 7    negative
//	bit 6    special: the low bits hold the Form, nothing follows
//	bits 0-5 the scale; 63 means that an uvarint follows
const (
	headNegative = 0x80
	headSpecial  = 0x40
	headScale    = 0x3f
)

// Encode returns the compact form.
func (d *Decimal) Encode() string {
	var buf [32]byte
	return string(d.appendEncoded(buf[:0]))
}

func (d *Decimal) appendEncoded(dst []byte) []byte {
	if d.Form != Finite {
		return append(dst, headSpecial|byte(d.Form))
	}
	var head byte
	if d.Coeff.Sign() < 0 {
		head = headNegative
	}
	if d.Scale < headScale {
		dst = append(dst, head|byte(d.Scale))
	} else {
		dst = binary.AppendUvarint(append(dst, head|headScale), uint64(d.Scale))
	}
	if d.Coeff.BitLen() <= 64 {
		v := absUint64(&d.Coeff)
		for n := (bits.Len64(v) + 7) / 8; n > 0; n-- {
			dst = append(dst, byte(v>>(8*(n-1))))
		}
		return dst
	}
	return append(dst, d.Coeff.Bytes()...)
}

// absUint64 is the absolute value of a coefficient of up to 64 bits.
func absUint64(c *apd.BigInt) uint64 {
	var abs apd.BigInt
	return abs.Abs(c).Uint64()
}

// split takes an encoding apart. Bytes that Encode never writes give some number, not a panic.
func split(s string) (negative bool, form Form, scale int, coeff string) {
	if s == "" {
		return false, Finite, 0, ""
	}
	head := s[0]
	if head&headSpecial != 0 {
		return false, max(Form(head&3), NaN), 0, ""
	}
	s = s[1:]
	scale = int(head & headScale)
	if scale == headScale {
		v, n := uint64(0), 0
		for n < len(s) && n < 3 {
			v |= uint64(s[n]&0x7f) << (7 * n)
			n++
			if s[n-1] < 0x80 {
				break
			}
		}
		scale, s = int(v), s[n:]
	}
	return head&headNegative != 0, Finite, scale, s
}

// Decode sets d from its compact form.
func (d *Decimal) Decode(s string) {
	negative, form, scale, coeff := split(s)
	d.Form, d.Scale = form, scale
	if len(coeff) <= 8 {
		d.Coeff.SetUint64(smallCoeff(coeff))
	} else {
		d.Coeff.SetBytes([]byte(coeff))
	}
	if negative {
		d.negate()
	}
}

func smallCoeff(coeff string) (v uint64) {
	for i := range len(coeff) {
		v = v<<8 | uint64(coeff[i])
	}
	return v
}

// negate changes the sign of the coefficient. Zero has none: apd's own Neg would make a negative zero, which is not equal to zero.
func (d *Decimal) negate() {
	if d.Coeff.Sign() != 0 {
		d.Coeff.Neg(&d.Coeff)
	}
}
