package plan

import (
	"fmt"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// from analyses a FROM list into q and returns the scope it opens.
func (a *analyzer) from(q *Query, list []*pg_query.Node) (*scope, error) {
	sc := &scope{}
	for _, n := range list {
		item, err := a.fromItem(q, sc, n)
		if err != nil {
			return nil, err
		}
		q.From = append(q.From, item)
	}
	return sc, nil
}

func (a *analyzer) fromItem(q *Query, sc *scope, n *pg_query.Node) (FromItem, error) {
	switch n := n.Node.(type) {
	case *pg_query.Node_RangeVar:
		return a.rangeVar(q, sc, n.RangeVar)
	case *pg_query.Node_RangeFunction:
		return a.rangeFunction(q, sc, n.RangeFunction)
	case *pg_query.Node_RangeSubselect:
		return a.rangeSubselect(q, sc, n.RangeSubselect)
	case *pg_query.Node_JoinExpr:
		return nil, a.unsupported("JOIN", locationOf(n.JoinExpr.Rarg))
	case *pg_query.Node_RangeTableSample:
		return nil, a.unsupported("TABLESAMPLE", n.RangeTableSample.Location)
	}
	return nil, a.unsupported(fmt.Sprintf("%T in FROM", n.Node), -1)
}

// lookup finds the table that a RangeVar names; a missing one is an error.
func (a *analyzer) lookup(rv *pg_query.RangeVar) (*Table, error) {
	if rv.Catalogname != "" && rv.Catalogname != "postgres" {
		return nil, a.errorf(rv.Location, pgerr.FeatureNotSupported, `cross-database references are not implemented: "%s.%s.%s"`, rv.Catalogname, rv.Schemaname, rv.Relname)
	}
	t, err := a.env.Source.Table(rv.Schemaname, rv.Relname)
	if err != nil {
		return nil, a.at(err, rv.Location)
	}
	if t == nil {
		name := rv.Relname
		if rv.Schemaname != "" {
			name = rv.Schemaname + "." + name
		}
		return nil, a.errorf(rv.Location, pgerr.UndefinedTable, `relation "%s" does not exist`, name)
	}
	return t, nil
}

func (a *analyzer) rangeVar(q *Query, sc *scope, rv *pg_query.RangeVar) (FromItem, error) {
	t, err := a.lookup(rv)
	if err != nil {
		return nil, err
	}
	rel := &Rel{Kind: RelTable, Alias: t.Name, Name: t.Name, Table: t, Columns: tableColumns(t)}
	schema := t.Schema
	if rv.Alias != nil {
		rel.Alias, schema = rv.Alias.Aliasname, ""
		if err := a.renameColumns(rel, rv.Alias); err != nil {
			return nil, err
		}
	}
	return a.addRel(q, sc, rel, schema, rv.Location)
}

func tableColumns(t *Table) []RelColumn {
	out := make([]RelColumn, len(t.Columns))
	for i := range t.Columns {
		out[i] = RelColumn{t.Columns[i].Name, t.Columns[i].Type}
	}
	return out
}

// addRel enters a relation into the range table and the scope.
func (a *analyzer) addRel(q *Query, sc *scope, rel *Rel, schema string, location int32) (FromItem, error) {
	for i := range sc.rels {
		if sc.rels[i].alias == rel.Alias {
			return nil, a.errorf(location, pgerr.DuplicateAlias, `table name "%s" specified more than once`, rel.Alias)
		}
	}
	q.Rels = append(q.Rels, rel)
	r := scopeRel{rel: len(q.Rels) - 1, alias: rel.Alias, schema: schema, columns: rel.Columns}
	if rel.Table != nil {
		r.table = rel.Table.Name
	}
	sc.rels = append(sc.rels, r)
	return RelItem{len(q.Rels) - 1}, nil
}

// renameColumns applies the column names of an alias.
func (a *analyzer) renameColumns(rel *Rel, alias *pg_query.Alias) error {
	given := names(alias.Colnames)
	var there []*RelColumn // dropped columns have no name
	for i := range rel.Columns {
		if rel.Columns[i].Name != "" {
			there = append(there, &rel.Columns[i])
		}
	}
	if len(given) > len(there) {
		return pgerr.New(pgerr.InvalidColumnReference, `table "%s" has %d columns available but %d columns specified`, alias.Aliasname, len(there), len(given))
	}
	for i, name := range given {
		there[i].Name = name
	}
	return nil
}

func (a *analyzer) rangeFunction(q *Query, sc *scope, rf *pg_query.RangeFunction) (FromItem, error) {
	if rf.Ordinality || rf.IsRowsfrom || len(rf.Functions) != 1 || len(rf.Coldeflist) > 0 {
		return nil, a.unsupported("WITH ORDINALITY, ROWS FROM or a column definition list in FROM", -1)
	}
	call := rf.Functions[0].GetList().GetItems()[0]
	var e expr.Expr
	err := a.in(inFrom, func() (err error) {
		e, err = a.expr(&scope{}, call)
		return err
	})
	if err != nil {
		return nil, err
	}
	if e, err = a.b.Resolve(e); err != nil {
		return nil, err
	}
	name := figureName(call)
	rel := &Rel{Kind: RelFunction, Alias: name, Name: name, Call: e, Columns: []RelColumn{{name, e.Type()}}}
	if rf.Alias != nil {
		rel.Alias = rf.Alias.Aliasname
		rel.Columns[0].Name = rel.Alias // a scalar function's column takes the alias
		if err := a.renameColumns(rel, rf.Alias); err != nil {
			return nil, err
		}
	}
	return a.addRel(q, sc, rel, "", locationOf(call))
}

func (a *analyzer) rangeSubselect(q *Query, sc *scope, rs *pg_query.RangeSubselect) (FromItem, error) {
	if rs.Lateral {
		return nil, a.unsupported("LATERAL", -1)
	}
	sub, err := a.selectStmt(rs.Subquery.GetSelectStmt())
	if err != nil {
		return nil, err
	}
	rel := &Rel{Kind: RelSubquery, Subquery: sub}
	for _, t := range sub.Targets[:sub.Visible()] {
		rel.Columns = append(rel.Columns, RelColumn{t.Name, t.Expr.Type()})
	}
	if sub.isValues() { // a bare VALUES list needs no plan of its own
		rel.Kind, rel.Values, rel.Subquery, rel.Name = RelValues, sub.Rels[0].Values, nil, "*VALUES*"
	}
	location := locationOf(rs.Subquery)
	if rs.Alias == nil {
		return nil, a.errorf(location, pgerr.SyntaxError, "subquery in FROM must have an alias").
			WithHint("For example, FROM (SELECT ...) [AS] foo.")
	}
	rel.Alias = rs.Alias.Aliasname
	if err := a.renameColumns(rel, rs.Alias); err != nil {
		return nil, err
	}
	return a.addRel(q, sc, rel, "", location)
}

// isValues reports whether q is nothing but VALUES (…), (…).
func (q *Query) isValues() bool {
	if len(q.Rels) != 1 || q.Rels[0].Kind != RelValues || q.Where != nil || q.Limit != nil || q.Offset != nil || len(q.OrderBy) > 0 ||
		len(q.GroupBy) > 0 || q.HasAggs || q.Distinct || len(q.Targets) != len(q.Rels[0].Columns) {
		return false
	}
	for i, t := range q.Targets {
		if c, ok := t.Expr.(*expr.ColumnRef); !ok || c.Index != i {
			return false
		}
	}
	return true
}

// values analyses VALUES lists as a query over them.
func (a *analyzer) values(s *pg_query.SelectStmt) (*Query, error) {
	width := len(s.ValuesLists[0].GetList().GetItems())
	columns := make([][]expr.Expr, width)
	rows := make([][]expr.Expr, len(s.ValuesLists))
	err := a.in(inValues, func() error {
		for r, list := range s.ValuesLists {
			items := list.GetList().GetItems()
			if len(items) != width {
				at := int32(-1)
				if len(items) > 0 {
					at = locationOf(items[0])
				}
				return a.errorf(at, pgerr.SyntaxError, "VALUES lists must all be the same length")
			}
			rows[r] = make([]expr.Expr, width)
			for c, item := range items {
				if item.GetSetToDefault() != nil {
					return a.errorf(locationOf(item), pgerr.SyntaxError, "DEFAULT is not allowed in this context")
				}
				e, err := a.expr(&scope{}, item)
				if err != nil {
					return err
				}
				columns[c] = append(columns[c], e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rel := &Rel{Kind: RelValues, Alias: "*VALUES*", Name: "*VALUES*", Values: rows}
	q := &Query{Command: Select, Rels: []*Rel{rel}, From: []FromItem{RelItem{0}}}
	for c := range columns {
		unified, typ, err := a.b.Unify("VALUES", columns[c])
		if err != nil {
			return nil, err
		}
		for r := range rows {
			rows[r][c] = unified[r]
		}
		name := fmt.Sprintf("column%d", c+1)
		rel.Columns = append(rel.Columns, RelColumn{name, typ})
		q.Targets = append(q.Targets, Target{Expr: &expr.ColumnRef{Index: c, Attr: c, T: typ, Name: name}, Name: name})
	}
	return q, nil
}
