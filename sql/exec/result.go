package exec

import "github.com/quiredb/quire/sql/plan"

// result returns one row, or its child's rows, if the one-time condition holds.
type result struct {
	x     *Context
	node  *plan.Result
	child Operator
	out   projector
	done  bool
}

func newResult(x *Context, n *plan.Result) *result {
	r := &result{x: x, node: n, out: newProjector(x, n.Output)}
	if n.Child != nil {
		r.child = Build(x, n.Child)
	}
	return r
}

func (r *result) Open() error {
	ok, err := r.x.passes(r.node.OneTime, nil)
	r.done = !ok
	if err == nil && ok && r.child != nil {
		err = r.child.Open()
	}
	return err
}

func (r *result) Next() (Row, error) {
	if r.done {
		return nil, nil
	}
	if r.child != nil {
		row, err := r.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		return r.out.apply(row)
	}
	r.done = true
	return r.out.apply(nil)
}

func (r *result) Close() {
	if r.child != nil {
		r.child.Close()
	}
}
