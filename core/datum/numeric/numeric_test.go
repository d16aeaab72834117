package numeric_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/datum/numeric"
)

func parse(t require.TestingT, s string) *numeric.Decimal {
	d := new(numeric.Decimal)
	require.NoError(t, d.Parse(s), s)
	return d
}

// number draws a decimal as text, of few digits or many.
func number(t *rapid.T, label string) string {
	return rapid.StringMatching(`-?[0-9]{1,40}(\.[0-9]{1,30})?`).Draw(t, label)
}

func rat(t require.TestingT, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	require.True(t, ok, s)
	return r
}

// The exact operations agree with rationals.
func TestArithmeticAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := number(t, "a"), number(t, "b")
		x, y := parse(t, a), parse(t, b)
		p, q := rat(t, a), rat(t, b)
		var z numeric.Decimal
		require.NoError(t, z.Add(x, y))
		require.Zero(t, rat(t, z.String()).Cmp(new(big.Rat).Add(p, q)))
		require.NoError(t, z.Sub(x, y))
		require.Zero(t, rat(t, z.String()).Cmp(new(big.Rat).Sub(p, q)))
		require.NoError(t, z.Mul(x, y))
		require.Zero(t, rat(t, z.String()).Cmp(new(big.Rat).Mul(p, q)))
		require.Equal(t, p.Cmp(q), sign(x.Cmp(y)))
		require.Equal(t, sign(x.Cmp(y)), sign(numeric.CompareEncoded(x.Encode(), y.Encode())))
		if q.Sign() == 0 {
			require.ErrorIs(t, z.Quo(x, y), numeric.ErrDivisionByZero)
			return
		}
		// x = y*trunc(x/y) + rem, and a quotient is off by at most half of its last digit (N2).
		var whole, rem, back numeric.Decimal
		require.NoError(t, whole.QuoTrunc(x, y))
		require.NoError(t, rem.Rem(x, y))
		require.NoError(t, back.Mul(&whole, y))
		require.NoError(t, z.Add(&back, &rem))
		require.Zero(t, z.Cmp(x))
		require.NoError(t, z.Quo(x, y))
		off := new(big.Rat).Sub(rat(t, z.String()), new(big.Rat).Quo(p, q))
		half := rat(t, "0."+strings.Repeat("0", z.Scale)+"5")
		require.LessOrEqual(t, off.Abs(off).Cmp(half), 0)
	})
}

func sign(c int) int {
	switch {
	case c < 0:
		return -1
	case c > 0:
		return 1
	}
	return 0
}

func TestEveryFormRoundTrips(t *testing.T) {
	check := func(t require.TestingT, s string) {
		d := parse(t, s)
		var e numeric.Decimal
		e.Decode(d.Encode())
		require.Equal(t, d.String(), e.String())
		require.NoError(t, e.ParseBinary(d.AppendBinary(nil)))
		require.Equal(t, d.String(), e.String())
		require.Equal(t, d.String(), parse(t, d.String()).String())
		require.Zero(t, d.Cmp(new(numeric.Decimal).Set(d).Reduce()))
	}
	for _, s := range []string{"NaN", "Infinity", "-Infinity", "0", "0.000", "-0.1", "1e131071", "1e-16383", "0." + strings.Repeat("0", 70) + "1"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, number(t, "n")) })
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		in    string
		scale int
		round string
		trunc string
	}{
		{"2.5", 0, "3", "2"}, {"-2.5", 0, "-3", "-2"}, {"2.45", 1, "2.5", "2.4"}, {"1250", -2, "1300", "1200"}, {"49", -2, "0", "0"}, {"50", -2, "100", "0"},
		{"0.004", 2, "0.00", "0.00"}, {"1", 3, "1.000", "1.000"}, {"9.99", 1, "10.0", "9.9"}, {"1e-300", 5, "0.00000", "0.00000"},
	} {
		require.Equal(t, c.round, parse(t, c.in).Round(c.scale).String(), c.in)
		require.Equal(t, c.trunc, parse(t, c.in).Truncate(c.scale).String(), c.in)
	}
	require.Equal(t, "-1", parse(t, "-1.5").Ceil().String())
	require.Equal(t, "-2", parse(t, "-1.5").Floor().String())
	require.Equal(t, "2", parse(t, "1.01").Ceil().String())
	require.Equal(t, "-0.05", parse(t, "0.05").Neg().String())
}

func TestLimits(t *testing.T) {
	var d numeric.Decimal
	for s, want := range map[string]error{
		"1e131072": numeric.ErrOverflow, "1e-16384": numeric.ErrOverflow, "": numeric.ErrSyntax, "-": numeric.ErrSyntax, "1.2.3": numeric.ErrSyntax,
		"1e": numeric.ErrSyntax, "--1": numeric.ErrSyntax, "1_000": numeric.ErrSyntax, "+nan": numeric.ErrSyntax, "1e99999999999": numeric.ErrOverflow,
	} {
		require.ErrorIs(t, d.Parse(s), want, s)
	}
	huge := parse(t, "1e131071")
	require.ErrorIs(t, d.Mul(huge, parse(t, "10")), numeric.ErrOverflow)
	require.ErrorIs(t, d.Ln(parse(t, "0")), numeric.ErrDomain)
	require.ErrorIs(t, d.Sqrt(parse(t, "-1")), numeric.ErrDomain)
	for _, b := range [][]byte{nil, {0, 1}, {0, 1, 0, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10}, {0, 0, 0, 0, 0x12, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0xff, 0xff}} {
		require.Error(t, d.ParseBinary(b))
	}
}

// Bytes that no Encode wrote decode to some number.
func FuzzDecode(f *testing.F) {
	f.Add("")
	f.Add("\x3f\xff\xff\xff\x01")
	f.Add(parse(f, "-123.45").Encode())
	f.Fuzz(func(t *testing.T, s string) {
		var d, e numeric.Decimal
		d.Decode(s)
		if d.Scale > numeric.MaxScale {
			return
		}
		e.Decode(d.Encode())
		require.Zero(t, d.Cmp(&e))
		_ = numeric.CompareEncoded(s, d.Encode())
	})
}
