package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

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
