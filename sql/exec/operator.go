package exec

import (
	"context"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// Row is one row between operators. By X1 it is valid until the operator that returned it is asked again.
type Row = []datum.Datum

// Operator is one running plan node. Open (re)starts it, Next returns the next row or nil at the end, Close gives back
// what it holds; Close may be called at any point and more than once.
type Operator interface {
	Open() error
	Next() (Row, error)
	Close()
}

// ticks is how many rows pass between two looks at the context.
const ticks = 256

// ticker notices cancellation every so many rows.
type ticker struct {
	ctx context.Context
	n   uint32
}

func (t *ticker) tick() error {
	t.n++
	if t.n%ticks == 0 && t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	return nil
}

// projector computes a node's output row.
type projector struct {
	x   *Context
	out []*plan.Scalar
	row Row
}

func newProjector(x *Context, out []*plan.Scalar) projector {
	p := projector{x: x, out: out}
	if out != nil {
		p.row = make(Row, len(out))
	}
	return p
}

func (p *projector) apply(in Row) (Row, error) {
	if p.out == nil {
		return in, nil
	}
	for i, s := range p.out {
		if s.Slot >= 0 {
			p.row[i] = in[s.Slot]
			continue
		}
		v, err := s.Eval(p.x.Eval, in)
		if err != nil {
			return nil, err
		}
		p.row[i] = v
	}
	return p.row, nil
}

// passes reports whether a condition is true for row; nil is true for every row.
func (x *Context) passes(cond *plan.Scalar, row Row) (bool, error) {
	if cond == nil {
		return true, nil
	}
	return cond.Test(x.Eval, row)
}

// cloneRow copies a row whose strings may alias a page.
func cloneRow(row Row) Row {
	out := make(Row, len(row))
	for i := range row {
		out[i] = row[i].Clone()
	}
	return out
}

// rowBytes estimates the memory of a cloned row.
func rowBytes(row Row) int64 {
	n := int64(24 + 32*len(row))
	for i := range row {
		n += int64(len(row[i].S))
	}
	return n
}
