package expr

import (
	"math"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/pgerr"
)

// Coercion is the occasion of a cast; later ones allow all that earlier ones do.
type Coercion uint8

// The occasions.
const (
	Implicit   Coercion = iota // in any expression
	Assignment                 // to a column
	Explicit                   // CAST and ::
)

// castEntry is a line of the table of casts: when it may be used and what it calls; a nil fn leaves the value as it is.
// Where PostgreSQL shares the bits of a signed and an unsigned type, binary is set and fn reads them the other way.
type castEntry struct {
	when   Coercion
	fn     *Function
	binary bool
}

// castTable follows pg_cast for the types there are.
var castTable = buildCasts()

// CanCoerce reports whether a value of one type can become one of another on this occasion.
func CanCoerce(from, to OID, when Coercion) bool {
	switch {
	case from == to, from == datum.Unknown:
		return true
	case to == Any, to == AnyElement, to == AnyNonArray:
		return to == Any || !isArray(from)
	}
	if c, ok := castTable[[2]OID{from, to}]; ok {
		return c.when <= when
	}
	if a, b := elementOf(from), elementOf(to); a != 0 && b != 0 {
		return CanCoerce(a, b, when)
	}
	return ioCastAllowed(from, to, when)
}

// CastInfo describes a line of the table of casts as pg_cast does: the context as i, a or e, the volatility of the function as i or
// s, and - if there is none. It reports false if the table has no such line; values may convert through text even so.
func CastInfo(from, to OID) (context, volatility string, ok bool) {
	c, ok := castTable[[2]OID{from, to}]
	if !ok {
		return "", "", false
	}
	volatility = "-"
	if c.fn != nil && !c.binary {
		volatility = "isv"[c.fn.Volatility : c.fn.Volatility+1]
	}
	return "iae"[c.when : c.when+1], volatility, true
}

// ioCastAllowed: anything can be assigned to a string type by printing it, and a string cast explicitly to anything by
// reading it.
func ioCastAllowed(from, to OID, when Coercion) bool {
	switch {
	case datum.Lookup(from) == nil || datum.Lookup(to) == nil || from == datum.Void || to == datum.Void:
		return false
	case category(to) == 'S' && to != datum.Name:
		return when >= Assignment
	case category(from) == 'S' || category(to) == 'S':
		return when >= Explicit
	}
	return false
}

// ioVolatility is how constant reading or printing a type is: dates depend on the session's settings.
func ioVolatility(t OID) Volatility {
	switch t {
	case datum.Date, datum.Timestamp, datum.Timestamptz, datum.Interval, datum.Bytea, datum.Float4, datum.Float8,
		datum.Regclass, datum.Regproc, datum.Regprocedure, datum.Regoper, datum.Regoperator, datum.Regtype, datum.Regrole, datum.Regnamespace:
		return Stable
	}
	return Immutable
}

func buildCasts() map[[2]OID]castEntry {
	table := map[[2]OID]castEntry{}
	relabel := func(when Coercion, from, to OID) { table[[2]OID{from, to}] = castEntry{when: when} }
	convert := func(when Coercion, from, to OID, v Volatility, f func(ctx *EvalCtx, d Datum) (Datum, error)) {
		fn := &Function{Name: datum.MustLookup(to).Name, Args: []OID{from}, Returns: to, Strict: true, Volatility: v, Eval1: f}
		table[[2]OID{from, to}] = castEntry{when: when, fn: fn}
	}
	same := func(_ *EvalCtx, d Datum) (Datum, error) { return d, nil }

	integers := []OID{datum.Int2, datum.Int4, datum.Int8}
	for i, from := range integers {
		for j, to := range integers {
			switch {
			case i < j:
				convert(Implicit, from, to, Immutable, same)
			case i > j:
				convert(Assignment, from, to, Immutable, narrow(to))
			}
		}
		toFloat := func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewFloat(float64(d.I)), nil }
		convert(Implicit, from, datum.Float8, Immutable, toFloat)
		convert(Implicit, from, datum.Float4, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
			return datum.NewFloat(float64(float32(d.I))), nil
		})
		convert(Implicit, from, datum.Numeric, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
			return datum.NewNumericInt(d.I), nil
		})
		convert(Assignment, datum.Float8, from, Immutable, floatToInt(from))
		convert(Assignment, datum.Float4, from, Immutable, floatToInt(from))
		convert(Assignment, datum.Numeric, from, Immutable, numericToInt(from))
	}
	for _, to := range append(datum.RegTypes(), datum.OIDType) {
		unsigned := func(_ *EvalCtx, d Datum) (Datum, error) { return Datum{I: int64(uint32(d.I))}, nil }
		convert(Implicit, datum.Int2, to, Immutable, unsigned)
		convert(Implicit, datum.Int4, to, Immutable, unsigned)
		convert(Assignment, to, datum.Int4, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) { return Datum{I: int64(int32(d.I))}, nil })
		for _, pair := range [][2]OID{{datum.Int4, to}, {to, datum.Int4}} {
			entry := table[pair]
			entry.binary = true
			table[pair] = entry
		}
		convert(Implicit, datum.Int8, to, Immutable, int8ToOID)
		convert(Assignment, to, datum.Int8, Immutable, same)
	}
	for _, to := range datum.RegTypes() {
		relabel(Implicit, datum.OIDType, to)
		relabel(Implicit, to, datum.OIDType)
	}
	for _, pair := range [][2]OID{{datum.Regproc, datum.Regprocedure}, {datum.Regoper, datum.Regoperator}} {
		relabel(Implicit, pair[0], pair[1])
		relabel(Implicit, pair[1], pair[0])
	}

	convert(Implicit, datum.Float4, datum.Float8, Immutable, same)
	convert(Assignment, datum.Float8, datum.Float4, Immutable, float8ToFloat4)
	convert(Assignment, datum.Float8, datum.Numeric, Immutable, floatToNumeric(15))
	convert(Assignment, datum.Float4, datum.Numeric, Immutable, floatToNumeric(6))
	convert(Implicit, datum.Numeric, datum.Float8, Immutable, numericToFloat(64))
	convert(Implicit, datum.Numeric, datum.Float4, Immutable, numericToFloat(32))

	convert(Explicit, datum.Int4, datum.Bool, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		return datum.NewBool(d.I != 0), nil
	})
	convert(Explicit, datum.Bool, datum.Int4, Immutable, same)
	boolText := func(_ *EvalCtx, d Datum) (Datum, error) {
		if d.Bool() {
			return datum.NewText("true"), nil
		}
		return datum.NewText("false"), nil
	}
	convert(Assignment, datum.Bool, datum.Text, Immutable, boolText)
	convert(Assignment, datum.Bool, datum.Varchar, Immutable, boolText)
	convert(Assignment, datum.Bool, datum.BPChar, Immutable, boolText)

	relabel(Implicit, datum.Text, datum.Varchar)
	relabel(Implicit, datum.Varchar, datum.Text)
	relabel(Implicit, datum.NodeTree, datum.Text)
	trimmed := func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewText(ordkey.TrimBlanks(d.S)), nil }
	for _, s := range []OID{datum.Text, datum.Varchar} {
		relabel(Implicit, s, datum.BPChar)
		convert(Implicit, datum.BPChar, s, Immutable, trimmed)
	}
	convert(Implicit, datum.BPChar, datum.Name, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		return datum.NewText(datum.TruncateName(ordkey.TrimBlanks(d.S))), nil
	})
	name := func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewText(datum.TruncateName(d.S)), nil }
	for _, s := range []OID{datum.Text, datum.Varchar, datum.BPChar} {
		if s != datum.BPChar {
			convert(Implicit, s, datum.Name, Immutable, name)
		}
		convert(Assignment, s, datum.Char, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
			if d.S == "" {
				return datum.NewInt(0), nil
			}
			return datum.NewInt(int64(d.S[0])), nil
		})
		if s == datum.BPChar {
			continue
		}
		convert(Implicit, s, datum.Regclass, Stable, func(ctx *EvalCtx, d Datum) (Datum, error) {
			return datum.MustLookup(datum.Regclass).ParseTextIn(ctx.Env, d.S, -1)
		})
	}
	convert(Implicit, datum.Name, datum.Text, Immutable, same)
	convert(Assignment, datum.Name, datum.Varchar, Immutable, same)
	convert(Assignment, datum.Name, datum.BPChar, Immutable, same)
	charText := func(_ *EvalCtx, d Datum) (Datum, error) {
		return datum.NewText(datum.MustLookup(datum.Char).String(d)), nil
	}
	convert(Implicit, datum.Char, datum.Text, Immutable, charText)
	convert(Assignment, datum.Char, datum.Varchar, Immutable, charText)
	convert(Assignment, datum.Char, datum.BPChar, Immutable, charText)
	convert(Explicit, datum.Char, datum.Int4, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		return datum.NewInt(int64(int8(d.I))), nil
	})
	convert(Explicit, datum.Int4, datum.Char, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		if d.I < math.MinInt8 || d.I > math.MaxInt8 {
			return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "\"char\" out of range")
		}
		return datum.NewInt(int64(uint8(d.I))), nil
	})
	dateCasts(convert)
	return table
}

func outOfRange(t OID) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "%s out of range", TypeName(t))
}

func intRange(t OID) (lo, hi int64) {
	switch t {
	case datum.Int2:
		return math.MinInt16, math.MaxInt16
	case datum.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func narrow(to OID) func(*EvalCtx, Datum) (Datum, error) {
	lo, hi := intRange(to)
	return func(_ *EvalCtx, d Datum) (Datum, error) {
		if d.I < lo || d.I > hi {
			return Datum{}, outOfRange(to)
		}
		return d, nil
	}
}

func int8ToOID(_ *EvalCtx, d Datum) (Datum, error) {
	if d.I < 0 || d.I > math.MaxUint32 {
		return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "OID out of range")
	}
	return d, nil
}

func floatToInt(to OID) func(*EvalCtx, Datum) (Datum, error) {
	lo, hi := intRange(to)
	limit := float64(hi) + 1
	if to == datum.Int8 {
		limit = 1 << 63
	}
	return func(_ *EvalCtx, d Datum) (Datum, error) {
		f := math.RoundToEven(d.Float())
		if math.IsNaN(f) || f < float64(lo) || f >= limit {
			return Datum{}, outOfRange(to)
		}
		return datum.NewInt(int64(f)), nil
	}
}

func numericToInt(to OID) func(*EvalCtx, Datum) (Datum, error) {
	lo, hi := intRange(to)
	return func(_ *EvalCtx, d Datum) (Datum, error) {
		n := d.Numeric()
		switch n.Form {
		case numeric.NaN:
			return Datum{}, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to %s", TypeName(to))
		case numeric.Infinity, numeric.NegInfinity:
			return Datum{}, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to %s", TypeName(to))
		}
		v, ok := n.Int64()
		if !ok || v < lo || v > hi {
			return Datum{}, outOfRange(to)
		}
		return datum.NewInt(v), nil
	}
}

func float8ToFloat4(_ *EvalCtx, d Datum) (Datum, error) {
	f := d.Float()
	n := float64(float32(f))
	switch {
	case math.IsInf(n, 0) && !math.IsInf(f, 0):
		return Datum{}, errFloatOverflow()
	case n == 0 && f != 0:
		return Datum{}, errFloatUnderflow()
	}
	return datum.NewFloat(n), nil
}

func errFloatOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}

func errFloatUnderflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}

func floatToNumeric(digits int) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, d Datum) (Datum, error) {
		var n numeric.Decimal
		if err := n.SetFloat(d.Float(), digits); err != nil {
			return Datum{}, datum.NumericError(err)
		}
		return datum.NewNumeric(&n), nil
	}
}

func numericToFloat(bits int) func(*EvalCtx, Datum) (Datum, error) {
	t := datum.MustLookup(datum.Float8)
	if bits == 32 {
		t = datum.MustLookup(datum.Float4)
	}
	return func(_ *EvalCtx, d Datum) (Datum, error) {
		n := d.Numeric()
		f, ok := n.Float(bits)
		if !ok {
			return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", n.String(), t.SQLName)
		}
		return datum.NewFloat(f), nil
	}
}
