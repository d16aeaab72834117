package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

// cte is a WITH query. Each reference is a copy of its own, planned where it stands; that gives the same answer as one result shared by
// all, unless the query is volatile, and then a second reference is refused.
type cte struct {
	name    string
	node    *pg_query.CommonTableExpr
	query   *Query // analysed for the first reference
	refs    int
	outer   *scope
	visible []*cte // those that it may refer to itself
}

// maxCopies bounds the copies of WITH queries in a statement: each level that refers twice to the one before doubles them.
const maxCopies = 1000

// with brings the queries of a WITH clause into sight and returns what takes them out again.
func (a *analyzer) with(w *pg_query.WithClause) (func(), error) {
	saved := a.ctes
	done := func() { a.ctes = saved }
	if w == nil {
		return done, nil
	}
	for i, n := range w.Ctes {
		c := n.GetCommonTableExpr()
		for _, other := range w.Ctes[:i] {
			if other.GetCommonTableExpr().Ctename == c.Ctename {
				return done, a.errorf(c.Location, pgerr.DuplicateAlias, `WITH query name "%s" specified more than once`, c.Ctename)
			}
		}
		sel := c.Ctequery.GetSelectStmt()
		if sel == nil {
			return done, a.unsupported("a data-modifying statement in WITH", c.Location)
		}
		if w.Recursive && mentions(sel.FromClause, sel, c.Ctename) {
			return done, a.unsupported("WITH RECURSIVE", c.Location)
		}
		x := &cte{name: c.Ctename, node: c, outer: a.outer, visible: slices.Clone(a.ctes)}
		var err error
		if x.query, err = a.selectStmt(sel); err != nil {
			return done, err
		}
		a.ctes = append(slices.Clone(a.ctes), x)
	}
	return done, nil
}

// mentions reports whether a FROM list of the statement, or of an arm of it, names a relation.
func mentions(from []*pg_query.Node, s *pg_query.SelectStmt, name string) bool {
	if s == nil {
		return false
	}
	var in func(n *pg_query.Node) bool
	in = func(n *pg_query.Node) bool {
		switch n := n.GetNode().(type) {
		case *pg_query.Node_RangeVar:
			return n.RangeVar.Relname == name && n.RangeVar.Schemaname == ""
		case *pg_query.Node_JoinExpr:
			return in(n.JoinExpr.Larg) || in(n.JoinExpr.Rarg)
		case *pg_query.Node_RangeSubselect:
			sub := n.RangeSubselect.Subquery.GetSelectStmt()
			return mentions(sub.GetFromClause(), sub, name)
		}
		return false
	}
	return slices.ContainsFunc(from, in) || mentions(s.Larg.GetFromClause(), s.Larg, name) || mentions(s.Rarg.GetFromClause(), s.Rarg, name)
}

// findCTE finds the WITH query that a name in FROM stands for.
func (a *analyzer) findCTE(rv *pg_query.RangeVar) *cte {
	if rv.Schemaname != "" {
		return nil
	}
	for i := len(a.ctes) - 1; i >= 0; i-- {
		if a.ctes[i].name == rv.Relname {
			return a.ctes[i]
		}
	}
	return nil
}

// withQuery makes a relation of a WITH query.
func (a *analyzer) withQuery(c *cte) (*Rel, error) {
	q := c.query
	if c.refs++; c.refs > 1 {
		if q.volatile() {
			return nil, pgerr.New(pgerr.FeatureNotSupported, `more than one reference to the volatile WITH query "%s" is not supported`, c.name)
		}
		if a.copies++; a.copies > maxCopies {
			return nil, pgerr.New(pgerr.StatementTooComplex, "statement refers to its WITH queries more than %d times", maxCopies)
		}
		outer, ctes, clause := a.outer, a.ctes, a.clause
		a.outer, a.ctes = c.outer, c.visible
		var err error
		q, err = a.selectStmt(c.node.Ctequery.GetSelectStmt())
		a.outer, a.ctes, a.clause = outer, ctes, clause
		if err != nil {
			return nil, err
		}
	}
	rel := subqueryRel(q)
	rel.Alias, rel.Columns = c.name, slices.Clone(rel.Columns)
	given := names(c.node.Aliascolnames)
	if len(given) > len(rel.Columns) {
		return nil, a.errorf(c.node.Location, pgerr.InvalidColumnReference, `WITH query "%s" has %d columns available but %d columns specified`, c.name, len(rel.Columns), len(given))
	}
	for i, name := range given {
		rel.Columns[i].Name = name
	}
	return rel, nil
}
