package numeric

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Parse reads PostgreSQL's text format without surrounding white space: digits with an optional sign, point and exponent, or
// NaN, Infinity and inf in any case. The scale is the number of digits written after the point, less the exponent.
func (d *Decimal) Parse(s string) error {
	text, negative := s, false
	if text != "" && (text[0] == '+' || text[0] == '-') {
		negative, text = text[0] == '-', text[1:]
	}
	if text == "" {
		return ErrSyntax
	}
	switch strings.ToLower(text) {
	case "nan":
		if len(text) != len(s) {
			return ErrSyntax
		}
		d.setForm(NaN)
		return nil
	case "inf", "infinity":
		d.setForm(Infinity)
		if negative {
			d.Form = NegInfinity
		}
		return nil
	}
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.ParseInt(text[i+1:], 10, 32)
		if err != nil && err.(*strconv.NumError).Err == strconv.ErrSyntax {
			return ErrSyntax
		}
		if err != nil || e > 1<<20 || e < -1<<20 {
			return ErrOverflow
		}
		mantissa, exponent = text[:i], int(e)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ErrSyntax
	}
	return d.assemble(digits, len(fraction)-exponent, negative)
}

// assemble sets d to digits / 10^scale, where scale may be negative.
func (d *Decimal) assemble(digits string, scale int, negative bool) error {
	digits = strings.TrimLeft(digits, "0")
	if len(digits)-scale > MaxIntegerDigits && digits != "" || scale > MaxScale {
		return ErrOverflow
	}
	d.Form = Finite
	if len(digits) <= 18 {
		v, _ := strconv.ParseUint("0"+digits, 10, 64)
		d.Coeff.SetUint64(v)
	} else {
		d.Coeff.SetString(digits, 10)
	}
	if scale < 0 {
		if digits != "" {
			scaleUp(&d.Coeff, -scale)
		}
		scale = 0
	}
	d.Scale = scale
	if negative {
		d.negate()
	}
	return nil
}

// Append appends the text format.
func (d *Decimal) Append(dst []byte) []byte {
	switch d.Form {
	case NaN:
		return append(dst, "NaN"...)
	case Infinity:
		return append(dst, "Infinity"...)
	case NegInfinity:
		return append(dst, "-Infinity"...)
	}
	var buf [40]byte
	var abs apd.BigInt
	abs.Abs(&d.Coeff)
	digits := buf[:0]
	if abs.IsUint64() {
		digits = strconv.AppendUint(digits, abs.Uint64(), 10)
	} else {
		digits = abs.Append(digits, 10)
	}
	if d.Coeff.Sign() < 0 {
		dst = append(dst, '-')
	}
	if d.Scale == 0 {
		return append(dst, digits...)
	}
	point := len(digits) - d.Scale
	if point <= 0 {
		dst = append(dst, '0', '.')
		for ; point < 0; point++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(append(dst, digits[:point]...), '.')
	return append(dst, digits[point:]...)
}

// String returns the text format.
func (d *Decimal) String() string { return string(d.Append(nil)) }
