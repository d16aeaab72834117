package numeric

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

// The scales that PostgreSQL aims for when a result is not exact.
const (
	minSignificant = 16
	maxDisplay     = 1000
)

// special handles operands that are not finite: NaN wins, the rest is up to f. It reports whether it set z.
func (z *Decimal) special(x, y *Decimal, f func() Form) bool {
	switch {
	case x.Form == Finite && y.Form == Finite:
		return false
	case x.Form == NaN || y.Form == NaN:
		z.setForm(NaN)
	default:
		z.setForm(f())
	}
	return true
}

func infinity(sign int) Form {
	switch {
	case sign > 0:
		return Infinity
	case sign < 0:
		return NegInfinity
	}
	return NaN
}

// align returns the coefficients of x and y at the larger of their scales. The results may be the operands' own.
func align(x, y *Decimal, buf *apd.BigInt) (a, b *apd.BigInt, scale int) {
	a, b, scale = &x.Coeff, &y.Coeff, x.Scale
	switch {
	case x.Scale < y.Scale:
		scale = y.Scale
		a = buf.Set(a)
		scaleUp(buf, y.Scale-x.Scale)
	case x.Scale > y.Scale:
		b = buf.Set(b)
		scaleUp(buf, x.Scale-y.Scale)
	}
	return a, b, scale
}

// Add sets z to x + y.
func (z *Decimal) Add(x, y *Decimal) error {
	if z.special(x, y, func() Form {
		switch {
		case x.Form == Finite:
			return y.Form
		case y.Form == Finite || x.Form == y.Form:
			return x.Form
		}
		return NaN
	}) {
		return nil
	}
	var buf apd.BigInt
	a, b, scale := align(x, y, &buf)
	z.Coeff.Add(a, b)
	z.Scale, z.Form = scale, Finite
	return z.CheckRange()
}

// Sub sets z to x - y.
func (z *Decimal) Sub(x, y *Decimal) error {
	if z.special(x, y, func() Form {
		switch {
		case x.Form == Finite:
			return infinity(-y.Sign())
		case y.Form == Finite || x.Form != y.Form:
			return x.Form
		}
		return NaN
	}) {
		return nil
	}
	var buf apd.BigInt
	a, b, scale := align(x, y, &buf)
	z.Coeff.Sub(a, b)
	z.Scale, z.Form = scale, Finite
	return z.CheckRange()
}

// Mul sets z to x * y.
func (z *Decimal) Mul(x, y *Decimal) error {
	if z.special(x, y, func() Form { return infinity(x.Sign() * y.Sign()) }) {
		return nil
	}
	z.Coeff.Mul(&x.Coeff, &y.Coeff)
	z.Scale, z.Form = x.Scale+y.Scale, Finite
	return z.CheckRange()
}

// Quo sets z to x / y, with at least 16 significant digits.
func (z *Decimal) Quo(x, y *Decimal) error {
	if y.Form == Finite && y.Coeff.Sign() == 0 && x.Form != NaN {
		return ErrDivisionByZero
	}
	if z.special(x, y, func() Form {
		switch {
		case x.Form == Finite:
			return Finite
		case y.Form == Finite:
			return infinity(x.Sign() * y.Sign())
		}
		return NaN
	}) {
		return nil
	}
	scale := divScale(x, y)
	var num, den apd.BigInt
	num.Set(&x.Coeff)
	den.Set(&y.Coeff)
	shift := scale + y.Scale - x.Scale
	scaleUp(&num, shift)
	scaleUp(&den, -shift)
	quoRound(&z.Coeff, &num, &den, true)
	z.Scale, z.Form = scale, Finite
	return z.CheckRange()
}

// divScale is select_div_scale: the weights of the operands' first digits in base 10000 tell that of the quotient.
func divScale(x, y *Decimal) int {
	w1, d1 := x.leading()
	w2, d2 := y.leading()
	weight := w1 - w2
	if d1 <= d2 {
		weight--
	}
	return clampScale(minSignificant-weight*baseDigits, x.Scale, y.Scale)
}

func clampScale(scale int, atLeast ...int) int {
	for _, s := range atLeast {
		scale = max(scale, s)
	}
	return min(max(scale, 0), maxDisplay)
}

// leading returns the weight and the value of the first digit in base 10000 that is not zero; zeros for the number 0.
func (d *Decimal) leading() (weight, digit int) {
	if d.Coeff.Sign() == 0 {
		return 0, 0
	}
	n := digitCount(&d.Coeff)
	before := n - d.Scale
	weight = (before - 1) >> 2 // floor division by baseDigits
	take := before - weight*baseDigits
	var q apd.BigInt
	q.Abs(&d.Coeff)
	if n > take {
		q.Quo(&q, pow10(new(apd.BigInt), n-take))
	} else {
		scaleUp(&q, take-n)
	}
	return weight, int(q.Int64())
}

// QuoTrunc sets z to x / y cut to an integer.
func (z *Decimal) QuoTrunc(x, y *Decimal) error {
	if y.Form == Finite && y.Coeff.Sign() == 0 && x.Form != NaN {
		return ErrDivisionByZero
	}
	if z.special(x, y, func() Form {
		switch {
		case x.Form == Finite:
			return Finite
		case y.Form == Finite:
			return infinity(x.Sign() * y.Sign())
		}
		return NaN
	}) {
		return nil
	}
	var buf, q apd.BigInt
	a, b, _ := align(x, y, &buf)
	z.Coeff.Set(q.Quo(a, b))
	z.Scale, z.Form = 0, Finite
	return z.CheckRange()
}

// Rem sets z to x - y * trunc(x/y).
func (z *Decimal) Rem(x, y *Decimal) error {
	if y.Form == Finite && y.Coeff.Sign() == 0 && x.Form != NaN {
		return ErrDivisionByZero
	}
	if x.Form == Finite && (y.Form == Infinity || y.Form == NegInfinity) {
		z.Set(x)
		return nil
	}
	if z.special(x, y, func() Form { return NaN }) {
		return nil
	}
	var buf, r apd.BigInt
	a, b, scale := align(x, y, &buf)
	z.Coeff.Set(r.Rem(a, b))
	z.Scale, z.Form = scale, Finite
	return nil
}

// Neg changes the sign of z.
func (z *Decimal) Neg() *Decimal {
	switch z.Form {
	case Infinity:
		z.Form = NegInfinity
	case NegInfinity:
		z.Form = Infinity
	case Finite:
		z.negate()
	}
	return z
}

// Abs makes z positive.
func (z *Decimal) Abs() *Decimal {
	if z.Sign() < 0 {
		z.Neg()
	}
	return z
}

// Floor rounds z to the next integer below.
func (z *Decimal) Floor() *Decimal { return z.toward(-1) }

// Ceil rounds z to the next integer above.
func (z *Decimal) Ceil() *Decimal { return z.toward(1) }

func (z *Decimal) toward(sign int) *Decimal {
	if z.Form != Finite || z.Scale == 0 {
		return z
	}
	var whole Decimal
	whole.Set(z).Truncate(0)
	if whole.Cmp(z)*sign < 0 {
		whole.Coeff.Add(&whole.Coeff, apd.NewBigInt(int64(sign)))
	}
	return z.Set(&whole)
}

// Int64 returns z rounded to an integer, and false if that does not fit or z is not finite.
func (z *Decimal) Int64() (int64, bool) {
	if z.Form != Finite {
		return 0, false
	}
	if z.Scale > 0 {
		var r Decimal
		return r.Set(z).Round(0).Int64()
	}
	return z.Coeff.Int64(), z.Coeff.IsInt64()
}

// IsInteger reports whether z is finite and has no fraction but zeros.
func (z *Decimal) IsInteger() bool {
	if z.Form != Finite {
		return false
	}
	var t Decimal
	return t.Set(z).Truncate(0).Cmp(z) == 0
}

// Float returns the nearest float of 32 or 64 bits, and false beyond their range.
func (z *Decimal) Float(bits int) (float64, bool) {
	switch z.Form {
	case NaN:
		return math.Float64frombits(0x7FF8 << 48), true // C's NaN
	case Infinity:
		return math.Inf(1), true
	case NegInfinity:
		return math.Inf(-1), true
	}
	f, err := strconv.ParseFloat(z.String(), bits)
	return f, err == nil && (f != 0 || z.Coeff.Sign() == 0)
}

// SetFloat sets z to f rounded to a number of significant digits.
func (z *Decimal) SetFloat(f float64, digits int) error {
	switch {
	case math.IsNaN(f):
		z.setForm(NaN)
		return nil
	case math.IsInf(f, 0):
		z.setForm(infinity(int(math.Copysign(1, f))))
		return nil
	}
	text := strconv.FormatFloat(f, 'e', digits-1, 64)
	if err := z.Parse(text); err != nil {
		return err
	}
	z.Reduce()
	return nil
}
