package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Default selectivities, as in PostgreSQL's selfuncs.h.
const (
	defaultEqual        = 0.005
	defaultInequality   = 1.0 / 3
	defaultRange        = 0.005
	defaultMatch        = 0.005
	defaultUnknown      = 0.005
	defaultBool         = 0.5
	defaultNumDistinct  = 200.0
	defaultNotUnknown   = 1 - defaultUnknown
	minimumSelectivity  = 1.0e-10
	defaultOtherBoolean = 1.0 / 3
)

// estimator estimates the fraction of rows that conditions let through.
type estimator struct {
	rels []*Rel
	// sizes are the estimated rows of relations that are not tables, as far as they are planned.
	sizes map[int]float64
}

// seen notes the estimated rows of a relation.
func (s *estimator) seen(rel int, rows float64) {
	if rel < len(s.rels) && s.rels[rel].Kind == RelTable {
		return // a table's own size counts
	}
	if s.sizes == nil {
		s.sizes = map[int]float64{}
	}
	s.sizes[rel] = rows
}

// size is the number of rows of a relation before any condition.
func (s *estimator) size(rel int) float64 {
	if n, ok := s.sizes[rel]; ok {
		return n
	}
	if rel < 0 || rel >= len(s.rels) {
		return 1000
	}
	return s.rels[rel].rows()
}

// conjunction multiplies, except that a lower and an upper bound on one column count as a range.
func (s *estimator) conjunction(list []expr.Expr) float64 {
	sel := 1.0
	type bounds struct{ lower, upper, nulls float64 } // -1: there is none
	ranges := map[[2]int]*bounds{}
	for _, e := range list {
		col, kind := bound(e)
		if kind == 0 {
			sel *= s.condition(e)
			continue
		}
		key := [2]int{col.Rel, col.Index}
		b := ranges[key]
		if b == nil {
			b = &bounds{lower: -1, upper: -1}
			if st := s.column(col); st != nil {
				b.nulls = st.NullFraction
			}
			ranges[key] = b
		}
		side := &b.upper
		if kind < 0 {
			side = &b.lower
		}
		if one := s.condition(e); *side < 0 || one < *side {
			*side = one
		}
	}
	for _, b := range ranges {
		switch {
		case b.lower < 0:
			sel *= b.upper
		case b.upper < 0:
			sel *= b.lower
		case b.lower == defaultInequality || b.upper == defaultInequality:
			sel *= defaultRange
		default:
			// Each bound leaves the nulls out, so they are counted twice.
			switch both := b.lower + b.upper - 1 + b.nulls; {
			case both > 0:
				sel *= both
			case both < -0.01: // the bounds contradict what is known about the column
				sel *= defaultRange
			default:
				sel *= minimumSelectivity
			}
		}
	}
	return math.Min(math.Max(sel, 0), 1)
}

// bound recognises column < constant and its kin: -1 for a lower bound, 1 for an upper one, 0 for anything else.
func bound(e expr.Expr) (*expr.ColumnRef, int) {
	op, ok := e.(*expr.OpExpr)
	if !ok || len(op.Args) != 2 {
		return nil, 0
	}
	kind := map[string]int{"<": 1, "<=": 1, ">": -1, ">=": -1}[op.Op.Name]
	if kind == 0 {
		return nil, 0
	}
	if c := columnOf(op.Args[0]); c != nil && !expr.HasColumns(op.Args[1]) {
		return c, kind
	}
	if c := columnOf(op.Args[1]); c != nil && !expr.HasColumns(op.Args[0]) {
		return c, -kind
	}
	return nil, 0
}

// columnOf looks through casts that leave the value alone.
func columnOf(e expr.Expr) *expr.ColumnRef {
	for {
		switch n := e.(type) {
		case *expr.ColumnRef:
			return n
		case *expr.Cast:
			if n.Method != expr.CastRelabel {
				return nil
			}
			e = n.Arg
		default:
			return nil
		}
	}
}

// condition is the selectivity of one condition.
func (s *estimator) condition(e expr.Expr) float64 {
	switch e := e.(type) {
	case *expr.Const:
		if !e.D.Null && e.D.Bool() {
			return 1
		}
		return 0
	case *expr.And:
		return s.conjunction(e.Args)
	case *expr.Or:
		sel := 0.0
		for _, a := range e.Args {
			one := s.condition(a)
			sel += one - sel*one
		}
		return sel
	case *expr.Not:
		return 1 - s.condition(e.Arg)
	case *expr.IsNull:
		nulls := defaultUnknown
		if st := s.column(columnOf(e.Arg)); st != nil && st.analysed() {
			nulls = st.NullFraction
		}
		if e.Negated {
			return 1 - nulls
		}
		return nulls
	case *expr.BooleanTest:
		return defaultBool
	case *expr.ColumnRef:
		if st := s.column(e); st != nil && st.analysed() {
			return s.equalConst(e, datum.NewBool(true))
		}
		return defaultBool
	case *expr.ScalarArray:
		return s.array(e)
	case *expr.SubPlan, *expr.SubLink:
		return defaultBool
	case *expr.OpExpr:
		return s.operator(e)
	}
	return defaultOtherBoolean
}

func (s *estimator) operator(e *expr.OpExpr) float64 {
	switch e.Op.Name {
	case "=":
		return s.equalTo(e)
	case "<>":
		nulls := 0.0
		if st := s.column(columnOf(e.Args[0])); st != nil {
			nulls = st.NullFraction
		}
		return math.Max(1-s.equalTo(e)-nulls, 0)
	case "<", "<=", ">", ">=":
		if c, name, v, ok := s.constantOf(e.Op, e.Args); ok {
			return s.inequality(c, name, v)
		}
		return defaultInequality
	case "~~", "~", "~~*", "~*":
		return defaultMatch
	case "!~~", "!~", "!~~*", "!~*":
		return 1 - defaultMatch
	}
	return defaultOtherBoolean
}

// equalTo is equal, sharpened by what is known about a constant.
func (s *estimator) equalTo(e *expr.OpExpr) float64 {
	if c, _, v, ok := s.constantOf(e.Op, e.Args); ok {
		return s.equalConst(c, v)
	}
	return s.equal(e.Args)
}

// equal is 1/n_distinct of the column, less the nulls; between two columns that with more values counts, as in eqjoinsel.
func (s *estimator) equal(args []expr.Expr) float64 {
	if len(args) != 2 {
		return defaultEqual
	}
	a, b := columnOf(args[0]), columnOf(args[1])
	if a == nil && b == nil {
		return defaultEqual
	}
	values, present := 1.0, 1.0
	for _, c := range []*expr.ColumnRef{a, b} {
		if c == nil {
			continue
		}
		values = math.Max(values, s.distinct(c))
		if st := s.column(c); st != nil {
			present *= 1 - st.NullFraction
		}
	}
	return math.Min(present/values, 1)
}

// semi is the part of the left side's rows that have a partner by a condition, as in eqjoinsel_semi; inner are the rows of the right side.
func (s *estimator) semi(c *restriction, inner float64) float64 {
	if c.left == nil || c.of == nil {
		return 0.5
	}
	left, right := c.left, c.right
	if !c.of.allLeft.has(c.leftRels) {
		left, right = right, left
	}
	nl, nr := s.distinctOf(left, math.Inf(1)), s.distinctOf(right, inner)
	return math.Min(nr/nl, 1)
}

// distinctOf estimates the number of different values of an expression among rows of a side.
func (s *estimator) distinctOf(e expr.Expr, rows float64) float64 {
	n := defaultNumDistinct
	if c := columnOf(e); c != nil {
		n = s.distinct(c)
	}
	return math.Max(math.Min(n, rows), 1)
}

func (s *estimator) array(e *expr.ScalarArray) float64 {
	n := float64(len(e.List))
	if e.Array != nil {
		n = 10
	} else if e.Op.Name == "=" && !e.All { // the elements exclude each other
		sum := 0.0
		for _, x := range e.List {
			if c, ok := x.(*expr.Const); !ok || !c.D.Null {
				sum += s.operator(&expr.OpExpr{Op: e.Op, Args: []expr.Expr{e.Arg, x}})
			}
		}
		return math.Min(sum, 1)
	}
	one := s.operator(&expr.OpExpr{Op: e.Op, Args: []expr.Expr{e.Arg, e.Array}})
	switch {
	case e.All:
		return math.Pow(one, n)
	case e.Op.Name == "=":
		return math.Min(one*n, 1)
	}
	return 1 - math.Pow(1-one, n)
}

// column finds the statistics of a column, nil if it is not one of a table.
func (s *estimator) column(c *expr.ColumnRef) *TableColumn {
	if c == nil || c.Rel < 0 || c.Rel >= len(s.rels) {
		return nil
	}
	r := s.rels[c.Rel]
	if r.Kind != RelTable || c.Index >= len(r.Table.Columns) {
		return nil
	}
	return &r.Table.Columns[c.Index]
}

// distinct estimates the number of different values of a column.
func (s *estimator) distinct(c *expr.ColumnRef) float64 {
	rows := s.size(c.Rel)
	if st := s.column(c); st != nil {
		switch {
		case st.Distinct > 0:
			return st.Distinct
		case st.Distinct < 0:
			return math.Max(-st.Distinct*rows, 1)
		}
		if t := s.rels[c.Rel].Table; t.uniqueOn(c.Index) {
			return math.Max(rows, 1)
		}
	}
	if c.T.OID == datum.Bool {
		return 2
	}
	return math.Max(math.Min(rows, defaultNumDistinct), 1)
}

// uniqueOn reports whether a unique index says that the column has no duplicates.
func (t *Table) uniqueOn(attr int) bool {
	for _, x := range t.Indexes {
		if x.Def.Unique && len(x.Attrs) == 1 && x.Attrs[0] == attr {
			return true
		}
	}
	return false
}

// groups estimates how many groups the keys form among rows of input, after a selection of tuples (estimate_num_groups): the product of
// the columns' numbers of values, but where several are of one table, no more than a tenth of its rows, or than one of them has.
func (s *estimator) groups(keys []expr.Expr, rows float64) float64 {
	type values struct{ product, most, columns float64 }
	of := map[int]values{}
	var seen []*expr.ColumnRef
	for _, k := range keys {
		expr.Columns(k, func(c *expr.ColumnRef) {
			if slices.ContainsFunc(seen, func(o *expr.ColumnRef) bool { return o.Rel == c.Rel && o.Index == c.Index }) {
				return
			}
			seen = append(seen, c)
			d := math.Max(s.distinct(c), 1)
			v, ok := of[c.Rel]
			if !ok {
				v.product = 1
			}
			of[c.Rel] = values{v.product * d, math.Max(v.most, d), v.columns + 1}
		})
	}
	n := 1.0
	for rel, v := range of {
		d := v.product
		if rel >= 0 && rel < len(s.rels) {
			tuples := s.size(rel)
			if v.columns > 1 {
				d = math.Min(d, math.Max(tuples*0.1, math.Min(v.most, tuples)))
			}
			// Fewer rows show fewer values: the expected number when rows are drawn from tuples.
			if rows < tuples && tuples > 0 {
				d *= 1 - math.Pow((tuples-rows)/tuples, tuples/math.Max(d, 1))
			}
		}
		n *= math.Max(d, 1)
	}
	return clampRows(math.Min(n, rows))
}

// rows is the estimated size of the relation before any condition.
func (r *Rel) rows() float64 {
	switch r.Kind {
	case RelTable:
		return r.Table.Tuples
	case RelValues:
		return float64(len(r.Values))
	}
	return 1000
}
