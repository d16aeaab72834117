package ordkey_test

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
)

// drawNumber makes a number and the fraction that it is.
func drawNumber(t *rapid.T) (ordkey.Number, *big.Rat) {
	digits := rapid.OneOf(
		rapid.StringMatching(`[0-9]{1,3}0{0,3}`), rapid.StringMatching(`[0-9]{1,25}0{0,25}`), rapid.StringMatching(`1844674407370955161[0-9]`),
	).Draw(t, "digits")
	scale := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 60)).Draw(t, "scale")
	c, _ := new(big.Int).SetString(digits, 10)
	sign := c.Sign() * rapid.SampledFrom([]int{-1, 1}).Draw(t, "sign")
	n := ordkey.Number{Class: ordkey.ClassOf(sign), Scale: scale}
	if c.IsUint64() {
		n.Low = c.Uint64()
	} else {
		n.Big = c.Bytes()
	}
	value := new(big.Rat).SetFrac(c, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	if sign < 0 {
		value.Neg(value)
	}
	return n, value
}

func TestNumbersOrderAsFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, x := drawNumber(t)
		b, y := drawNumber(t)
		want := x.Cmp(y)
		require.Equal(t, want, ordkey.CompareNumbers(&a, &b))
		require.Equal(t, -want, ordkey.CompareNumbers(&b, &a))
		p, q := a.Canonical(), b.Canonical()
		require.Zero(t, ordkey.CompareNumbers(&a, &p))
		if want == 0 {
			require.Equal(t, p, q)
		}
	})
}

// The classes are PostgreSQL's order of what is not a number among those that are.
func TestClasses(t *testing.T) {
	in := []ordkey.Class{ordkey.NegInfinity, ordkey.Negative, ordkey.Zero, ordkey.Positive, ordkey.Infinity, ordkey.NaN}
	for i, c := range in {
		for j, d := range in {
			a, b := ordkey.Number{Class: c, Low: 1}, ordkey.Number{Class: d, Low: 1}
			require.Equal(t, cmp.Compare(i, j), ordkey.CompareNumbers(&a, &b), "%d %d", c, d)
		}
	}
}

func TestFloats(t *testing.T) {
	in := []float64{math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, math.Inf(1), math.NaN()}
	for i, a := range in {
		for j, b := range in {
			require.Equal(t, cmp.Compare(i, j), ordkey.CompareFloat(a, b), "%v %v", a, b)
			require.Equal(t, cmp.Compare(i, j), cmp.Compare(ordkey.FloatKey(a), ordkey.FloatKey(b)), "%v %v", a, b)
		}
	}
	require.Zero(t, ordkey.CompareFloat(math.Copysign(0, -1), 0))
	require.Zero(t, ordkey.CompareFloat(-math.NaN(), math.NaN()))
}

func TestOrderOfNulls(t *testing.T) {
	sorted := func(o ordkey.Order) []any {
		list := []any{2, nil, 1}
		slices.SortFunc(list, func(a, b any) int {
			if a == nil || b == nil {
				return o.Nulls(a == nil, b == nil)
			}
			return o.Values(cmp.Compare(a.(int), b.(int)))
		})
		return list
	}
	require.Equal(t, []any{1, 2, nil}, sorted(ordkey.DefaultOrder(false)))
	require.Equal(t, []any{nil, 2, 1}, sorted(ordkey.DefaultOrder(true)))
	require.Equal(t, []any{nil, 1, 2}, sorted(ordkey.Order{NullsFirst: true}))
	require.Equal(t, []any{2, 1, nil}, sorted(ordkey.Order{NullsFirst: true}.Reverse()))
}

// Every type that datum has is under a rule here, and orders by it.
func TestEveryTypeHasARule(t *testing.T) {
	for _, info := range datum.Types() {
		if info.Elem == 0 && info.Category != 'A' {
			require.NotZero(t, ordkey.RuleOf(uint32(info.OID)), info.Name)
		}
	}
	require.Zero(t, ordkey.RuleOf(uint32(datum.Types()[0].Array)))
}
