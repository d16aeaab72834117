package numeric

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// context returns an apd context with digits of precision.
func context(digits int) *apd.Context {
	return &apd.Context{
		Precision:   uint32(max(digits, 20)),
		MaxExponent: apd.MaxExponent,
		MinExponent: apd.MinExponent,
		Rounding:    apd.RoundHalfUp,
		Traps:       apd.DefaultTraps &^ (apd.Underflow | apd.Subnormal),
	}
}

func (d *Decimal) toAPD() *apd.Decimal {
	var x apd.Decimal
	x.Coeff.Abs(&d.Coeff)
	x.Negative = d.Coeff.Sign() < 0
	x.Exponent = int32(-d.Scale)
	return &x
}

// setAPD sets z to x rounded to scale.
func (z *Decimal) setAPD(x *apd.Decimal, scale int) error {
	if x.Form != apd.Finite {
		return ErrOverflow
	}
	exponent := int(x.Exponent)
	if exponent > MaxIntegerDigits {
		return ErrOverflow
	}
	z.Coeff.Set(&x.Coeff)
	if x.Negative {
		z.negate()
	}
	z.Form, z.Scale = Finite, max(-exponent, 0)
	scaleUp(&z.Coeff, exponent)
	z.Round(scale)
	return z.CheckRange()
}

const guardDigits = 12

// float returns an approximation without range errors, for estimates.
func (d *Decimal) float() float64 {
	f, _ := d.Float(64)
	return f
}

// Sqrt sets z to the square root of x; ErrDomain if x is negative.
func (z *Decimal) Sqrt(x *Decimal) error {
	switch {
	case x.Sign() < 0:
		return ErrDomain
	case x.Form != Finite:
		z.Set(x)
		return nil
	}
	weight, _ := x.leading()
	scale := clampScale(minSignificant-((weight+1)*baseDigits/2-1), x.Scale)
	// The integer root of x*10^(2n) has n more digits than asked for, and one more decides the rounding.
	n := scale + 1
	var c apd.BigInt
	c.Set(&x.Coeff)
	shift := 2*n - x.Scale
	if shift < 0 { // cannot be: scale is at least that of x
		shift = 0
	}
	scaleUp(&c, shift)
	z.Coeff.Sqrt(&c)
	z.Scale, z.Form = n, Finite
	z.Round(scale)
	return z.CheckRange()
}

// Exp sets z to e^x.
func (z *Decimal) Exp(x *Decimal) error {
	switch x.Form {
	case NegInfinity:
		z.SetInt64(0)
		return nil
	case NaN, Infinity:
		z.Set(x)
		return nil
	}
	weight := max(min(x.float()*math.Log10E, 2000), -2000)
	scale := clampScale(minSignificant-int(weight), x.Scale)
	if math.Abs(x.float()) > 6000*3 {
		if x.Sign() > 0 {
			return ErrOverflow
		}
		z.SetInt64(0).Round(scale)
		return nil
	}
	var out apd.Decimal
	if _, err := context(max(int(weight), 0)+scale+guardDigits).Exp(&out, x.toAPD()); err != nil {
		return ErrOverflow
	}
	return z.setAPD(&out, scale)
}

// lnWeight estimates the decimal weight of ln(x), as estimate_ln_dweight does.
func lnWeight(x *Decimal) int {
	if x.Sign() <= 0 {
		return 0
	}
	var lo, hi Decimal
	_ = lo.Parse("0.9")
	_ = hi.Parse("1.1")
	if x.Cmp(&lo) >= 0 && x.Cmp(&hi) <= 0 {
		var d Decimal
		_ = d.Sub(x, new(Decimal).SetInt64(1))
		if d.Coeff.Sign() == 0 {
			return 0
		}
		weight, digit := d.leading()
		return weight*baseDigits + int(math.Log10(float64(digit)))
	}
	weight, digits := x.leading()
	ln := math.Log(x.float())
	if math.IsInf(ln, 0) {
		ln = math.Log(float64(digits)) + float64(weight*baseDigits)*math.Ln10
	}
	return int(math.Log10(math.Abs(ln)))
}

// Ln sets z to the natural logarithm of x; ErrDomain unless x is positive.
func (z *Decimal) Ln(x *Decimal) error {
	if done, err := z.logSpecial(x); done {
		return err
	}
	scale := clampScale(minSignificant-lnWeight(x), x.Scale)
	var out apd.Decimal
	if _, err := context(scale+8+guardDigits).Ln(&out, x.toAPD()); err != nil {
		return ErrOverflow
	}
	return z.setAPD(&out, scale)
}

func (z *Decimal) logSpecial(x *Decimal) (bool, error) {
	switch {
	case x.Form == NaN:
		z.setForm(NaN)
	case x.Sign() <= 0:
		return true, ErrDomain
	case x.Form == Infinity:
		z.setForm(Infinity)
	default:
		return false, nil
	}
	return true, nil
}

// Log sets z to the logarithm of x to a base; ErrDomain unless both are positive, ErrDivisionByZero for base 1.
func (z *Decimal) Log(base, x *Decimal) error {
	switch {
	case base.Form == NaN || x.Form == NaN:
		z.setForm(NaN)
		return nil
	case base.Sign() <= 0 || x.Sign() <= 0:
		return ErrDomain
	case base.Form == Infinity && x.Form == Infinity:
		z.setForm(NaN)
		return nil
	case base.Form == Infinity:
		z.SetInt64(0)
		return nil
	case x.Form == Infinity:
		z.setForm(Infinity)
		return nil
	}
	scale := clampScale(minSignificant-(lnWeight(x)-lnWeight(base)), base.Scale, x.Scale)
	ctx := context(scale + 16 + guardDigits)
	var lb, lx, out apd.Decimal
	if _, err := ctx.Ln(&lb, base.toAPD()); err != nil {
		return ErrOverflow
	}
	if lb.IsZero() {
		return ErrDivisionByZero
	}
	if _, err := ctx.Ln(&lx, x.toAPD()); err != nil {
		return ErrOverflow
	}
	if _, err := ctx.Quo(&out, &lx, &lb); err != nil {
		return ErrOverflow
	}
	return z.setAPD(&out, scale)
}

// Power sets z to x^y. ErrDomain for a negative x with a fraction in y, ErrDivisionByZero for zero to a negative power.
func (z *Decimal) Power(x, y *Decimal) error {
	if x.Form != Finite || y.Form != Finite {
		return z.powerSpecial(x, y)
	}
	integer := y.IsInteger()
	switch {
	case x.Coeff.Sign() == 0 && y.Coeff.Sign() < 0:
		return ErrDivisionByZero
	case x.Coeff.Sign() < 0 && !integer:
		return ErrDomain
	case x.Coeff.Sign() == 0 && !integer:
		z.SetInt64(0).Round(minSignificant)
		return nil
	}
	weight, scale := 0.0, 0
	if e, ok := y.Int64(); integer && ok && e == int64(int32(e)) {
		if x.Coeff.Sign() != 0 {
			weight = float64(e) * log10Abs(x)
		}
		if weight > (math.MaxInt16+1)*baseDigits {
			return ErrOverflow
		}
		scale = clampScale(minSignificant, x.Scale)
		if weight+1 < float64(-scale) {
			z.SetInt64(0).Round(scale)
			return nil
		}
		if e == 0 {
			z.SetInt64(1).Round(scale)
			return nil
		}
	} else {
		ln := log10Abs(x) * math.Ln10 * y.float()
		if math.Abs(ln) > 2000*3.01*10 {
			if ln > 0 {
				return ErrOverflow
			}
			z.SetInt64(0).Round(maxDisplay)
			return nil
		}
		weight = ln * math.Log10E
		scale = clampScale(minSignificant-int(weight), x.Scale, y.Scale)
	}
	if x.Coeff.Sign() == 0 {
		z.SetInt64(0).Round(scale)
		return nil
	}
	var out apd.Decimal
	if _, err := context(max(int(weight), 0)+scale+guardDigits).Pow(&out, x.toAPD(), y.toAPD()); err != nil {
		return ErrOverflow
	}
	return z.setAPD(&out, scale)
}

// log10Abs estimates log10(|x|) for a finite x that is not zero, of any size.
func log10Abs(x *Decimal) float64 {
	var abs Decimal
	abs.Set(x).Abs()
	n := digitCount(&abs.Coeff)
	if n > 17 {
		abs.Coeff.Quo(&abs.Coeff, pow10(new(apd.BigInt), n-17))
		return math.Log10(float64(abs.Coeff.Uint64())) + float64(n-17-abs.Scale)
	}
	return math.Log10(float64(abs.Coeff.Uint64())) - float64(abs.Scale)
}

func (z *Decimal) powerSpecial(x, y *Decimal) error {
	one := new(Decimal).SetInt64(1)
	switch {
	case x.Form == Finite && x.Cmp(one) == 0, y.Form == Finite && y.Coeff.Sign() == 0:
		z.SetInt64(1)
		return nil
	case x.Form == NaN || y.Form == NaN:
		z.setForm(NaN)
		return nil
	}
	f := math.Pow(x.float(), y.float())
	switch {
	case x.Form == Finite && x.Coeff.Sign() == 0 && y.Form == NegInfinity:
		return ErrDivisionByZero
	case x.Form == NegInfinity && y.Form == Finite && !y.IsInteger():
		return ErrDomain
	case math.IsNaN(f):
		z.setForm(NaN)
	case math.IsInf(f, 0):
		z.setForm(infinity(int(math.Copysign(1, f))))
	default:
		z.SetInt64(int64(f))
	}
	return nil
}
