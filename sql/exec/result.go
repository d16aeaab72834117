package exec

import (
	"context"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/plan"
)

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

// limitOp passes over Offset rows and ends after Count.
type limitOp struct {
	x           *Context
	node        *plan.Limit
	child       Operator
	skip, count int64 // count -1: no limit
}

func (l *limitOp) Open() error {
	l.skip, l.count = 0, -1
	if l.node.Offset != nil {
		n, _, err := l.x.limitValue(l.node.Offset, "OFFSET")
		if err != nil {
			return err
		}
		l.skip = n
	}
	if l.node.Count != nil {
		n, ok, err := l.x.limitValue(l.node.Count, "LIMIT")
		if err != nil {
			return err
		}
		if ok {
			l.count = n
		}
	}
	return l.child.Open()
}

// limitValue computes a LIMIT or OFFSET; ok is false for NULL, which means none.
func (x *Context) limitValue(s *plan.Scalar, word string) (n int64, ok bool, err error) {
	v, err := s.Eval(x.Eval, nil)
	if err != nil || v.Null {
		return 0, false, err
	}
	if v.I < 0 {
		code := pgerr.InvalidRowCountInLimitClause
		if word == "OFFSET" {
			code = pgerr.InvalidRowCountInResultOffsetClause
		}
		return 0, false, pgerr.New(code, "%s must not be negative", word)
	}
	return v.I, true, nil
}

func (l *limitOp) Next() (Row, error) {
	if l.count == 0 {
		return nil, nil
	}
	for ; l.skip > 0; l.skip-- {
		if row, err := l.child.Next(); err != nil || row == nil {
			return nil, err
		}
		if l.skip%ticks == 0 && l.x.Ctx.Err() != nil {
			return nil, context.Cause(l.x.Ctx)
		}
	}
	row, err := l.child.Next()
	if row != nil && l.count > 0 {
		l.count--
	}
	return row, err
}

func (l *limitOp) Close() { l.child.Close() }
