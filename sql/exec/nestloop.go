package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// nestedLoop runs its inner side anew for each outer row.
type nestedLoop struct {
	x            *Context
	node         *plan.NestedLoop
	stats        *Stats
	outer, inner Operator
	out          projector
	tick         ticker
	row          Row // the outer row's slots, then the inner one's
	width        int // of the outer row
	running      bool
	matched      bool
}

func newNestedLoop(x *Context, n *plan.NestedLoop, stats *Stats) *nestedLoop {
	width := len(n.Outer.Common().Types)
	return &nestedLoop{
		x: x, node: n, stats: stats, outer: Build(x, n.Outer), inner: Build(x, n.Inner), out: newProjector(x, n.Output),
		width: width, row: make(Row, width+len(n.Inner.Common().Types)),
	}
}

func (l *nestedLoop) Open() error {
	l.tick, l.running = ticker{ctx: l.x.Ctx}, false
	return l.outer.Open()
}

// start takes the next outer row and runs the inner side for it.
func (l *nestedLoop) start() (bool, error) {
	row, err := l.outer.Next()
	if err != nil || row == nil {
		return false, err
	}
	copy(l.row[:l.width], row)
	for _, p := range l.node.Params {
		l.x.Eval.Exec[p.Slot] = row[p.From]
	}
	l.running, l.matched = true, false
	return true, l.inner.Open()
}

func (l *nestedLoop) Next() (Row, error) {
	for {
		if !l.running {
			if ok, err := l.start(); err != nil || !ok {
				return nil, err
			}
		}
		if err := l.tick.tick(); err != nil {
			return nil, err
		}
		inner, err := l.inner.Next()
		if err != nil {
			return nil, err
		}
		if inner == nil {
			l.running = false
			if l.matched || l.node.Kind != plan.LeftJoin && l.node.Kind != plan.AntiJoin {
				continue
			}
			nullRow(l.row[l.width:])
		} else {
			copy(l.row[l.width:], inner)
			if ok, err := l.x.passes(l.node.Join, l.row); err != nil {
				return nil, err
			} else if !ok {
				l.stats.JoinFiltered++
				continue
			}
			l.matched = true
			switch l.node.Kind {
			case plan.AntiJoin:
				l.running = false
				continue
			case plan.SemiJoin:
				l.running = false
			}
		}
		if ok, err := l.x.passes(l.node.Filter, l.row); err != nil {
			return nil, err
		} else if ok {
			return l.out.apply(l.row)
		}
		l.stats.Filtered++
	}
}

func (l *nestedLoop) Close() {
	l.outer.Close()
	l.inner.Close()
}

// nullRow makes the columns of the side of an outer join that has no partner.
func nullRow(row Row) {
	for i := range row {
		row[i] = datum.Datum{Null: true}
	}
}
