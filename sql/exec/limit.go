package exec

import (
	"context"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/plan"
)

// limitOp passes over Offset rows and ends after Count, or with ties before the first row that is not equal to the last of them.
type limitOp struct {
	x           *Context
	node        *plan.Limit
	child       Operator
	skip, count int64 // count -1: no limit
	last        Row   // of Count, for ties; nil before
	ended       bool
}

func (l *limitOp) Open() error {
	l.skip, l.count, l.last, l.ended = 0, -1, nil, false
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
		return l.tie()
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
		if l.count--; l.count == 0 && l.node.Ties != nil {
			l.last = cloneRow(row)
		}
	}
	return row, err
}

// tie returns the next row if it is equal to the last one that counted.
func (l *limitOp) tie() (Row, error) {
	if l.last == nil || l.ended {
		return nil, nil
	}
	row, err := l.child.Next()
	if err != nil || row == nil {
		return nil, err
	}
	if l.ended = !sameKeys(l.node.Ties, l.last, row); l.ended {
		return nil, nil
	}
	return row, nil
}

func (l *limitOp) Close() { l.child.Close() }
