package plan

import (
	"fmt"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// from analyses a FROM list into q and returns the scope it opens.
func (a *analyzer) from(q *Query, list []*pg_query.Node) (*scope, error) {
	sc := &scope{parent: a.outer}
	for _, n := range list {
		item, rels, err := a.fromItem(n, sc.rels)
		if err != nil {
			return nil, err
		}
		if err := a.distinctAliases(sc.rels, rels); err != nil {
			return nil, err
		}
		q.From = append(q.From, item)
		sc.rels = append(sc.rels, rels...)
	}
	q.Rels = a.rels
	return sc, nil
}

// fromItem analyses one item. lateral are the relations that the item may refer to if it is LATERAL or a function; the answer are those
// that it opens itself.
func (a *analyzer) fromItem(n *pg_query.Node, lateral []scopeRel) (FromItem, []scopeRel, error) {
	var rel *Rel
	var schema string
	var err error
	location := locationOf(n)
	switch n := n.Node.(type) {
	case *pg_query.Node_JoinExpr:
		return a.join(n.JoinExpr, lateral)
	case *pg_query.Node_RangeVar:
		rel, schema, err = a.rangeVar(n.RangeVar)
	case *pg_query.Node_RangeFunction:
		rel, err = a.rangeFunction(n.RangeFunction, lateral)
	case *pg_query.Node_RangeSubselect:
		rel, err = a.rangeSubselect(n.RangeSubselect, lateral)
		location = locationOf(n.RangeSubselect.Subquery)
	case *pg_query.Node_RangeTableSample:
		return nil, nil, a.unsupported("TABLESAMPLE", n.RangeTableSample.Location)
	default:
		return nil, nil, a.unsupported(fmt.Sprintf("%T in FROM", n), location)
	}
	if err != nil {
		return nil, nil, a.at(err, location)
	}
	item, r := a.addRel(rel, schema)
	return item, []scopeRel{r}, nil
}

// distinctAliases refuses two relations of one name in a FROM list.
func (a *analyzer) distinctAliases(have, more []scopeRel) error {
	for i := range more {
		same := func(r scopeRel) bool { return r.alias == more[i].alias && r.alias != "" }
		if slices.ContainsFunc(have, same) {
			return pgerr.New(pgerr.DuplicateAlias, `table name "%s" specified more than once`, more[i].alias)
		}
	}
	return nil
}

// lookup finds the table that a RangeVar names; a missing one is an error.
func (a *analyzer) lookup(rv *pg_query.RangeVar) (*Table, error) {
	if rv.Catalogname != "" && rv.Catalogname != database {
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

// rangeVar analyses a name in FROM: that of a WITH query, a table or a view. schema qualifies its columns while it has no alias.
func (a *analyzer) rangeVar(rv *pg_query.RangeVar) (rel *Rel, schema string, err error) {
	if c := a.findCTE(rv); c != nil {
		if rel, err = a.withQuery(c); err != nil {
			return nil, "", err
		}
	} else {
		return a.tableRel(rv)
	}
	if rv.Alias != nil {
		rel.Alias = rv.Alias.Aliasname
		err = a.renameColumns(rel, rv.Alias)
	}
	return rel, "", err
}

// tableRel is rangeVar for a table or a view.
func (a *analyzer) tableRel(rv *pg_query.RangeVar) (rel *Rel, schema string, err error) {
	t, err := a.lookup(rv)
	if err != nil {
		return nil, "", err
	}
	rel, schema = &Rel{Kind: RelTable, Alias: t.Name, Name: t.Name, Table: t, Columns: tableColumns(t)}, t.Schema
	if rv.Alias != nil {
		rel.Alias, schema = rv.Alias.Aliasname, ""
		err = a.renameColumns(rel, rv.Alias)
	}
	return rel, schema, err
}

func tableColumns(t *Table) []RelColumn {
	out := make([]RelColumn, len(t.Columns))
	for i := range t.Columns {
		out[i] = RelColumn{t.Columns[i].Name, t.Columns[i].Type}
	}
	return out
}

// addRel enters a relation into the range table.
func (a *analyzer) addRel(rel *Rel, schema string) (RelItem, scopeRel) {
	a.rels = append(a.rels, rel)
	r := scopeRel{rel: len(a.rels) - 1, alias: rel.Alias, schema: schema, columns: rel.Columns}
	if rel.Table != nil {
		r.table = rel.Table.Name
		if rel.Table.View != nil {
			r.tableoid = &expr.ColumnRef{Rel: r.rel, Index: len(rel.Table.Columns), Attr: -1, T: expr.TypeOf(datum.OIDType), Name: tableoidName}
		}
	}
	return RelItem{r.rel}, r
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

// within runs f for a part of the statement that sees rels and what is round the present query.
func (a *analyzer) within(rels []scopeRel, f func(sc *scope) error) error {
	saved := a.outer
	defer func() { a.outer = saved }()
	if len(rels) > 0 {
		a.outer = &scope{rels: rels, parent: saved}
	}
	sc := a.outer
	if sc == nil {
		sc = &scope{}
	}
	return f(sc)
}

func (a *analyzer) rangeFunction(rf *pg_query.RangeFunction, lateral []scopeRel) (*Rel, error) {
	if len(rf.Coldeflist) > 0 {
		return nil, a.unsupported("a column definition list in FROM", -1)
	}
	var calls []expr.Expr
	var callNames []string
	err := a.within(lateral, func(sc *scope) error {
		return a.in(inFrom, func() error {
			for _, n := range functionsOf(rf) {
				e, err := a.expr(sc, n)
				if err != nil {
					return err
				}
				if e, err = a.b.Resolve(e); err != nil {
					return err
				}
				calls, callNames = append(calls, e), append(callNames, figureName(n))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	rel := functionRel(calls, callNames)
	if rf.Alias != nil {
		rel.Alias = rf.Alias.Aliasname
		if len(calls) == 1 {
			rel.Columns[0].Name = rel.Alias // a scalar function's column takes the alias
		}
	}
	if rf.Ordinality {
		rel.Columns = append(rel.Columns, RelColumn{"ordinality", expr.TypeOf(datum.Int8)})
	}
	if rf.Alias != nil {
		err = a.renameColumns(rel, rf.Alias)
	}
	return rel, err
}

// functionsOf lists the calls of a function in FROM: those of ROWS FROM, and one for each argument of unnest, which has more than one
// only there.
func functionsOf(rf *pg_query.RangeFunction) []*pg_query.Node {
	var out []*pg_query.Node
	for _, f := range rf.Functions {
		n := f.GetList().GetItems()[0]
		call := n.GetFuncCall()
		if name := call.GetFuncname(); len(call.GetArgs()) < 2 || name[len(name)-1].GetString_().GetSval() != "unnest" {
			out = append(out, n)
			continue
		}
		for _, arg := range call.Args {
			one := &pg_query.FuncCall{Funcname: call.Funcname, Args: []*pg_query.Node{arg}, Location: call.Location}
			out = append(out, &pg_query.Node{Node: &pg_query.Node_FuncCall{FuncCall: one}})
		}
	}
	return out
}

func (a *analyzer) rangeSubselect(rs *pg_query.RangeSubselect, lateral []scopeRel) (*Rel, error) {
	if !rs.Lateral {
		lateral = nil
	}
	var rel *Rel
	err := a.within(lateral, func(*scope) error {
		sub, err := a.selectStmt(rs.Subquery.GetSelectStmt())
		if err == nil {
			rel = subqueryRel(sub)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	location := locationOf(rs.Subquery)
	if rs.Alias == nil {
		return nil, a.errorf(location, pgerr.SyntaxError, "subquery in FROM must have an alias").
			WithHint("For example, FROM (SELECT ...) [AS] foo.")
	}
	rel.Alias = rs.Alias.Aliasname
	return rel, a.renameColumns(rel, rs.Alias)
}

// subqueryRel makes a relation of a query; a bare VALUES list needs no plan of its own.
func subqueryRel(sub *Query) *Rel {
	rel := &Rel{Kind: RelSubquery, Subquery: sub, Free: sub.Free, Outer: sub.outer()}
	for _, t := range sub.Targets[:sub.Visible()] {
		rel.Columns = append(rel.Columns, RelColumn{t.Name, t.Expr.Type()})
	}
	if sub.isValues() {
		rel.Kind, rel.Values, rel.Subquery, rel.Name = RelValues, sub.only().Values, nil, "*VALUES*"
		rel.Free, rel.Outer = nil, nil
	}
	return rel
}

// isValues reports whether q is nothing but VALUES (…), (…).
func (q *Query) isValues() bool {
	rel := q.only()
	if rel == nil || rel.Kind != RelValues || q.Where != nil || q.Limit != nil || q.Offset != nil || len(q.OrderBy) > 0 ||
		len(q.GroupBy) > 0 || q.HasAggs || q.Distinct || len(q.Targets) != len(rel.Columns) {
		return false
	}
	for i, t := range q.Targets {
		if c, ok := t.Expr.(*expr.ColumnRef); !ok || c.Index != i || q.Rels[c.Rel] != rel {
			return false
		}
	}
	return true
}

// values analyses VALUES lists as a query over them.
func (a *analyzer) values(s *pg_query.SelectStmt) (*Query, *scope, error) {
	width := len(s.ValuesLists[0].GetList().GetItems())
	columns := make([][]expr.Expr, width)
	rows := make([][]expr.Expr, len(s.ValuesLists))
	err := a.in(inValues, func() error {
		sc := &scope{parent: a.outer}
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
				e, err := a.expr(sc, item)
				if err != nil {
					return err
				}
				columns[c] = append(columns[c], e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	rel := &Rel{Kind: RelValues, Alias: "*VALUES*", Name: "*VALUES*", Values: rows}
	q := &Query{Command: Select}
	for c := range columns {
		unified, typ, err := a.b.Unify("VALUES", columns[c])
		if err != nil {
			return nil, nil, err
		}
		for r := range rows {
			rows[r][c] = unified[r]
		}
		rel.Columns = append(rel.Columns, RelColumn{fmt.Sprintf("column%d", c+1), typ})
	}
	item, r := a.addRel(rel, "")
	q.From, q.Rels = []FromItem{item}, a.rels
	for c, col := range rel.Columns {
		q.Targets = append(q.Targets, Target{Expr: r.ref(c), Name: col.Name})
	}
	return q, &scope{rels: []scopeRel{r}, parent: a.outer}, nil
}
