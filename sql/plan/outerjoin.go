package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// reduceOuterJoins turns outer joins into inner ones where a condition above would throw the null-extended rows away, and right joins
// into left ones. nonnull are the relations whose columns may not be null above.
func reduceOuterJoins(item FromItem, nonnull []int) FromItem {
	switch n := item.(type) {
	case *listItem:
		nonnull = append(slices.Clone(nonnull), strictRels(n.where)...)
		out := &listItem{where: n.where}
		for _, x := range n.items {
			out.items = append(out.items, reduceOuterJoins(x, nonnull))
		}
		return out
	case *JoinItem:
		j := *n
		if j.Kind == RightJoin {
			j.Kind, j.Left, j.Right = LeftJoin, j.Right, j.Left
		}
		left, right := anyLeaf(j.Left, nonnull), anyLeaf(j.Right, nonnull)
		switch {
		case j.Kind == LeftJoin && right:
			j.Kind = InnerJoin
		case j.Kind == FullJoin && left && right:
			j.Kind = InnerJoin
		case j.Kind == FullJoin && left:
			j.Kind = LeftJoin
		case j.Kind == FullJoin && right:
			j.Kind, j.Left, j.Right = LeftJoin, j.Right, j.Left
		}
		on := strictRels(j.On)
		switch j.Kind {
		case InnerJoin:
			both := append(slices.Clone(nonnull), on...)
			j.Left, j.Right = reduceOuterJoins(j.Left, both), reduceOuterJoins(j.Right, both)
		case FullJoin:
			j.Left, j.Right = reduceOuterJoins(j.Left, nil), reduceOuterJoins(j.Right, nil)
		case SemiJoin:
			j.Left, j.Right = reduceOuterJoins(j.Left, append(slices.Clone(nonnull), on...)), reduceOuterJoins(j.Right, on)
		default:
			j.Left, j.Right = reduceOuterJoins(j.Left, nonnull), reduceOuterJoins(j.Right, on)
		}
		return &j
	}
	return item
}

func anyLeaf(item FromItem, list []int) bool {
	found := false
	leaves(item, func(rel int) { found = found || slices.Contains(list, rel) })
	return found
}

// strictRels lists the relations of which some column must not be null for the condition to be true.
func strictRels(e expr.Expr) []int {
	switch n := e.(type) {
	case nil:
		return nil
	case *expr.And:
		var out []int
		for _, a := range n.Args {
			out = append(out, strictRels(a)...)
		}
		return out
	case *expr.Or:
		out := strictRels(n.Args[0])
		for _, a := range n.Args[1:] {
			other := strictRels(a)
			out = slices.DeleteFunc(slices.Clone(out), func(rel int) bool { return !slices.Contains(other, rel) })
		}
		return out
	case *expr.IsNull:
		if n.Negated {
			return nullRels(n.Arg)
		}
		return nil
	case *expr.BooleanTest:
		if n.Kind == expr.IsTrue || n.Kind == expr.IsFalse || n.Kind == expr.IsNotUnknown {
			return nullRels(n.Arg)
		}
		return nil
	}
	return nullRels(e)
}

// nullRels lists the relations whose nulls make the value of e null.
func nullRels(e expr.Expr) []int {
	var args []expr.Expr
	switch n := e.(type) {
	case *expr.ColumnRef:
		return []int{n.Rel}
	case *expr.Cast:
		args = []expr.Expr{n.Arg}
	case *expr.Not:
		args = []expr.Expr{n.Arg}
	case *expr.OpExpr:
		if n.Op.Fn.Strict {
			args = n.Args
		}
	case *expr.Call:
		if n.Fn.Strict && n.Fn.Set == nil {
			args = n.Args
		}
	case *expr.ScalarArray:
		if n.Op.Fn.Strict && n.Array == nil && len(n.List) > 0 {
			args = []expr.Expr{n.Arg}
		}
	}
	var out []int
	for _, a := range args {
		out = append(out, nullRels(a)...)
	}
	return out
}
