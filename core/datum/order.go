package datum

import (
	"github.com/quiredb/quire/core/ordkey"
)

// What values are equal and in what order they are is ordkey's to say: a type has the functions of its rule there.

// ordering compares and hashes the values of a type.
type ordering struct {
	compare func(a, b Datum) int
	hash    func(d Datum) uint64
}

var orderings = map[ordkey.Rule]ordering{
	ordkey.Signed: {
		func(a, b Datum) int { return ordkey.CompareSigned(a.I, b.I) },
		func(d Datum) uint64 { return hashUint64(uint64(d.I)) },
	},
	ordkey.Unsigned: {
		func(a, b Datum) int { return ordkey.CompareUnsigned(uint64(a.I), uint64(b.I)) },
		func(d Datum) uint64 { return hashUint64(uint64(d.I)) },
	},
	ordkey.Float: {
		func(a, b Datum) int { return ordkey.CompareFloat(a.Float(), b.Float()) },
		func(d Datum) uint64 { return hashUint64(ordkey.FloatKey(d.Float())) },
	},
	ordkey.Text: {
		func(a, b Datum) int { return ordkey.CompareText(a.S, b.S) },
		func(d Datum) uint64 { return HashString(d.S) },
	},
	ordkey.Blanked: {
		func(a, b Datum) int { return ordkey.CompareText(ordkey.TrimBlanks(a.S), ordkey.TrimBlanks(b.S)) },
		func(d Datum) uint64 { return HashString(ordkey.TrimBlanks(d.S)) },
	},
	ordkey.Interval: {
		func(a, b Datum) int { return a.Interval().Span().Compare(b.Interval().Span()) },
		func(d Datum) uint64 {
			s := d.Interval().Span()
			return mix(hashUint64(uint64(s.Days)), uint64(s.Micros)^0xa0761d6478bd642f)
		},
	},
	ordkey.Numeric: {compareNumeric, hashNumeric},
}

// Span is what of an interval counts in comparisons.
func (v IntervalValue) Span() ordkey.Span { return ordkey.SpanOf(v.Micros, v.Days, v.Months) }

// Compare orders two values of one type; a null sorts after everything, as in an ascending index.
func Compare(t OID, a, b Datum) int { return CompareIn(ordkey.Order{}, t, a, b) }

// CompareIn orders two values of one type by the direction of a column and the place of its nulls.
func CompareIn(o ordkey.Order, t OID, a, b Datum) int {
	if a.Null || b.Null {
		return o.Nulls(a.Null, b.Null)
	}
	return o.Values(byOID[t].compare(a, b))
}

// Hash hashes a value of the type; all nulls hash alike.
func Hash(t OID, d Datum) uint64 { return hashNullable(byOID[t], d) }

func hashNullable(t *TypeInfo, d Datum) uint64 {
	if d.Null {
		return hashNull
	}
	return t.hash(d)
}
