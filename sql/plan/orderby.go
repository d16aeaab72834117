package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// orderBy matches each sort expression with a target: by position, by output name, by equality; else it adds a junk one.
func (a *analyzer) orderBy(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	for _, n := range s.SortClause {
		sb := n.GetSortBy()
		if sb.SortbyDir == pg_query.SortByDir_SORTBY_USING {
			return a.unsupported("ORDER BY … USING", sb.Location)
		}
		visible := len(q.Targets)
		target, err := a.sortTarget(q, sc, sb.Node, "ORDER BY")
		if s.Op > pg_query.SetOperation_SETOP_NONE && err == nil && target >= visible {
			return a.errorf(locationOf(sb.Node), pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
		}
		if err != nil {
			return err
		}
		q.OrderBy = append(q.OrderBy, OrderItem{target, OrderOf(sb.SortbyDir, sb.SortbyNulls)})
	}
	return nil
}

func (a *analyzer) sortTarget(q *Query, sc *scope, n *pg_query.Node, clause string) (int, error) {
	if name := bareName(n); name != "" {
		found := -1
		for i := range q.Targets {
			if q.Targets[i].Junk || q.Targets[i].Name != name {
				continue
			}
			if found >= 0 && !expr.Equal(q.Targets[found].Expr, q.Targets[i].Expr) {
				return 0, a.errorf(locationOf(n), pgerr.AmbiguousColumn, `%s "%s" is ambiguous`, clause, name)
			}
			if found < 0 {
				found = i
			}
		}
		if found >= 0 {
			return found, nil
		}
	}
	if i, ok, err := a.ordinal(q, n, clause); ok || err != nil {
		return i, err
	}
	e, err := a.expr(sc, n)
	if err != nil {
		return 0, err
	}
	if e, err = a.b.Resolve(e); err != nil {
		return 0, a.at(err, locationOf(n))
	}
	for i := range q.Targets {
		if expr.Equal(q.Targets[i].Expr, e) {
			return i, nil
		}
	}
	q.Targets = append(q.Targets, Target{Expr: e, Name: "?column?", Junk: true})
	return len(q.Targets) - 1, nil
}

// ordinal reads an integer constant as the number of a target.
func (a *analyzer) ordinal(q *Query, n *pg_query.Node, clause string) (int, bool, error) {
	c := n.GetAConst()
	if c == nil {
		return 0, false, nil
	}
	if c.GetIval() == nil {
		return 0, false, a.errorf(c.Location, pgerr.SyntaxError, "non-integer constant in %s", clause)
	}
	i := int(c.GetIval().Ival)
	if i < 1 || i > q.Visible() {
		return 0, false, a.errorf(c.Location, pgerr.InvalidColumnReference, "%s position %d is not in select list", clause, i)
	}
	return i - 1, true, nil
}

// bareName is the name of an unqualified column reference.
func bareName(n *pg_query.Node) string {
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		return ref.Fields[0].GetString_().GetSval()
	}
	return ""
}
