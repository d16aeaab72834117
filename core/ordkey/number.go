package ordkey

import (
	"cmp"
	"math/big"
	"math/bits"
)

// A Class is what decides first between two numerics. Classes are in ascending order; numbers of one class that is not Negative or
// Positive are equal.
type Class byte

// The classes.
const (
	NegInfinity Class = iota + 1
	Negative
	Zero
	Positive
	Infinity
	NaN
)

// ClassOf is the class of a finite number with this sign.
func ClassOf(sign int) Class { return Class(int(Zero) + sign) }

// A Number is a numeric as comparisons see it. If the class is Negative or Positive, its absolute value is a coefficient divided by
// 10^Scale; the coefficient is Low, or Big if that is not nil.
type Number struct {
	Class Class
	Scale int
	Low   uint64
	// Big is big endian without zeros before it, and longer than 8 bytes.
	Big []byte
}

// CompareNumbers orders by class, and numbers of one class by value, whatever their scales.
func CompareNumbers(a, b *Number) int {
	switch {
	case a.Class != b.Class:
		return cmp.Compare(a.Class, b.Class)
	case a.Class == Positive:
		return compareMagnitudes(a, b)
	case a.Class == Negative:
		return compareMagnitudes(b, a)
	}
	return 0
}

// Canonical is the one Number that stands for all that are equal to n: without a scale that it does not need.
func (n Number) Canonical() Number {
	if n.Class != Positive && n.Class != Negative {
		return Number{Class: n.Class}
	}
	if n.Big != nil {
		return n.canonicalBig()
	}
	for n.Scale > 0 && n.Low%10 == 0 {
		n.Low, n.Scale = n.Low/10, n.Scale-1
	}
	return n
}

func (n Number) canonicalBig() Number {
	var q, r big.Int
	for coeff := n.coefficient(); n.Scale > 0; n.Scale-- {
		if q.QuoRem(coeff, big.NewInt(10), &r); r.Sign() != 0 {
			break
		}
		coeff.Set(&q)
		n.Big = coeff.Bytes()
		if coeff.IsUint64() {
			n.Scale, n.Low, n.Big = n.Scale-1, coeff.Uint64(), nil
			return n.Canonical()
		}
	}
	return n
}

func (n *Number) coefficient() *big.Int {
	if n.Big != nil {
		return new(big.Int).SetBytes(n.Big)
	}
	return new(big.Int).SetUint64(n.Low)
}

// bitLen is the number of bits of the coefficient.
func (n *Number) bitLen() int {
	if n.Big != nil {
		return 8*len(n.Big) - bits.LeadingZeros8(n.Big[0])
	}
	return bits.Len64(n.Low)
}

var smallPowers = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// compareMagnitudes orders absolute values that are not zero: at one scale by their coefficients, otherwise by the coefficients at
// the larger of both scales.
func compareMagnitudes(a, b *Number) int {
	switch {
	case a.Scale > b.Scale:
		return -compareMagnitudes(b, a)
	case a.Scale < b.Scale:
		return compareScaled(a, b)
	case a.Big == nil && b.Big == nil:
		return cmp.Compare(a.Low, b.Low)
	}
	return a.coefficient().Cmp(b.coefficient())
}

// compareScaled orders absolute values of which a has the smaller scale.
func compareScaled(a, b *Number) int {
	up := b.Scale - a.Scale
	if a.Big == nil && b.Big == nil && up < len(smallPowers) {
		hi, lo := bits.Mul64(a.Low, smallPowers[up])
		if hi > 0 {
			return 1
		}
		return cmp.Compare(lo, b.Low)
	}
	// A digit has between 3.321 and 3.322 bits: most numbers are too far apart to be multiplied.
	switch low, high := a.bitLen()-1+3321*up/1000, a.bitLen()+3322*up/1000+1; {
	case low > b.bitLen():
		return 1
	case high < b.bitLen()-1:
		return -1
	}
	scaled := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(up)), nil)
	return scaled.Mul(scaled, a.coefficient()).Cmp(b.coefficient())
}
