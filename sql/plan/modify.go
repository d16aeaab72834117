package plan

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// writable finds the target of a modification; doing is "insert into", "update" or "delete from".
func (a *analyzer) writable(rv *pg_query.RangeVar, doing string) (*Table, error) {
	t, err := a.lookup(rv)
	if err != nil {
		return nil, err
	}
	if t.View != nil {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, `cannot %s view "%s"`, doing, t.Name)
	}
	return t, nil
}

func (a *analyzer) insert(s *pg_query.InsertStmt) (*Query, error) {
	t, err := a.writable(s.Relation, "insert into")
	if err != nil {
		return nil, err
	}
	done, err := a.with(s.WithClause)
	defer done()
	if err != nil {
		return nil, err
	}
	attrs, err := a.insertColumns(t, s.Cols)
	if err != nil {
		return nil, err
	}
	var q *Query
	sel := s.SelectStmt.GetSelectStmt()
	switch {
	case sel == nil: // DEFAULT VALUES
		q = &Query{Set: make([]expr.Expr, len(t.Columns))}
	case len(sel.ValuesLists) > 0 && len(sel.SortClause) == 0 && sel.LimitCount == nil && sel.LimitOffset == nil && sel.WithClause == nil:
		q, err = a.insertValues(t, attrs, s, sel.ValuesLists)
	default:
		q, err = a.insertSelect(t, attrs, s, sel)
	}
	if err != nil {
		return nil, err
	}
	for i := range q.Set {
		if q.Set[i] == nil || s.Override == pg_query.OverridingKind_OVERRIDING_USER_VALUE && t.Columns[i].Identity != 0 {
			if q.Set[i], err = a.columnDefault(t, i); err != nil {
				return nil, err
			}
		}
	}
	q.Command, q.Table, q.Alias = Insert, t, t.Name
	if s.Relation.Alias != nil {
		q.Alias = s.Relation.Alias.Aliasname
	}
	if s.OnConflictClause != nil {
		if err := a.onConflict(q, s.OnConflictClause); err != nil {
			return nil, err
		}
	}
	return q, a.returning(q, nil, s.ReturningList)
}

// identityGiven refuses a value for a column that is GENERATED ALWAYS, unless the statement overrides that.
func identityGiven(t *Table, attr int, override pg_query.OverridingKind) error {
	c := &t.Columns[attr]
	if c.Identity != 'a' || override > pg_query.OverridingKind_OVERRIDING_NOT_SET {
		return nil
	}
	return pgerr.New(pgerr.GeneratedAlways, `cannot insert a non-DEFAULT value into column "%s"`, c.Name).
		WithDetail(`Column "%s" is an identity column defined as GENERATED ALWAYS.`, c.Name).
		WithHint("Use OVERRIDING SYSTEM VALUE to override.")
}

// insertColumns returns the table positions of the columns that an INSERT names, or all of them.
func (a *analyzer) insertColumns(t *Table, cols []*pg_query.Node) ([]int, error) {
	var attrs []int
	if len(cols) == 0 {
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				attrs = append(attrs, i)
			}
		}
		return attrs, nil
	}
	seen := make([]bool, len(t.Columns))
	for _, n := range cols {
		rt := n.GetResTarget()
		attr := t.Attr(rt.Name)
		switch {
		case attr < 0:
			return nil, a.errorf(rt.Location, pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, rt.Name, t.Name)
		case len(rt.Indirection) > 0:
			return nil, a.unsupported("assigning to a part of a column", rt.Location)
		case seen[attr]:
			return nil, a.errorf(rt.Location, pgerr.DuplicateColumn, `column "%s" specified more than once`, rt.Name)
		}
		seen[attr] = true
		attrs = append(attrs, attr)
	}
	return attrs, nil
}

// columnDefault is the value of a column that an INSERT leaves out.
func (a *analyzer) columnDefault(t *Table, attr int) (expr.Expr, error) {
	c := &t.Columns[attr]
	if d, ok := a.defaults[c]; ok {
		return d, nil
	}
	d, err := a.env.Source.Default(t, attr)
	if err != nil {
		return nil, err
	}
	if d == nil {
		d = &expr.Const{D: datum.NewNull(), T: c.Type}
	}
	if a.defaults == nil {
		a.defaults = map[*TableColumn]expr.Expr{}
	}
	a.defaults[c] = d
	return d, nil
}

// countMismatch compares the number of values with that of the columns. Fewer values are fine only without a column list.
func (a *analyzer) countMismatch(attrs []int, s *pg_query.InsertStmt, have int, extra int32) error {
	if have > len(attrs) {
		return a.errorf(extra, pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	if have < len(attrs) && len(s.Cols) > 0 {
		return a.errorf(locationOf(s.Cols[have]), pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
	return nil
}

// insertValues analyses INSERT … VALUES: each value goes straight to the type of its column. A single row needs no relation.
func (a *analyzer) insertValues(t *Table, attrs []int, s *pg_query.InsertStmt, lists []*pg_query.Node) (*Query, error) {
	q := &Query{Set: make([]expr.Expr, len(t.Columns))}
	rows := make([][]expr.Expr, len(lists))
	width := len(lists[0].GetList().GetItems())
	err := a.in(inValues, func() error {
		for r, list := range lists {
			items := list.GetList().GetItems()
			if len(items) != width {
				return a.errorf(leftmost(-1, items), pgerr.SyntaxError, "VALUES lists must all be the same length")
			}
			var extra int32 = -1
			if len(items) > len(attrs) {
				extra = locationOf(items[len(attrs)])
			}
			if err := a.countMismatch(attrs, s, len(items), extra); err != nil {
				return err
			}
			rows[r] = make([]expr.Expr, len(items))
			for i, item := range items {
				if item.GetSetToDefault() == nil {
					if err := identityGiven(t, attrs[i], s.Override); err != nil {
						return err
					}
				}
				e, err := a.assignment(&scope{}, t, attrs[i], item)
				if err != nil {
					return err
				}
				rows[r][i] = e
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 1 {
		for i, e := range rows[0] {
			q.Set[attrs[i]] = e
		}
		return q, nil
	}
	rel := &Rel{Kind: RelValues, Alias: "*VALUES*", Name: "*VALUES*", Values: rows}
	for i := range width {
		c := &t.Columns[attrs[i]]
		rel.Columns = append(rel.Columns, RelColumn{c.Name, c.Type})
		q.Set[attrs[i]] = &expr.ColumnRef{Index: i, Attr: i, T: c.Type, Name: c.Name}
	}
	q.Rels, q.From = []*Rel{rel}, []FromItem{RelItem{0}}
	return q, nil
}

// assignment analyses a value for a column, DEFAULT included.
func (a *analyzer) assignment(sc *scope, t *Table, attr int, n *pg_query.Node) (expr.Expr, error) {
	c := &t.Columns[attr]
	if n.GetSetToDefault() != nil {
		return a.columnDefault(t, attr)
	}
	e, err := a.expr(sc, n)
	if err != nil {
		return nil, err
	}
	e, err = a.b.Assign(e, c.Type, c.Name)
	return e, a.at(err, locationOf(n))
}

// insertSelect analyses INSERT … SELECT: the query's rows are relation 0.
func (a *analyzer) insertSelect(t *Table, attrs []int, s *pg_query.InsertStmt, sel *pg_query.SelectStmt) (*Query, error) {
	untyped := a.untyped
	a.untyped = true // literals take the types of their columns
	sub, err := a.selectStmt(sel)
	a.untyped = untyped
	if err != nil {
		return nil, err
	}
	visible := sub.Visible()
	var extra int32 = -1
	if visible > len(attrs) && len(sel.TargetList) > 0 {
		extra = locationOf(sel.TargetList[min(len(attrs), len(sel.TargetList)-1)].GetResTarget().GetVal())
	}
	if err := a.countMismatch(attrs, s, visible, extra); err != nil {
		return nil, err
	}
	rel := &Rel{Kind: RelSubquery, Alias: "*SELECT*", Name: "*SELECT*", Subquery: sub}
	q := &Query{Rels: []*Rel{rel}, From: []FromItem{RelItem{0}}, Set: make([]expr.Expr, len(t.Columns))}
	for i := range visible {
		target := &sub.Targets[i]
		c := &t.Columns[attrs[i]]
		if err := identityGiven(t, attrs[i], s.Override); err != nil {
			return nil, err
		}
		if target.Expr.Type().OID == datum.Unknown {
			if target.Expr, err = a.b.Assign(target.Expr, c.Type, c.Name); err != nil {
				return nil, a.at(err, targetLocationAt(sel, i))
			}
		}
		rel.Columns = append(rel.Columns, RelColumn{target.Name, target.Expr.Type()})
		e, err := a.b.Assign(&expr.ColumnRef{Index: i, Attr: i, T: target.Expr.Type(), Name: target.Name}, c.Type, c.Name)
		if err != nil {
			return nil, a.at(err, targetLocationAt(sel, i))
		}
		q.Set[attrs[i]] = e
	}
	return q, nil
}

// targetLocationAt is where target i of a SELECT stands, -1 if it is part of a *.
func targetLocationAt(sel *pg_query.SelectStmt, i int) int32 {
	if i >= len(sel.TargetList) {
		return -1
	}
	return locationOf(sel.TargetList[i].GetResTarget().GetVal())
}

// returning analyses a RETURNING list: over relation 0, the changed row of the target, and the others that an update or delete joins it
// with.
func (a *analyzer) returning(q *Query, others []scopeRel, list []*pg_query.Node) error {
	if len(list) == 0 {
		return nil
	}
	sc := &scope{rels: []scopeRel{{alias: q.Alias, table: q.Table.Name, schema: q.Table.Schema, columns: tableColumns(q.Table)}}}
	sc.rels = append(sc.rels, others...)
	return a.in(inReturn, func() error {
		targets, err := a.targetList(sc, list)
		if err != nil {
			return err
		}
		for i := range targets {
			if targets[i].Expr, err = a.b.Resolve(targets[i].Expr); err != nil {
				return err
			}
		}
		q.Returning = targets
		return nil
	})
}

// target opens a modification of existing rows: the table is relation 0, and joined is what its rows are joined with (FROM or USING),
// which comes behind it in the scope.
func (a *analyzer) target(command Command, rv *pg_query.RangeVar, joined []*pg_query.Node) (*Query, *scope, error) {
	doing := "update"
	if command == Delete {
		doing = "delete from"
	}
	t, err := a.writable(rv, doing)
	if err != nil {
		return nil, nil, err
	}
	rel, schema, err := a.tableRel(rv)
	if err != nil {
		return nil, nil, err
	}
	a.rels[0] = rel
	q := &Query{Command: command, Table: t, From: []FromItem{RelItem{0}}, Alias: rel.Alias}
	sc := &scope{rels: []scopeRel{{rel: 0, alias: rel.Alias, schema: schema, columns: rel.Columns, table: t.Name}}}
	for _, n := range joined {
		item, rels, err := a.fromItem(n, sc.rels[1:]) // LATERAL does not reach the target
		if err != nil {
			return nil, nil, err
		}
		if err := a.distinctAliases(sc.rels, rels); err != nil {
			return nil, nil, err
		}
		q.From = append(q.From, item)
		sc.rels = append(sc.rels, rels...)
	}
	q.Rels = a.rels
	return q, sc, nil
}

func (a *analyzer) update(s *pg_query.UpdateStmt) (*Query, error) {
	done, err := a.with(s.WithClause)
	defer done()
	if err != nil {
		return nil, err
	}
	q, sc, err := a.target(Update, s.Relation, s.FromClause)
	if err != nil {
		return nil, err
	}
	err = a.in(inSet, func() (err error) {
		q.Set, err = a.setList(q.Table, sc, s.TargetList)
		return err
	})
	if err != nil {
		return nil, err
	}
	if q.Where, err = a.condition(sc, s.WhereClause, inWhere); err != nil {
		return nil, err
	}
	return q, a.returning(q, sc.rels[1:], s.ReturningList)
}

// setList analyses SET of an update of t: one expression for each column, nil for those that stay.
func (a *analyzer) setList(t *Table, sc *scope, list []*pg_query.Node) ([]expr.Expr, error) {
	set := make([]expr.Expr, len(t.Columns))
	for _, n := range list {
		rt := n.GetResTarget()
		attr := t.Attr(rt.Name)
		switch {
		case attr < 0:
			return nil, a.errorf(rt.Location, pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, rt.Name, t.Name)
		case len(rt.Indirection) > 0:
			return nil, a.unsupported("assigning to a part of a column", rt.Location)
		case set[attr] != nil:
			return nil, a.errorf(-1, pgerr.SyntaxError, `multiple assignments to same column "%s"`, rt.Name)
		}
		val := rt.Val
		if m := val.GetMultiAssignRef(); m != nil {
			var err error
			if val, err = a.part(sc, m); err != nil {
				return nil, err
			}
		}
		if c := &t.Columns[attr]; c.Identity == 'a' && val.GetSetToDefault() == nil {
			return nil, pgerr.New(pgerr.GeneratedAlways, `column "%s" can only be updated to DEFAULT`, c.Name).
				WithDetail(`Column "%s" is an identity column defined as GENERATED ALWAYS.`, c.Name)
		}
		e, err := a.assignment(sc, t, attr, val)
		if err != nil {
			return nil, err
		}
		set[attr] = e
	}
	return set, nil
}

// part is the value of one column of SET (a, b) = ROW (…) or (SELECT …). Of a subquery each column becomes one of its own, so it must give
// the same rows each time.
func (a *analyzer) part(sc *scope, m *pg_query.MultiAssignRef) (*pg_query.Node, error) {
	if row := m.Source.GetRowExpr(); row != nil {
		if len(row.Args) != int(m.Ncolumns) {
			return nil, a.errorf(row.Location, pgerr.SyntaxError, "number of columns does not match number of values")
		}
		return row.Args[m.Colno-1], nil
	}
	link := m.Source.GetSubLink()
	if link == nil || link.SubLinkType != pg_query.SubLinkType_EXPR_SUBLINK {
		return nil, a.errorf(locationOf(m.Source), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
	}
	if m.Colno == 1 {
		q, err := a.subquery(sc, link.Subselect)
		if err != nil {
			return nil, a.at(err, link.Location)
		}
		if q.Visible() != int(m.Ncolumns) {
			return nil, a.errorf(link.Location, pgerr.SyntaxError, "number of columns does not match number of values")
		}
		if q.volatile() {
			return nil, a.unsupported("UPDATE … SET (…) = (SELECT …) of a volatile query", link.Location)
		}
	}
	alias := &pg_query.Alias{Aliasname: "source"}
	for i := range m.Ncolumns {
		alias.Colnames = append(alias.Colnames, pg_query.MakeStrNode("column"+strconv.Itoa(int(i)+1)))
	}
	name := alias.Colnames[m.Colno-1]
	return &pg_query.Node{Node: &pg_query.Node_SubLink{SubLink: &pg_query.SubLink{
		SubLinkType: pg_query.SubLinkType_EXPR_SUBLINK, Location: link.Location,
		Subselect: &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: &pg_query.SelectStmt{
			TargetList: []*pg_query.Node{{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{
				Val: &pg_query.Node{Node: &pg_query.Node_ColumnRef{ColumnRef: &pg_query.ColumnRef{Fields: []*pg_query.Node{name}}}},
			}}}},
			FromClause: []*pg_query.Node{{Node: &pg_query.Node_RangeSubselect{RangeSubselect: &pg_query.RangeSubselect{Subquery: link.Subselect, Alias: alias}}}},
		}}},
	}}}, nil
}

func (a *analyzer) delete(s *pg_query.DeleteStmt) (*Query, error) {
	done, err := a.with(s.WithClause)
	defer done()
	if err != nil {
		return nil, err
	}
	q, sc, err := a.target(Delete, s.Relation, s.UsingClause)
	if err != nil {
		return nil, err
	}
	if q.Where, err = a.condition(sc, s.WhereClause, inWhere); err != nil {
		return nil, err
	}
	return q, a.returning(q, sc.rels[1:], s.ReturningList)
}

// Default analyses the DEFAULT of a column: an expression without columns that gives the column's type.
func Default(env *Env, query string, n *pg_query.Node, column string, t datum.Type) (expr.Expr, error) {
	out, _, err := DefaultText(env, query, n, column, t)
	return out, err
}

// DefaultText is Default that also prints the expression as it is kept and shown: without the cast to the column's type, which reading
// it adds again. It is empty for NULL, which is what a column has without a default.
func DefaultText(env *Env, query string, n *pg_query.Node, column string, t datum.Type) (out expr.Expr, text string, err error) {
	a := newAnalyzer(env, query, nil)
	err = a.in(inDefault, func() error {
		e, err := a.expr(&scope{}, n)
		if err != nil {
			return err
		}
		if !expr.CanCoerce(e.Type().OID, t.OID, expr.Assignment) {
			return pgerr.New(pgerr.DatatypeMismatch, `column "%s" is of type %s but default expression is of type %s`, column, expr.TypeName(t.OID), expr.TypeName(e.Type().OID)).
				WithHint("You will need to rewrite or cast the expression.")
		}
		shown := e
		if e.Type().OID == datum.Unknown {
			if shown, err = a.b.Assign(e, expr.TypeOf(t.OID), column); err != nil {
				return err
			}
		}
		if c, ok := shown.(*expr.Const); !ok || !c.D.Null {
			text = expr.Deparse(shown, nil)
		}
		out, err = a.b.Assign(e, t, column)
		return err
	})
	return out, text, err
}
