package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// constantOf recognises column operator constant and its mirror image, where the statistics of the column can say something about the
// constant. It returns the operator's name with the column on the left.
func (s *estimator) constantOf(op *expr.Operator, args []expr.Expr) (c *expr.ColumnRef, name string, value datum.Datum, ok bool) {
	if len(args) != 2 {
		return nil, "", datum.Datum{}, false
	}
	name = op.Name
	c = columnOf(args[0])
	k, isConst := args[1].(*expr.Const)
	if c == nil || !isConst {
		c = columnOf(args[1])
		if k, isConst = args[0].(*expr.Const); c == nil || !isConst {
			return nil, "", datum.Datum{}, false
		}
		name = op.Commutator
	}
	if !sameHash(c, k) || k.D.Null {
		return nil, "", datum.Datum{}, false
	}
	return c, name, k.D, true
}

// equalConst is the part of the rows whose column is a certain value, as in var_eq_const: its frequency if it is a common value, else an
// equal share of what the common ones leave.
func (s *estimator) equalConst(c *expr.ColumnRef, v datum.Datum) float64 {
	st := s.column(c)
	if st == nil || !st.analysed() || s.rels[c.Rel].Table.uniqueOn(c.Index) {
		return 1 / math.Max(s.distinct(c), 1)
	}
	info := datum.MustLookup(st.Type.OID)
	rest := 1 - st.NullFraction
	for i, common := range st.Common {
		if info.Compare(common, v) == 0 {
			return st.Frequencies[i]
		}
		rest -= st.Frequencies[i]
	}
	rest = math.Max(rest, 0)
	if others := s.distinct(c) - float64(len(st.Common)); others > 1 {
		rest /= others
	}
	if n := len(st.Common); n > 0 {
		rest = math.Min(rest, st.Frequencies[n-1])
	}
	return rest
}

// inequality is the part of the rows whose column is less or greater than a constant, as in scalarineqsel: the common values are tested
// one by one, the others are judged by the histogram.
func (s *estimator) inequality(c *expr.ColumnRef, name string, v datum.Datum) float64 {
	st := s.column(c)
	if st == nil || !st.analysed() || len(st.Common) == 0 && len(st.Bounds) < 2 {
		return defaultInequality
	}
	info := datum.MustLookup(st.Type.OID)
	holds := func(x datum.Datum) bool {
		switch n := info.Compare(x, v); name {
		case "<":
			return n < 0
		case "<=":
			return n <= 0
		case ">":
			return n > 0
		default:
			return n >= 0
		}
	}
	sel, rest := 0.0, 1-st.NullFraction
	for i, common := range st.Common {
		if holds(common) {
			sel += st.Frequencies[i]
		}
		rest -= st.Frequencies[i]
	}
	part := 0.5
	if len(st.Bounds) >= 2 {
		part = s.below(c, st, info, v, name == "<" || name == ">=")
		if name[0] == '>' {
			part = 1 - part
		}
		if indexed := s.rels[c.Rel].Table.orderedBy(c.Index); !indexed {
			// The ends may have moved since, and no index can tell how far.
			cutoff := 0.01 / float64(len(st.Bounds)-1)
			part = math.Min(math.Max(part, cutoff), 1-cutoff)
		}
	}
	return math.Min(math.Max(sel+math.Max(rest, 0)*math.Min(math.Max(part, 0), 1), 0), 1)
}

// below is the part of the histogram's values that are less than v, or if strict is false not greater, as in
// ineq_histogram_selectivity.
func (s *estimator) below(c *expr.ColumnRef, st *TableColumn, info *datum.TypeInfo, v datum.Datum, strict bool) float64 {
	n := len(st.Bounds)
	i, _ := slices.BinarySearchFunc(st.Bounds, v, func(b, v datum.Datum) int {
		if order := info.Compare(b, v); order != 0 || strict {
			return order
		}
		return -1 // past the bounds that are equal
	})
	switch {
	case i == 0:
		return 0
	case i == n:
		return 1
	}
	bin := interpolate(info.OID, v, st.Bounds[i-1], st.Bounds[i])
	part := (float64(i-1) + bin) / float64(n-1)
	equal := 0.0
	if others := s.distinct(c) - float64(len(st.Common)); others > 1 {
		equal = 1 / others
	}
	if i == 1 {
		part += equal * (1 - bin) // the least value itself is in the first bin
	}
	if strict {
		part -= equal
	}
	return part
}

// orderedBy reports whether a readable ordered index has the column first.
func (t *Table) orderedBy(attr int) bool {
	return slices.ContainsFunc(t.Indexes, func(x *Index) bool { return x.Readable() && x.Desc.Caps.Ordered && x.Attrs[0] == attr })
}
