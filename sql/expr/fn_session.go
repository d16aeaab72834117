package expr

import (
	"crypto/rand"
	"math/big"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

// registerSession adds what the context answers without a session behind it, and the odds and ends.
func registerSession(r *Registry) {
	str := func(name string, t OID, f func(ctx *EvalCtx) string) {
		r.Register(fn0(name, t, Stable, func(ctx *EvalCtx) (Datum, error) { return datum.NewText(f(ctx)), nil }))
	}
	for _, name := range []string{"current_user", "user", "current_role"} {
		str(name, datum.Name, func(ctx *EvalCtx) string { return ctx.User })
	}
	str("session_user", datum.Name, func(ctx *EvalCtx) string { return ctx.SessionUser })
	str("current_database", datum.Name, func(ctx *EvalCtx) string { return ctx.Database })
	str("current_catalog", datum.Name, func(ctx *EvalCtx) string { return ctx.Database })
	str("version", text, func(ctx *EvalCtx) string { return ctx.Version })
	r.Register(fn0("current_schema", datum.Name, Stable, func(ctx *EvalCtx) (Datum, error) {
		if ctx.Schema == "" {
			return datum.NewNull(), nil
		}
		return datum.NewText(ctx.Schema), nil
	}))
	r.Register(
		fn0("gen_random_uuid", datum.UUID, Volatile, randomUUID),
		&Function{Name: "pg_typeof", Args: []OID{Any}, Returns: datum.Regtype, Volatility: Stable, Bind: typeOf},
		fn1("pg_size_pretty", datum.Int8, text, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			return datum.NewText(sizePretty(a.I)), nil
		}),
		fn1("pg_size_pretty", datum.Numeric, text, Immutable, sizePrettyNumeric),
		fn1("pg_size_bytes", text, datum.Int8, Immutable, sizeBytes),
		fn2("format_type", datum.OIDType, datum.Int4, text, Stable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			switch {
			case a.Null:
				return a, nil
			case b.Null && datum.Lookup(OID(a.I)) != nil: // without word of a modifier, which -1 is
				return datum.NewText(TypeName(OID(a.I))), nil
			}
			return datum.NewText(formatType(OID(a.I), int32(b.I))), nil
		}),
		counting("num_nulls", func(d Datum) bool { return d.Null }),
		counting("num_nonnulls", func(d Datum) bool { return !d.Null }),
	)
	r.functions["format_type"][0].Strict = false
}

// counting declares a function that counts arguments.
func counting(name string, test func(d Datum) bool) *Function {
	return &Function{Name: name, Args: []OID{Any}, Variadic: true, Returns: datum.Int4, Eval: func(_ *EvalCtx, args []Datum) (Datum, error) {
		n := int64(0)
		for _, d := range args {
			if test(d) {
				n++
			}
		}
		return datum.NewInt(n), nil
	}}
}

// pseudoNames are the types that signatures in the catalogs have and no value has.
var pseudoNames = map[OID]string{
	269: "table_am_handler", 325: "index_am_handler", 2249: "record", 2275: "cstring", 2276: `"any"`, 2277: "anyarray", 2279: "trigger", 2281: "internal",
	AnyElement: "anyelement", AnyNonArray: "anynonarray",
}

func formatType(t OID, mod int32) string {
	switch {
	case t == 0:
		return "-"
	case datum.Lookup(t) == nil:
		if name, ok := pseudoNames[t]; ok {
			return name
		}
		return "???"
	case mod == 0 && (t == ts || t == tstz || t == interval):
		mod = datum.ModPrecisionZero
	}
	return datum.Type{OID: t, Mod: mod}.String()
}

func typeOf(types []datum.Type) func(*EvalCtx, []Datum) (Datum, error) {
	d := datum.NewInt(int64(types[0].OID))
	return func(*EvalCtx, []Datum) (Datum, error) { return d, nil }
}

func randomUUID(*EvalCtx) (Datum, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return Datum{}, err
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return datum.NewBytes(b[:]), nil
}

// sizeUnits are the units of pg_size_pretty: a size is shown in a unit up to a limit, halves rounded away from zero.
var sizeUnits = []struct {
	name  string
	limit int64
	round bool
	bits  uint
}{
	{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20}, {"GB", 20*1024 - 1, true, 30},
	{"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50},
}

// sizePretty follows pg_size_pretty, which carries one bit below the unit to round with.
func sizePretty(size int64) string {
	for i, u := range sizeUnits {
		last := i == len(sizeUnits)-1
		if last || size < u.limit && size > -u.limit {
			if u.round {
				if size < 0 {
					size = (size - 1) / 2
				} else {
					size = (size + 1) / 2
				}
			}
			return strconv.FormatInt(size, 10) + " " + u.name
		}
		next := sizeUnits[i+1]
		shift := next.bits - u.bits
		if next.round {
			shift--
		}
		if u.round {
			shift++
		}
		size /= 1 << shift
	}
	return ""
}

func sizePrettyNumeric(_ *EvalCtx, a Datum) (Datum, error) {
	n := a.Numeric()
	if n.Form != numeric.Finite {
		return datum.NewText(n.String() + " bytes"), nil
	}
	abs := new(numeric.Decimal).Set(n).Abs()
	if abs.Cmp(new(numeric.Decimal).SetInt64(10*1024)) < 0 {
		return datum.NewText(n.String() + " bytes"), nil
	}
	if v, ok := n.Round(0).Int64(); ok {
		return datum.NewText(sizePretty(v)), nil
	}
	size := n.Coeff.MathBigInt()
	size.Quo(size, new(big.Int).Lsh(big.NewInt(1), 49))
	if size.Sign() < 0 {
		size.Sub(size, big.NewInt(1))
	} else {
		size.Add(size, big.NewInt(1))
	}
	return datum.NewText(size.Quo(size, big.NewInt(2)).String() + " PB"), nil
}

// sizeBytes reads what sizePretty prints: a number and a unit.
func sizeBytes(_ *EvalCtx, a Datum) (Datum, error) {
	s := strings.TrimSpace(a.S)
	n := 0
	for n < len(s) && strings.IndexByte("+-0123456789.eE", s[n]) >= 0 {
		n++
	}
	unit := strings.ToLower(strings.TrimSpace(s[n:]))
	d, err := datum.MustLookup(datum.Numeric).ParseText(s[:n], -1)
	if err != nil {
		return Datum{}, invalidParameter("invalid size: \"%s\"", a.S)
	}
	bits, ok := map[string]int{"": 0, "b": 0, "bytes": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}[unit]
	if !ok {
		return Datum{}, invalidParameter("invalid size: \"%s\"", a.S).WithDetail("Invalid size unit: \"%s\".", strings.TrimSpace(s[n:])).
			WithHint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
	}
	factor := new(numeric.Decimal).SetInt64(1 << bits)
	var product numeric.Decimal
	if err := product.Mul(d.Numeric(), factor); err != nil {
		return Datum{}, datum.NumericError(err)
	}
	v, ok := product.Int64()
	if !ok {
		return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
	}
	return datum.NewInt(v), nil
}
