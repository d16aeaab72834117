package expr

import (
	"cmp"

	"github.com/quiredb/quire/core/datum"
)

// comparison names an operator with its commutator and negator.
type comparison struct{ name, commutator, negator string }

var comparisons = []comparison{
	{"=", "=", "<>"}, {"<>", "<>", "="}, {"<", ">", ">="}, {"<=", ">=", ">"}, {">", "<", "<="}, {">=", "<=", "<"},
}

func registerCompare(r *Registry) {
	for _, t := range []OID{datum.Bool, datum.Bytea, datum.Char, datum.Name, datum.Text, datum.BPChar, datum.OIDType, datum.Date, datum.Timestamp,
		datum.Timestamptz, datum.Interval, datum.Numeric, datum.UUID, datum.PgLSN} {
		compareOperators(r, t, t, Immutable, datum.MustLookup(t).Compare)
	}
	for _, family := range [][]OID{{datum.Int2, datum.Int4, datum.Int8}, {datum.Float4, datum.Float8}, {datum.Name, datum.Text}} {
		for _, a := range family {
			for _, b := range family {
				if a == b && (a == datum.Name || a == datum.Text) {
					continue
				}
				compareOperators(r, a, b, Immutable, datum.MustLookup(a).Compare)
			}
		}
	}
	for _, t := range datum.Types() {
		if t.Elem != 0 && t.OID != datum.Int2Vector && r.FindOperator("=", t.Elem, t.Elem) != nil {
			compareOperators(r, t.OID, t.OID, Immutable, t.Compare)
		}
	}
	registerDateCompare(r)
}

func compareOperators(r *Registry, a, b OID, v Volatility, compare func(a, b Datum) int) {
	for _, c := range comparisons {
		test := orderTest(c.name)
		o := r.op2(c.name, a, b, datum.Bool, v, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			return datum.NewBool(test(compare(a, b))), nil
		})
		o.Commutator, o.Negator, o.Compare = c.commutator, c.negator, compare
	}
}

// registerDateCompare adds the comparisons between dates and timestamps. Those with a timestamptz depend on the time zone.
func registerDateCompare(r *Registry) {
	toTimestamp := func(t OID, d Datum) Datum {
		if t != datum.Date {
			return d
		}
		switch d.I {
		case datum.DateInfinity:
			return datum.NewInt(datum.TimestampInfinity)
		case datum.DateNegInfinity:
			return datum.NewInt(datum.TimestampNegInfinity)
		}
		if d.I >= 1<<26 { // beyond every finite timestamp
			return datum.NewInt(datum.TimestampInfinity - 1)
		}
		return datum.NewInt(d.I * datum.MicrosPerDay)
	}
	kinds := []OID{datum.Date, datum.Timestamp, datum.Timestamptz}
	for _, a := range kinds {
		for _, b := range kinds {
			if a == b {
				continue
			}
			if a != datum.Timestamptz && b != datum.Timestamptz {
				compareOperators(r, a, b, Immutable, func(x, y Datum) int {
					return cmp.Compare(toTimestamp(a, x).I, toTimestamp(b, y).I)
				})
				continue
			}
			instant := func(ctx *EvalCtx, t OID, d Datum) int64 {
				d = toTimestamp(t, d)
				if t == datum.Timestamptz || infinite(d) || d.I == datum.TimestampInfinity-1 {
					return d.I
				}
				return datum.LocalToUTC(ctx.location(), d.I)
			}
			for _, c := range comparisons {
				test := orderTest(c.name)
				o := r.op2(c.name, a, b, datum.Bool, Stable, func(ctx *EvalCtx, x, y Datum) (Datum, error) {
					return datum.NewBool(test(cmp.Compare(instant(ctx, a, x), instant(ctx, b, y)))), nil
				})
				o.Commutator, o.Negator = c.commutator, c.negator
			}
		}
	}
}
