package exec

import (
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// projectSet runs set-returning functions over each row of its child: a row for each of their values, and none where no function has any.
type projectSet struct {
	x     *Context
	node  *plan.ProjectSet
	child Operator
	out   projector
	tick  ticker
	next  []expr.SetIterator // of the present row; empty before the first
	row   Row                // the child's columns, then the values
	width int                // of the child's row
}

func newProjectSet(x *Context, n *plan.ProjectSet) *projectSet {
	width := len(n.Child.Common().Types)
	return &projectSet{x: x, node: n, child: Build(x, n.Child), out: newProjector(x, n.Output), width: width, row: make(Row, width+len(n.Sets))}
}

func (s *projectSet) Open() error {
	s.next, s.tick = s.next[:0], ticker{ctx: s.x.Ctx}
	return s.child.Open()
}

func (s *projectSet) Next() (Row, error) {
	for {
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		if some, err := inStep(s.next, s.row[s.width:]); err != nil {
			return nil, err
		} else if some {
			return s.out.apply(s.row)
		}
		row, err := s.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		copy(s.row[:s.width], row)
		s.next = s.next[:0]
		for _, set := range s.node.Sets {
			next, err := s.x.openSet(set, s.row)
			if err != nil {
				return nil, err
			}
			s.next = append(s.next, next)
		}
	}
}

func (s *projectSet) Close() {
	s.next = s.next[:0]
	s.child.Close()
}
