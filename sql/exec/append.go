package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/plan"
)

// appendOp returns the rows of its arms one after the other.
type appendOp struct {
	arms  []Operator
	width int
	at    int
}

func newAppend(x *Context, n *plan.Append) *appendOp {
	a := &appendOp{width: len(n.Types)}
	for _, arm := range n.Arms {
		a.arms = append(a.arms, Build(x, arm))
	}
	return a
}

func (a *appendOp) Open() error {
	a.at = 0
	return a.arms[0].Open()
}

func (a *appendOp) Next() (Row, error) {
	for {
		row, err := a.arms[a.at].Next()
		if err != nil {
			return nil, err
		}
		if row != nil {
			return row[:a.width], nil // less the columns that an arm sorts by
		}
		if a.at == len(a.arms)-1 {
			return nil, nil
		}
		a.at++
		if err := a.arms[a.at].Open(); err != nil {
			return nil, err
		}
	}
}

func (a *appendOp) Close() {
	for _, arm := range a.arms {
		arm.Close()
	}
}

// setOperation is INTERSECT or EXCEPT: it counts how often each row of the first arm occurs in both.
type setOperation struct {
	x           *Context
	node        *plan.SetOperation
	left, right Operator
	tick        ticker
	groups      []counted
	heads       map[uint64]int32
	bytes       int64
	at          int
	loaded      bool
}

// counted is one distinct row.
type counted struct {
	row         Row
	left, right int64
	next        int32
}

func newSetOperation(x *Context, n *plan.SetOperation) *setOperation {
	return &setOperation{x: x, node: n, left: Build(x, n.Arms[0]), right: Build(x, n.Arms[1])}
}

func (s *setOperation) Open() error {
	s.groups, s.heads, s.bytes, s.at, s.loaded = nil, map[uint64]int32{}, 0, 0, false
	s.tick = ticker{ctx: s.x.Ctx}
	if err := s.left.Open(); err != nil {
		return err
	}
	return s.right.Open()
}

// load counts both arms.
func (s *setOperation) load() error {
	s.loaded = true
	for _, right := range []bool{false, true} {
		op := s.left
		if right {
			op = s.right
		}
		for {
			row, err := op.Next()
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			if err := s.tick.tick(); err != nil {
				return err
			}
			if err := s.count(row[:len(s.node.Types)], right); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *setOperation) count(row Row, right bool) error {
	h := uint64(len(row))
	for i, t := range s.node.Types {
		h = h*0x9E3779B97F4A7C15 + datum.Hash(t, row[i])
	}
	head, found := s.heads[h]
	if !found {
		head = -1
	}
	for i := head; i >= 0; i = s.groups[i].next {
		if g := &s.groups[i]; s.same(g.row, row) {
			if right {
				g.right++
			} else {
				g.left++
			}
			return nil
		}
	}
	if right {
		return nil // not in the first arm
	}
	s.groups = append(s.groups, counted{row: cloneRow(row), left: 1, next: head})
	s.heads[h] = int32(len(s.groups) - 1)
	if s.bytes += rowBytes(row) + 48; s.bytes > s.x.WorkMem*hashMemMultiplier {
		return pgerr.New(pgerr.OutOfMemory, "hash table for INTERSECT or EXCEPT exceeds work_mem of %d kB", s.x.WorkMem>>10).WithHint("Raise work_mem.")
	}
	return nil
}

func (s *setOperation) same(a, b Row) bool {
	for i, t := range s.node.Types {
		if datum.Compare(t, a[i], b[i]) != 0 {
			return false
		}
	}
	return true
}

// times is how often a row comes out.
func (s *setOperation) times(g *counted) int64 {
	switch {
	case s.node.Op == plan.IntersectOp && s.node.All:
		return min(g.left, g.right)
	case s.node.Op == plan.IntersectOp:
		return min(g.right, 1)
	case s.node.All:
		return max(g.left-g.right, 0)
	case g.right > 0:
		return 0
	}
	return 1
}

func (s *setOperation) Next() (Row, error) {
	if !s.loaded {
		if err := s.load(); err != nil {
			return nil, err
		}
		for i := range s.groups {
			s.groups[i].left = s.times(&s.groups[i])
		}
	}
	for ; s.at < len(s.groups); s.at++ {
		if g := &s.groups[s.at]; g.left > 0 {
			g.left--
			return g.row, nil
		}
	}
	return nil, nil
}

func (s *setOperation) Close() {
	s.groups, s.heads = nil, nil
	s.left.Close()
	s.right.Close()
}

// unique passes the first row of each run of equal keys.
type unique struct {
	x     *Context
	node  *plan.Unique
	child Operator
	last  Row
}

func (u *unique) Open() error {
	u.last = nil
	return u.child.Open()
}

func (u *unique) Next() (Row, error) {
	for {
		row, err := u.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		same := u.last != nil
		for i := 0; same && i < len(u.node.Keys); i++ {
			k := &u.node.Keys[i]
			same = compareKey(k, u.last[k.Slot], row[k.Slot]) == 0
		}
		if !same {
			u.last = cloneRow(row)
			return u.last, nil
		}
	}
}

func (u *unique) Close() { u.child.Close() }
