package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// setOperation is INTERSECT or EXCEPT: it counts how often each row of the first arm occurs in both. When the table of rows has taken its
// memory, rows that it does not have go to partitions on disk, those of the second arm only where the first one has left some; the pairs of
// partitions are counted one after the other in the same way. Each of these takes rows off for good, so that it ends however the hashes are.
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
	pending     []setBatch
	spilled     [spillPartitions]setBatch // rows that the table had no place for
	depth       int
}

// counted is one distinct row. Once both arms are counted, left is how often it still has to come out.
type counted struct {
	row         Row
	left, right int64
	next        int32
}

// setBatch is one partition of both arms. Without rows of the second one right is nil.
type setBatch struct {
	left, right *spill
	depth       int
}

func (b setBatch) close() {
	b.left.close()
	b.right.close()
}

func newSetOperation(x *Context, n *plan.SetOperation) *setOperation {
	return &setOperation{x: x, node: n, left: Build(x, n.Arms[0]), right: Build(x, n.Arms[1])}
}

func (s *setOperation) Open() error {
	s.release()
	s.tick = ticker{ctx: s.x.Ctx}
	if err := s.left.Open(); err != nil {
		return err
	}
	return s.right.Open()
}

// release forgets the rows and removes the files.
func (s *setOperation) release() {
	for i := range s.spilled {
		s.spilled[i].close()
		s.spilled[i] = setBatch{}
	}
	for _, b := range s.pending {
		b.close()
	}
	s.pending, s.groups, s.heads, s.bytes, s.at, s.loaded, s.depth = nil, nil, nil, 0, 0, false, 0
}

// load counts both arms, as far as there is memory.
func (s *setOperation) load(left, right func() (Row, error)) error {
	s.loaded = true
	s.groups, s.heads, s.bytes, s.at = s.groups[:0], map[uint64]int32{}, 0, 0
	if err := s.countAll(left, false); err != nil {
		return err
	}
	if err := s.countAll(right, true); err != nil {
		return err
	}
	for i := range s.groups {
		s.groups[i].left = s.times(&s.groups[i])
	}
	for i, b := range s.spilled {
		if b.left == nil {
			continue
		}
		if err := b.left.finish(); err != nil {
			return err
		}
		if b.right != nil {
			if err := b.right.finish(); err != nil {
				return err
			}
		}
		b.depth = s.depth + 1
		s.pending, s.spilled[i] = append(s.pending, b), setBatch{}
	}
	return nil
}

func (s *setOperation) countAll(next func() (Row, error), right bool) error {
	for {
		row, err := next()
		if err != nil || row == nil {
			return err
		}
		if err := s.tick.tick(); err != nil {
			return err
		}
		if err := s.count(row[:len(s.node.Types)], right); err != nil {
			return err
		}
	}
}

func (s *setOperation) count(row Row, right bool) error {
	h := uint64(len(row))
	for i, t := range s.node.Types {
		h = h*0x9E3779B97F4A7C15 + datum.Hash(t, row[i])
	}
	h ^= h >> 29
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
	if right || s.bytes > s.x.WorkMem*hashMemMultiplier {
		return s.spill(h, row, right)
	}
	s.groups = append(s.groups, counted{row: cloneRow(row), left: 1, next: head})
	s.heads[h] = int32(len(s.groups) - 1)
	s.bytes += rowBytes(row) + 48
	return nil
}

// spill puts a row off that the table does not have. One of the second arm without a counterpart is not wanted.
func (s *setOperation) spill(hash uint64, row Row, right bool) error {
	b := &s.spilled[hash>>(4*s.depth)%spillPartitions]
	file := &b.left
	if right {
		if b.left == nil {
			return nil
		}
		file = &b.right
	}
	if *file == nil {
		f, err := s.x.Temp.create(s.node.Types)
		if err != nil {
			return err
		}
		*file = f
	}
	return (*file).write(row)
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
		if err := s.load(s.left.Next, s.right.Next); err != nil {
			return nil, err
		}
	}
	for {
		for ; s.at < len(s.groups); s.at++ {
			if g := &s.groups[s.at]; g.left > 0 {
				g.left--
				return g.row, nil
			}
		}
		if len(s.pending) == 0 {
			return nil, nil
		}
		if err := s.nextBatch(); err != nil {
			return nil, err
		}
	}
}

// nextBatch counts the rows of the next pair of partitions.
func (s *setOperation) nextBatch() error {
	b := s.pending[len(s.pending)-1]
	s.pending = s.pending[:len(s.pending)-1]
	defer b.close()
	s.depth = b.depth
	left, err := b.left.replay()
	if err != nil {
		return err
	}
	right, err := b.right.replay()
	if err != nil {
		return err
	}
	return s.load(left, right)
}

func (s *setOperation) Close() {
	s.release()
	s.left.Close()
	s.right.Close()
}
