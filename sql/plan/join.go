package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

var joinKinds = map[pg_query.JoinType]JoinKind{
	pg_query.JoinType_JOIN_INNER: InnerJoin, pg_query.JoinType_JOIN_LEFT: LeftJoin,
	pg_query.JoinType_JOIN_RIGHT: RightJoin, pg_query.JoinType_JOIN_FULL: FullJoin,
}

// join analyses a JOIN.
func (a *analyzer) join(j *pg_query.JoinExpr, lateral []scopeRel) (FromItem, []scopeRel, error) {
	item := &JoinItem{Kind: joinKinds[j.Jointype]}
	left, lrels, err := a.fromItem(j.Larg, lateral)
	if err != nil {
		return nil, nil, err
	}
	seen := lateral
	if item.Kind == InnerJoin || item.Kind == LeftJoin { // else the left side may be made of nulls
		seen = slices.Concat(lateral, lrels)
	}
	right, rrels, err := a.fromItem(j.Rarg, seen)
	if err != nil {
		return nil, nil, err
	}
	if err := a.distinctAliases(lrels, rrels); err != nil {
		return nil, nil, err
	}
	item.Left, item.Right = left, right
	rels := slices.Concat(lrels, rrels)
	using := names(j.UsingClause)
	if j.IsNatural {
		using = commonNames(lrels, rrels)
	}
	switch {
	case len(using) > 0:
		if rels, err = a.using(item, lrels, rrels, using, j.JoinUsingAlias); err != nil {
			return nil, nil, err
		}
	case j.Quals != nil:
		err := a.within(rels, func(sc *scope) (err error) {
			item.On, err = a.condition(sc, j.Quals, clause{"JOIN/ON", false, false})
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if j.Alias != nil {
		rels, err = a.joinAlias(rels, j.Alias)
	}
	return item, rels, err
}

// visible calls visit with the columns that a star shows.
func visible(rels []scopeRel, visit func(r *scopeRel, attr int)) {
	for i := range rels {
		for attr := range rels[i].columns {
			if !rels[i].hides(attr) {
				visit(&rels[i], attr)
			}
		}
	}
}

// commonNames lists the columns that a NATURAL join compares, in the order of the left side.
func commonNames(left, right []scopeRel) []string {
	var out []string
	visible(left, func(l *scopeRel, i int) {
		name := l.columns[i].Name
		visible(right, func(r *scopeRel, k int) {
			if r.columns[k].Name == name && !slices.Contains(out, name) {
				out = append(out, name)
			}
		})
	})
	return out
}

// using makes the condition of a join by equal names, and the merged columns, which stand before all others.
func (a *analyzer) using(item *JoinItem, left, right []scopeRel, list []string, alias *pg_query.Alias) ([]scopeRel, error) {
	left, right = slices.Clone(left), slices.Clone(right)
	merged := scopeRel{rel: -1}
	if alias != nil {
		merged.alias = alias.Aliasname
	}
	var on []expr.Expr
	for i, name := range list {
		if slices.Contains(list[:i], name) {
			return nil, pgerr.New(pgerr.DuplicateColumn, `column name "%s" appears more than once in USING clause`, name)
		}
		l, err := mergeColumn(left, name, "left")
		if err != nil {
			return nil, err
		}
		r, err := mergeColumn(right, name, "right")
		if err != nil {
			return nil, err
		}
		both, t, err := a.b.Unify("JOIN/USING", []expr.Expr{l, r})
		if err != nil {
			return nil, err
		}
		equal, err := a.b.Op("=", l, r)
		if err != nil {
			return nil, err
		}
		on = append(on, equal)
		e := both[0]
		switch item.Kind {
		case RightJoin:
			e = both[1]
		case FullJoin:
			if e, err = a.b.Coalesce(both); err != nil {
				return nil, err
			}
		}
		merged.columns = append(merged.columns, RelColumn{name, t})
		merged.exprs = append(merged.exprs, e)
	}
	item.On = expr.Conjunction(on)
	return slices.Concat([]scopeRel{merged}, left, right), nil
}

// mergeColumn finds the column of one side of a USING and hides it.
func mergeColumn(rels []scopeRel, name, side string) (expr.Expr, error) {
	var found *scopeRel
	at := 0
	for i := range rels {
		for attr := range rels[i].columns {
			if rels[i].columns[attr].Name != name || rels[i].hides(attr) {
				continue
			}
			if found != nil {
				return nil, pgerr.New(pgerr.AmbiguousColumn, `common column name "%s" appears more than once in %s table`, name, side)
			}
			found, at = &rels[i], attr
		}
	}
	if found == nil {
		return nil, pgerr.New(pgerr.UndefinedColumn, `column "%s" specified in USING clause does not exist in %s table`, name, side)
	}
	hidden := make([]bool, len(found.columns))
	copy(hidden, found.merged)
	hidden[at] = true
	found.merged = hidden
	return found.ref(at), nil
}

// joinAlias gives a whole join one name, under which its columns are the only ones to be seen.
func (a *analyzer) joinAlias(rels []scopeRel, alias *pg_query.Alias) ([]scopeRel, error) {
	out := scopeRel{rel: -1, alias: alias.Aliasname}
	visible(rels, func(r *scopeRel, attr int) {
		out.columns = append(out.columns, r.columns[attr])
		out.exprs = append(out.exprs, r.ref(attr))
	})
	err := a.renameColumns(&Rel{Columns: out.columns}, alias)
	return []scopeRel{out}, err
}
