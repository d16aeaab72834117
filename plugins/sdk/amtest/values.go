package amtest

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/quiredb/quire/plugins/wire"
)

// A kind makes and compares values of one type. Values repeat, so that keys have more than one row. The order is spelt out here in a
// second way, and not taken from core/ordkey: the suite judges access methods that use it.
type kind struct {
	make    func(rng *rand.Rand) wire.Value
	compare func(a, b wire.Value) int
}

func byInt8(a, b wire.Value) int {
	x, _ := wire.Int8(a)
	y, _ := wire.Int8(b)
	return cmp.Compare(x, y)
}

func byBytes(a, b wire.Value) int { return bytes.Compare(a, b) }

// kinds are the types the suite knows. Operator classes of others are left out.
var kinds = map[uint32]kind{
	wire.TypeBool: {func(r *rand.Rand) wire.Value { return wire.OfBool(r.IntN(2) == 0) }, byBytes},
	wire.TypeInt2: {func(r *rand.Rand) wire.Value { return wire.OfInt2(int16(r.IntN(400) - 200)) }, func(a, b wire.Value) int {
		x, _ := wire.Int2(a)
		y, _ := wire.Int2(b)
		return cmp.Compare(x, y)
	}},
	wire.TypeInt4: {func(r *rand.Rand) wire.Value { return wire.OfInt4(int32(r.IntN(4000) - 2000)) }, func(a, b wire.Value) int {
		x, _ := wire.Int4(a)
		y, _ := wire.Int4(b)
		return cmp.Compare(x, y)
	}},
	wire.TypeInt8:    {func(r *rand.Rand) wire.Value { return wire.OfInt8(int64(r.IntN(4000)-2000) << 33) }, byInt8},
	wire.TypeText:    {makeText, byBytes},
	wire.TypeVarchar: {makeText, byBytes},
	wire.TypeBytea: {func(r *rand.Rand) wire.Value {
		b := make(wire.Value, r.IntN(60))
		for i := range b {
			b[i] = byte(r.IntN(3))
		}
		return b
	}, byBytes},
	wire.TypeUUID: {func(r *rand.Rand) wire.Value {
		b := make(wire.Value, 16)
		b[0], b[15] = byte(r.IntN(256)), byte(r.IntN(8))
		return b
	}, byBytes},
	wire.TypeTimestamptz: {makeTime, byInt8},
	wire.TypeTimestamp:   {makeTime, byInt8},
	wire.TypeDate: {func(r *rand.Rand) wire.Value { return wire.OfInt4(int32(r.IntN(4000) - 2000)) }, func(a, b wire.Value) int {
		x, _ := wire.Int4(a)
		y, _ := wire.Int4(b)
		return cmp.Compare(x, y)
	}},
	wire.TypeOID:    {func(r *rand.Rand) wire.Value { return wire.OfInt4(int32(r.IntN(4000) - 2000)) }, byBytes},
	wire.TypePgLSN:  {func(r *rand.Rand) wire.Value { return wire.OfInt8(int64(r.IntN(4000)-2000) << 40) }, byBytes},
	wire.TypeFloat8: {makeFloat, byFloat},
}

func makeFloat(r *rand.Rand) wire.Value {
	switch r.IntN(40) {
	case 0:
		return wire.OfFloat8(math.NaN())
	case 1:
		return wire.OfFloat8(math.Inf(1 - 2*r.IntN(2)))
	}
	return wire.OfFloat8(float64(r.IntN(3000)-1500) / 8)
}

// byFloat puts NaN after everything else and equal to itself, as PostgreSQL does.
func byFloat(a, b wire.Value) int {
	x, _ := wire.Float8(a)
	y, _ := wire.Float8(b)
	if math.IsNaN(x) || math.IsNaN(y) {
		return -cmp.Compare(x, y) // cmp puts NaN before everything else
	}
	return cmp.Compare(x, y)
}

func makeText(r *rand.Rand) wire.Value {
	switch r.IntN(10) {
	case 0:
		return wire.OfText("")
	case 1:
		return wire.OfText(fmt.Sprintf("a longer text with number %0100d", r.IntN(500)))
	}
	return wire.OfText(fmt.Sprintf("text %d", r.IntN(2000)))
}

func makeTime(r *rand.Rand) wire.Value {
	return wire.OfTimestamptz(time.Date(1990+r.IntN(50), 1, 1+r.IntN(300), 0, 0, 0, r.IntN(3)*1000, time.UTC))
}

// meets reports whether a value meets a condition of an operator that the suite knows.
func (k kind) meets(v wire.Value, key wire.ScanKey) bool {
	switch key.Operator {
	case wire.IsNull:
		return v.IsNull()
	case wire.IsNotNull:
		return !v.IsNull()
	}
	if v.IsNull() {
		return false
	}
	if key.Operator == wire.AnyEqual {
		return slices.ContainsFunc(key.Args, func(arg wire.Value) bool { return k.compare(v, arg) == 0 })
	}
	c := k.compare(v, key.Arg)
	switch key.Operator {
	case "=":
		return c == 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return false
}

// order is the order of an index's column.
func (k kind) order(col wire.Column, a, b wire.Value) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull() == b.IsNull():
		if col.Descending {
			a, b = b, a
		}
		return k.compare(a, b)
	case a.IsNull() == col.NullsFirst:
		return -1
	}
	return 1
}
