package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// snapshot remembers the values of execution parameters, to see whether they have changed since.
type snapshot struct {
	slots  []int
	values []datum.Datum
	taken  bool
}

// take notes the present values.
func (s *snapshot) take(exec []datum.Datum) {
	s.values, s.taken = s.values[:0], true
	for _, slot := range s.slots {
		s.values = append(s.values, exec[slot].Clone())
	}
}

// same reports whether the values are those of the last take.
func (s *snapshot) same(exec []datum.Datum) bool {
	if !s.taken {
		return false
	}
	for i, slot := range s.slots {
		if s.values[i] != exec[slot] {
			return false
		}
	}
	return true
}

// materialize keeps the rows of its child: in memory as far as work_mem goes, then in a file.
type materialize struct {
	x     *Context
	node  *plan.Materialize
	child Operator
	from  snapshot
	rows  []Row
	bytes int64
	file  *spill
	read  *spillReader
	at    int
	done  bool // the child has no more rows
}

func newMaterialize(x *Context, n *plan.Materialize) *materialize {
	return &materialize{x: x, node: n, child: Build(x, n.Child), from: snapshot{slots: n.Reads}}
}

func (m *materialize) Open() error {
	m.at, m.read = 0, nil
	if m.done && m.from.same(m.x.Eval.Exec) {
		return nil
	}
	m.drop()
	m.from.take(m.x.Eval.Exec)
	return m.child.Open()
}

func (m *materialize) drop() {
	m.file.close()
	m.rows, m.bytes, m.file, m.read, m.at, m.done = nil, 0, nil, nil, 0, false
}

func (m *materialize) Next() (Row, error) {
	if m.at < len(m.rows) {
		m.at++
		return m.rows[m.at-1], nil
	}
	if m.done {
		return m.nextSpilled()
	}
	row, err := m.child.Next()
	if err != nil {
		return nil, err
	}
	if row == nil {
		m.done = true
		if m.file != nil {
			return nil, m.file.flush()
		}
		return nil, nil
	}
	if m.file == nil && m.bytes < m.x.WorkMem {
		row = cloneRow(row)
		m.bytes += rowBytes(row)
		m.rows = append(m.rows, row)
		m.at = len(m.rows)
		return row, nil
	}
	if m.file == nil {
		if m.file, err = m.x.Temp.create(m.node.Types); err != nil {
			return nil, err
		}
	}
	return row, m.file.write(row)
}

func (m *materialize) nextSpilled() (Row, error) {
	if m.file == nil {
		return nil, nil
	}
	if m.read == nil {
		var err error
		if m.read, err = m.file.reader(); err != nil {
			return nil, err
		}
	}
	return m.read.next()
}

func (m *materialize) Close() {
	m.drop()
	m.from.taken = false
	m.child.Close()
}
