package numeric

import (
	"strings"

	"github.com/quiredb/quire/core/ordkey"
)

// What numbers are equal and in what order they are is ordkey's to say; this hands it the numbers.

// Number returns what comparisons see of a compact form, without decoding it. The result may alias s.
func Number(s string) (n ordkey.Number) {
	if len(s) > 9 || len(s) == 0 || s[0]&headSpecial != 0 || s[0]&headScale == headScale {
		return longNumber(s)
	}
	n.Low = smallCoeff(s[1:])
	n.Class = classOf(s[0]&headNegative != 0, n.Low == 0)
	n.Scale = int(s[0] & headScale)
	return n
}

func longNumber(s string) (n ordkey.Number) {
	negative, form, scale, coeff := split(s)
	if form != Finite {
		return ordkey.Number{Class: form.class()}
	}
	coeff = strings.TrimLeft(coeff, "\x00")
	if len(coeff) <= 8 {
		n.Low = smallCoeff(coeff)
	} else {
		n.Big = []byte(coeff)
	}
	n.Class, n.Scale = classOf(negative, coeff == ""), scale
	return n
}

func classOf(negative, zero bool) ordkey.Class {
	switch {
	case zero:
		return ordkey.Zero
	case negative:
		return ordkey.Negative
	}
	return ordkey.Positive
}

func (f Form) class() ordkey.Class {
	switch f {
	case NaN:
		return ordkey.NaN
	case Infinity:
		return ordkey.Infinity
	case NegInfinity:
		return ordkey.NegInfinity
	}
	return ordkey.Zero
}

// number returns what comparisons see of d.
func (d *Decimal) number() ordkey.Number {
	if d.Form != Finite {
		return ordkey.Number{Class: d.Form.class()}
	}
	n := ordkey.Number{Class: ordkey.ClassOf(d.Coeff.Sign()), Scale: d.Scale}
	if b := d.Coeff.BitLen(); b > 64 {
		n.Big = d.Coeff.Bytes()
	} else {
		n.Low = absUint64(&d.Coeff)
	}
	return n
}

// CompareEncoded orders two compact forms.
func CompareEncoded(a, b string) int {
	x, y := Number(a), Number(b)
	return ordkey.CompareNumbers(&x, &y)
}

// Cmp orders two numbers; NaN equals itself and is above everything.
func (d *Decimal) Cmp(x *Decimal) int {
	a, b := d.number(), x.number()
	return ordkey.CompareNumbers(&a, &b)
}
