package plan

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// typeWidth is the average size of a value when nothing is known of it, as PostgreSQL's get_typavgwidth has it.
func typeWidth(t datum.Type) int {
	info := datum.Lookup(t.OID)
	if info == nil {
		return 32
	}
	if info.Len > 0 {
		return int(info.Len)
	}
	if (t.OID == datum.Varchar || t.OID == datum.BPChar) && t.Mod > 4 {
		n := int(t.Mod - 4)
		switch {
		case n <= 32 || t.OID == datum.BPChar: // which is as wide as it says
			return n
		case n < 1000:
			return 32 + (n-32)/2
		}
		return 32 + (1000-32)/2
	}
	return 32
}

// width is the expected size of an expression's value.
func (s *estimator) width(e expr.Expr) int {
	if c, ok := e.(*expr.ColumnRef); ok {
		if st := s.column(c); st != nil && st.Width > 0 {
			return st.Width
		}
	}
	return typeWidth(e.Type())
}

func (s *estimator) widths(list []expr.Expr) int {
	n := 0
	for _, e := range list {
		n += s.width(e)
	}
	return n
}

// operatorCost is the CPU cost of evaluating e once: one cpu_operator_cost for each operator and call.
func (c *Costs) operatorCost(e expr.Expr) float64 {
	n := 0.0
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.OpExpr, *expr.Call, *expr.NullIf, *expr.Distinct, *expr.MinMax:
			n++
		case *expr.ScalarArray:
			n += float64(max(len(x.List), 1)) / 2
		case *expr.Cast:
			if x.Method != expr.CastRelabel {
				n++
			}
		case *expr.AggRef:
			return false
		case *expr.SubPlan:
			n += x.PerCall / c.CPUOperator
			return false
		}
		return true
	})
	return n * c.CPUOperator
}

// qualCost prices a list of conditions: what can be computed once goes into Startup.
func (c *Costs) qualCost(list []expr.Expr) Cost {
	var out Cost
	for _, e := range list {
		if !expr.HasColumns(e) && expr.IsRuntimeConstant(e) {
			out.Startup += c.operatorCost(e)
			continue
		}
		out.Total += c.operatorCost(e)
	}
	return out
}
