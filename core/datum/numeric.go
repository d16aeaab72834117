package datum

import (
	"errors"

	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

// NewNumeric returns a numeric.
func NewNumeric(n *numeric.Decimal) Datum { return Datum{S: n.Encode()} }

// NewNumericInt returns a numeric with an integer's value.
func NewNumericInt(i int64) Datum {
	var n numeric.Decimal
	n.SetInt64(i)
	return NewNumeric(&n)
}

// Numeric returns the value of a numeric.
func (d Datum) Numeric() *numeric.Decimal {
	n := new(numeric.Decimal)
	n.Decode(d.S)
	return n
}

// NumericError gives an error of package numeric its SQLSTATE.
func NumericError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, numeric.ErrDivisionByZero):
		return pgerr.New(pgerr.DivisionByZero, "division by zero")
	case errors.Is(err, numeric.ErrOverflow):
		return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	return pgerr.From(err)
}

func parseNumeric(_ *Env, s string, mod int32) (Datum, error) {
	var n numeric.Decimal
	if err := n.Parse(trimSpace(s)); err != nil {
		if errors.Is(err, numeric.ErrSyntax) {
			return Datum{}, errSyntax("numeric", s)
		}
		return Datum{}, NumericError(err)
	}
	if mod <= 0 {
		return NewNumeric(&n), nil
	}
	return fitNumericValue(&n, mod)
}

func formatNumeric(_ *Env, dst []byte, d Datum) []byte {
	var n numeric.Decimal
	n.Decode(d.S)
	return n.Append(dst)
}

func receiveNumeric(b []byte) (Datum, error) {
	if len(b) < numeric.BinaryHeader {
		return Datum{}, errShort()
	}
	if err := checkWidth(b, numeric.BinarySize(b)); err != nil {
		return Datum{}, err
	}
	var n numeric.Decimal
	if err := n.ParseBinary(b); err != nil {
		return Datum{}, pgerr.New(pgerr.InvalidBinaryRepresentation, "%w", err)
	}
	return NewNumeric(&n), nil
}

func sendNumeric(dst []byte, d Datum) []byte {
	var n numeric.Decimal
	n.Decode(d.S)
	return n.AppendBinary(dst)
}

func compareNumeric(a, b Datum) int { return numeric.CompareEncoded(a.S, b.S) }

func hashNumeric(d Datum) uint64 {
	n := numeric.Number(d.S).Canonical()
	h := hashUint64(uint64(n.Class)<<32 | uint64(n.Scale))
	if n.Big != nil {
		return mix(h, HashString(alias(n.Big)))
	}
	return mix(h, hashUint64(n.Low))
}

func numericModifier(mod int32) (precision, scale int) {
	mod -= 4
	return int(mod>>16) & 0xffff, int(mod&0x7ff^1024) - 1024
}

func fitNumeric(d Datum, mod int32) (Datum, error) {
	return fitNumericValue(d.Numeric(), mod)
}

// fitNumericValue rounds n to the scale of numeric(p,s) and refuses what needs more digits than p.
func fitNumericValue(n *numeric.Decimal, mod int32) (Datum, error) {
	precision, scale := numericModifier(mod)
	overflow := pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow")
	switch n.Form {
	case numeric.NaN:
		return NewNumeric(n), nil
	case numeric.Infinity, numeric.NegInfinity:
		return Datum{}, overflow.WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	n.Round(scale)
	if n.IntegerDigits() <= precision-scale {
		return NewNumeric(n), nil
	}
	limit := "1"
	if precision != scale {
		limit = string(formatInt(nil, []byte("10^"), NewInt(int64(precision-scale))))
	}
	return Datum{}, overflow.WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.",
		precision, scale, limit)
}
