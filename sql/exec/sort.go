package exec

import (
	"container/heap"
	"context"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// sortOp orders its input: in memory, keeping the first rows only when a LIMIT bounds it, or in sorted runs on disk that
// are merged when work_mem is used up.
type sortOp struct {
	x     *Context
	node  *plan.Sort
	child Operator
	stats *Stats

	rows   []Row
	at     int
	bytes  int64
	runs   []*spill
	merge  *merger
	sorted bool
}

func (s *sortOp) Open() error {
	s.reset()
	return s.child.Open()
}

func (s *sortOp) reset() {
	for _, r := range s.runs {
		r.close()
	}
	s.rows, s.at, s.bytes, s.runs, s.merge, s.sorted = nil, 0, 0, nil, nil, false
}

func (s *sortOp) Close() {
	s.reset()
	s.child.Close()
}

func (s *sortOp) Next() (Row, error) {
	if !s.sorted {
		if err := s.load(); err != nil {
			return nil, err
		}
		s.sorted = true
	}
	if s.merge != nil {
		return s.merge.next()
	}
	if s.at == len(s.rows) {
		return nil, nil
	}
	s.at++
	return s.rows[s.at-1], nil
}

// load reads the whole input.
func (s *sortOp) load() error {
	bound, err := s.bound()
	if err != nil {
		return err
	}
	if bound >= 0 {
		return s.loadTop(bound)
	}
	tick := ticker{ctx: s.x.Ctx}
	for {
		row, err := s.child.Next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if err := tick.tick(); err != nil {
			return err
		}
		row = cloneRow(row)
		s.rows = append(s.rows, row)
		s.bytes += rowBytes(row)
		if s.bytes > s.x.WorkMem && len(s.rows) > 1 {
			if err := s.spillRun(); err != nil {
				return err
			}
		}
	}
	if len(s.runs) == 0 {
		s.sortRows()
		s.note("quicksort", s.bytes)
		return nil
	}
	if err := s.spillRun(); err != nil {
		return err
	}
	var disk int64
	for _, r := range s.runs {
		disk += r.size
	}
	s.note("external merge", disk)
	s.merge, err = newMerger(s.runs, s.compare)
	return err
}

func (s *sortOp) note(method string, bytes int64) {
	if s.stats != nil {
		s.stats.SortMethod, s.stats.SortBytes = method, bytes
	}
}

// bound is how many rows are wanted, -1 for all.
func (s *sortOp) bound() (int64, error) {
	if s.node.Bound == nil {
		return -1, nil
	}
	n, ok, err := s.x.limitValue(s.node.Bound, "LIMIT")
	if err != nil || !ok {
		return -1, err
	}
	if s.node.Skip != nil {
		skip, _, err := s.x.limitValue(s.node.Skip, "OFFSET")
		if err != nil {
			return -1, err
		}
		n += skip
	}
	if n < 0 || n > 1<<20 {
		return -1, nil
	}
	return n, nil
}

// loadTop keeps the first n rows in a heap whose root is the last of them.
func (s *sortOp) loadTop(n int64) error {
	h := &topHeap{less: func(a, b Row) bool { return s.compare(a, b) > 0 }}
	tick := ticker{ctx: s.x.Ctx}
	full := false
	for {
		row, err := s.child.Next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if err := tick.tick(); err != nil {
			return err
		}
		switch {
		case int64(len(h.rows)) < n:
			row = cloneRow(row)
			s.bytes += rowBytes(row)
			heap.Push(h, row)
		case n > 0 && s.compare(row, h.rows[0]) < 0:
			full = true
			h.rows[0] = cloneRow(row)
			heap.Fix(h, 0)
		default:
			full = true
		}
	}
	s.rows = h.rows
	s.sortRows()
	if full {
		s.note("top-N heapsort", s.bytes)
	} else {
		s.note("quicksort", s.bytes)
	}
	return nil
}

func (s *sortOp) sortRows() { slices.SortStableFunc(s.rows, s.compare) }

func (s *sortOp) spillRun() error {
	if len(s.rows) == 0 {
		return nil
	}
	if s.x.Ctx.Err() != nil {
		return context.Cause(s.x.Ctx)
	}
	s.sortRows()
	run, err := s.x.Temp.create(s.node.Child.Common().Types)
	if err != nil {
		return err
	}
	s.runs = append(s.runs, run)
	for _, row := range s.rows {
		if err := run.write(row); err != nil {
			return err
		}
	}
	s.rows, s.bytes = s.rows[:0], 0
	return run.flush()
}

// compare orders two rows by the keys.
func (s *sortOp) compare(a, b Row) int {
	for i := range s.node.Keys {
		k := &s.node.Keys[i]
		if c := datum.CompareIn(k.Order, k.Type, a[k.Slot], b[k.Slot]); c != 0 {
			return c
		}
	}
	return 0
}

type topHeap struct {
	rows []Row
	less func(a, b Row) bool
}

func (h *topHeap) Len() int           { return len(h.rows) }
func (h *topHeap) Less(i, j int) bool { return h.less(h.rows[i], h.rows[j]) }
func (h *topHeap) Swap(i, j int)      { h.rows[i], h.rows[j] = h.rows[j], h.rows[i] }
func (h *topHeap) Push(x any)         { h.rows = append(h.rows, x.(Row)) }
func (h *topHeap) Pop() any {
	last := h.rows[len(h.rows)-1]
	h.rows = h.rows[:len(h.rows)-1]
	return last
}

// merger merges sorted runs; equal rows come in the order of the runs, so the sort stays stable.
type merger struct {
	heads   []head
	compare func(a, b Row) int
}

type head struct {
	row Row
	run int
	r   *spillReader
}

func newMerger(runs []*spill, compare func(a, b Row) int) (*merger, error) {
	m := &merger{compare: compare}
	for i, run := range runs {
		r, err := run.reader()
		if err != nil {
			return nil, err
		}
		row, err := r.next()
		if err != nil {
			return nil, err
		}
		if row != nil {
			m.heads = append(m.heads, head{row, i, r})
		}
	}
	heap.Init(m)
	return m, nil
}

func (m *merger) next() (Row, error) {
	if len(m.heads) == 0 {
		return nil, nil
	}
	row := m.heads[0].row
	next, err := m.heads[0].r.next()
	if err != nil {
		return nil, err
	}
	if next == nil {
		heap.Pop(m)
	} else {
		m.heads[0].row = next
		heap.Fix(m, 0)
	}
	return row, nil
}

func (m *merger) Len() int { return len(m.heads) }
func (m *merger) Less(i, j int) bool {
	c := m.compare(m.heads[i].row, m.heads[j].row)
	return c < 0 || c == 0 && m.heads[i].run < m.heads[j].run
}
func (m *merger) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }
func (m *merger) Push(x any)    { m.heads = append(m.heads, x.(head)) }
func (m *merger) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}
