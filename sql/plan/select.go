package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// selectStmt analyses a SELECT, VALUES or set operation within what a.outer and a.ctes have in sight.
func (a *analyzer) selectStmt(s *pg_query.SelectStmt) (*Query, error) {
	if err := a.refuseSelect(s); err != nil {
		return nil, err
	}
	done, err := a.with(s.WithClause)
	defer done()
	if err != nil {
		return nil, err
	}
	var q *Query
	var sc *scope
	switch {
	case s.Op > pg_query.SetOperation_SETOP_NONE:
		q, sc, err = a.setOperation(s)
	case len(s.ValuesLists) > 0:
		q, sc, err = a.values(s)
	default:
		q, sc, err = a.plainSelect(s)
	}
	if err != nil {
		return nil, err
	}
	if err := a.tail(q, sc, s); err != nil {
		return nil, err
	}
	if q, err = a.liftSets(q, s); err != nil {
		return nil, err
	}
	q.Rels = a.rels
	q.findFree()
	return q, nil
}

// plainSelect analyses what stands before ORDER BY.
func (a *analyzer) plainSelect(s *pg_query.SelectStmt) (*Query, *scope, error) {
	untyped := a.untyped
	a.untyped = false
	defer func() { a.untyped = untyped }()
	q := &Query{Command: Select}
	sc, err := a.from(q, s.FromClause)
	if err != nil {
		return nil, nil, err
	}
	if err := a.in(inTargets, func() error { return a.targets(q, sc, s.TargetList) }); err != nil {
		return nil, nil, err
	}
	if q.Where, err = a.condition(sc, s.WhereClause, inWhere); err != nil {
		return nil, nil, err
	}
	q.Having, err = a.condition(sc, s.HavingClause, inHaving)
	return q, sc, err
}

// tail analyses what may follow both SELECT and VALUES, and checks the grouping.
func (a *analyzer) tail(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	// ORDER BY first: it may settle the types of targets that are untyped literals, as in PostgreSQL.
	if err := a.in(inOrderBy, func() error { return a.orderBy(q, sc, s) }); err != nil {
		return err
	}
	if err := a.in(inGroupBy, func() error { return a.groupBy(q, sc, s.GroupClause) }); err != nil {
		return err
	}
	if err := a.distinct(q, sc, s); err != nil {
		return err
	}
	var err error
	if q.Limit, err = a.limit(s.LimitCount, inLimit); err != nil {
		return err
	}
	if q.Offset, err = a.limit(s.LimitOffset, inOffset); err != nil {
		return err
	}
	for i := range q.Targets {
		t := &q.Targets[i]
		if a.untyped && !t.Junk && !q.Distinct {
			continue
		}
		if t.Expr, err = a.b.Resolve(t.Expr); err != nil {
			return err
		}
	}
	for i := range q.Targets {
		q.HasAggs = q.HasAggs || expr.HasAggregates(q.Targets[i].Expr)
	}
	q.HasAggs = q.HasAggs || expr.HasAggregates(q.Having)
	q.Rels = a.rels
	if err := a.locking(q, sc, s.LockingClause); err != nil {
		return err
	}
	return a.checkGrouping(q)
}

// distinct analyses DISTINCT and DISTINCT ON.
func (a *analyzer) distinct(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	if len(s.DistinctClause) == 0 {
		return nil
	}
	if s.DistinctClause[0].Node != nil {
		return a.in(clause{"DISTINCT ON", true, false}, func() error { return a.distinctOn(q, sc, s) })
	}
	q.Distinct = true
	if len(q.Targets) == q.Visible() {
		return nil
	}
	at := int32(-1)
	for i, o := range q.OrderBy {
		if q.Targets[o.Target].Junk && at < 0 {
			at = locationOf(s.SortClause[i].GetSortBy().GetNode())
		}
	}
	return a.errorf(at, pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
}

// distinctOn makes the expressions of DISTINCT ON the first to sort by. Those that ORDER BY has must come first in it.
func (a *analyzer) distinctOn(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	var keys []int
	for _, n := range s.DistinctClause {
		target, err := a.sortTarget(q, sc, n, "SELECT DISTINCT ON")
		if err != nil {
			return err
		}
		if !slices.Contains(keys, target) {
			keys = append(keys, target)
		}
	}
	matched := 0
	for i, o := range q.OrderBy {
		if !slices.Contains(keys, o.Target) {
			break
		}
		matched = i + 1
	}
	for _, o := range q.OrderBy[matched:] {
		if slices.Contains(keys, o.Target) || matched < min(len(keys), len(q.OrderBy)) && missing(keys, q.OrderBy[:matched]) {
			return a.errorf(locationOf(s.DistinctClause[0]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	order := slices.Clone(q.OrderBy[:matched])
	for _, k := range keys {
		if !slices.ContainsFunc(order, func(o OrderItem) bool { return o.Target == k }) {
			order = append(order, OrderItem{Target: k})
		}
	}
	q.DistinctOn = len(order)
	q.OrderBy = append(order, q.OrderBy[matched:]...)
	return nil
}

// missing reports whether some key is not among the items.
func missing(keys []int, items []OrderItem) bool {
	return slices.ContainsFunc(keys, func(k int) bool {
		return !slices.ContainsFunc(items, func(o OrderItem) bool { return o.Target == k })
	})
}

var lockModes = map[pg_query.LockClauseStrength]LockMode{
	pg_query.LockClauseStrength_LCS_FORKEYSHARE: ForKeyShare, pg_query.LockClauseStrength_LCS_FORSHARE: ForShare,
	pg_query.LockClauseStrength_LCS_FORNOKEYUPDATE: ForNoKeyUpdate, pg_query.LockClauseStrength_LCS_FORUPDATE: ForUpdate,
}

var lockWaits = map[pg_query.LockWaitPolicy]LockWait{
	pg_query.LockWaitPolicy_LockWaitSkip: LockSkip, pg_query.LockWaitPolicy_LockWaitError: LockNoWait,
}

// lockWord is how a lock mode is written.
func (m LockMode) String() string {
	return map[LockMode]string{ForKeyShare: "FOR KEY SHARE", ForShare: "FOR SHARE", ForNoKeyUpdate: "FOR NO KEY UPDATE", ForUpdate: "FOR UPDATE"}[m]
}

// locking analyses FOR UPDATE and its kin.
func (a *analyzer) locking(q *Query, sc *scope, list []*pg_query.Node) error {
	for _, n := range list {
		l := n.GetLockingClause()
		mode := lockModes[l.Strength]
		what := ""
		switch own := q.only(); {
		case own != nil && own.Kind == RelSetOp:
			what = "UNION/INTERSECT/EXCEPT"
		case q.Distinct || q.DistinctOn > 0:
			what = "DISTINCT clause"
		case len(q.GroupBy) > 0:
			what = "GROUP BY clause"
		case q.Having != nil:
			what = "HAVING clause"
		case q.HasAggs:
			what = "aggregate functions"
		}
		if what != "" {
			return a.errorf(-1, pgerr.FeatureNotSupported, "%s is not allowed with %s", mode, what)
		}
		named := make([]bool, len(l.LockedRels))
		for i := range sc.rels {
			r := &sc.rels[i]
			if r.rel < 0 {
				continue
			}
			at := slices.IndexFunc(l.LockedRels, func(n *pg_query.Node) bool { return n.GetRangeVar().GetRelname() == r.alias })
			if len(l.LockedRels) > 0 && at < 0 {
				continue
			}
			if at >= 0 {
				named[at] = true
			}
			if rel := q.Rels[r.rel]; rel.Kind != RelTable || rel.Table.View != nil {
				if at >= 0 {
					return a.unsupported(mode.String()+" of "+r.alias+", which is not a table,", l.LockedRels[at].GetRangeVar().GetLocation())
				}
				if rel.Kind == RelSubquery || rel.Kind == RelSetOp { // whose tables PostgreSQL would lock
					return a.unsupported(mode.String()+" of the subquery "+r.alias, -1)
				}
				continue
			}
			q.lock(RowLock{Rel: r.rel, Mode: mode, Wait: lockWaits[l.WaitPolicy]})
		}
		for i, n := range l.LockedRels {
			if !named[i] {
				return a.errorf(n.GetRangeVar().GetLocation(), pgerr.UndefinedTable, `relation "%s" in %s clause not found in FROM clause`, n.GetRangeVar().GetRelname(), mode)
			}
		}
	}
	return nil
}

// lock adds a row lock; of two on one relation the stronger mode and the more impatient policy win.
func (q *Query) lock(l RowLock) {
	for i := range q.Locks {
		if old := &q.Locks[i]; old.Rel == l.Rel {
			old.Mode, old.Wait = max(old.Mode, l.Mode), max(old.Wait, l.Wait)
			return
		}
	}
	q.Locks = append(q.Locks, l)
}

// refuseSelect names the parts of SELECT that are missing.
func (a *analyzer) refuseSelect(s *pg_query.SelectStmt) error {
	switch {
	case s.IntoClause != nil:
		return a.unsupported("SELECT INTO", -1)
	case len(s.WindowClause) > 0:
		return a.unsupported("WINDOW", -1)
	case s.LimitOption == pg_query.LimitOption_LIMIT_OPTION_WITH_TIES:
		return a.unsupported("FETCH FIRST … WITH TIES", -1)
	}
	return nil
}

// targets analyses a target list, stars included.
func (a *analyzer) targets(q *Query, sc *scope, list []*pg_query.Node) error {
	targets, err := a.targetList(sc, list)
	q.Targets = append(q.Targets, targets...)
	return err
}

func (a *analyzer) targetList(sc *scope, list []*pg_query.Node) ([]Target, error) {
	var out []Target
	for _, n := range list {
		rt := n.GetResTarget()
		if table, ok := star(rt.Val); ok {
			expanded, err := a.expandStar(sc, table, locationOf(rt.Val))
			if err != nil {
				return nil, err
			}
			out = append(out, expanded...)
			continue
		}
		e, err := a.expr(sc, rt.Val)
		if err != nil {
			return nil, err
		}
		name := rt.Name
		if name == "" {
			name = figureName(rt.Val)
		}
		out = append(out, Target{Expr: e, Name: name})
	}
	if len(out) > maxTargets {
		return nil, pgerr.New(pgerr.TooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	return out, nil
}

// maxTargets bounds the columns of a result, as PostgreSQL does: clients count them in 16 bits.
const maxTargets = 1664

// star reports whether n is * or table.*.
func star(n *pg_query.Node) (table []string, ok bool) {
	ref := n.GetColumnRef()
	if ref == nil || ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
		return nil, false
	}
	return names(ref.Fields), true
}

func (a *analyzer) expandStar(sc *scope, table []string, location int32) ([]Target, error) {
	if len(table) == 0 && len(sc.rels) == 0 {
		return nil, a.errorf(location, pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
	}
	var out []Target
	seen := false
	for i := range sc.rels {
		r := &sc.rels[i]
		if len(table) > 0 && (r.alias != table[len(table)-1] || len(table) > 1 && r.schema != table[len(table)-2]) {
			continue
		}
		seen = true
		for attr := range r.columns {
			if r.columns[attr].Name != "" && (len(table) > 0 || !r.hides(attr)) {
				out = append(out, Target{Expr: r.ref(attr), Name: r.columns[attr].Name})
			}
		}
	}
	if !seen {
		return nil, a.at(sc.noTable(table[len(table)-1]), location)
	}
	return out, nil
}

// condition analyses a boolean clause; nil stays nil.
func (a *analyzer) condition(sc *scope, n *pg_query.Node, c clause) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	var out expr.Expr
	err := a.in(c, func() error {
		e, err := a.expr(sc, n)
		if err != nil {
			return err
		}
		out, err = a.b.Boolean(e, c.name)
		return a.at(err, locationOf(n))
	})
	return out, err
}

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
		desc := sb.SortbyDir == pg_query.SortByDir_SORTBY_DESC
		first := desc
		switch sb.SortbyNulls {
		case pg_query.SortByNulls_SORTBY_NULLS_FIRST:
			first = true
		case pg_query.SortByNulls_SORTBY_NULLS_LAST:
			first = false
		}
		q.OrderBy = append(q.OrderBy, OrderItem{target, desc, first})
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

// groupBy resolves keys: an input column's name wins over an output name, as the standard wants it.
func (a *analyzer) groupBy(q *Query, sc *scope, list []*pg_query.Node) error {
	for _, n := range list {
		if n.GetGroupingSet() != nil {
			return a.unsupported("GROUPING SETS, ROLLUP and CUBE", locationOf(n))
		}
		e, err := a.groupKey(q, sc, n)
		if err != nil {
			return err
		}
		duplicate := false
		for _, k := range q.GroupBy {
			duplicate = duplicate || expr.Equal(k, e)
		}
		if !duplicate {
			q.GroupBy = append(q.GroupBy, e)
		}
	}
	return nil
}

func (a *analyzer) groupKey(q *Query, sc *scope, n *pg_query.Node) (expr.Expr, error) {
	target := -1
	if name := bareName(n); name != "" {
		if _, err := sc.column("", "", name); pgerr.Is(err, pgerr.UndefinedColumn) {
			for i := range q.Targets {
				if !q.Targets[i].Junk && q.Targets[i].Name == name && target < 0 {
					target = i
				}
			}
		}
	}
	if target < 0 {
		i, ok, err := a.ordinal(q, n, "GROUP BY")
		if err != nil {
			return nil, err
		}
		if ok {
			target = i
		}
	}
	if target < 0 {
		e, err := a.expr(sc, n)
		if err != nil {
			return nil, err
		}
		e, err = a.b.Resolve(e)
		return e, a.at(err, locationOf(n))
	}
	e, err := a.b.Resolve(q.Targets[target].Expr)
	if err != nil {
		return nil, err
	}
	if expr.HasAggregates(e) {
		return nil, a.errorf(locationOf(n), pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	q.Targets[target].Expr = e
	return e, nil
}

func (a *analyzer) limit(n *pg_query.Node, c clause) (expr.Expr, error) {
	if n == nil || n.GetAConst().GetIsnull() {
		return nil, nil
	}
	var out expr.Expr
	err := a.in(c, func() error {
		e, err := a.expr(&scope{parent: a.outer}, n)
		if err != nil {
			return err
		}
		out, err = a.b.Integer(e, c.name)
		return a.at(err, locationOf(n))
	})
	return out, err
}

// checkGrouping finds columns that are neither grouped by nor aggregated.
func (a *analyzer) checkGrouping(q *Query) error {
	if !q.HasAggs && len(q.GroupBy) == 0 && q.Having == nil {
		return nil
	}
	own := q.own()
	var check func(e expr.Expr) error
	check = func(e expr.Expr) error {
		_, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
			for _, k := range q.GroupBy {
				if expr.Equal(k, n) {
					return n, nil
				}
			}
			switch n := n.(type) {
			case *expr.AggRef:
				return n, nil
			case *expr.SubLink:
				for _, c := range n.Outer {
					if err := check(c); err != nil {
						ref := c.(*expr.ColumnRef)
						return nil, pgerr.New(pgerr.GroupingError, `subquery uses ungrouped column "%s.%s" from outer query`, q.Rels[ref.Rel].Alias, ref.Name).At(ref.Pos)
					}
				}
			case *expr.ColumnRef:
				if !slices.Contains(own, n.Rel) {
					return n, nil // of a query round this one
				}
				return nil, pgerr.New(pgerr.GroupingError, `column "%s.%s" must appear in the GROUP BY clause or be used in an aggregate function`, q.Rels[n.Rel].Alias, n.Name).At(n.Pos)
			}
			return nil, nil
		})
		return err
	}
	for i := range q.Targets {
		if err := check(q.Targets[i].Expr); err != nil {
			return err
		}
	}
	return check(q.Having)
}
