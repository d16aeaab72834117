package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// newAggregate makes the operator for the node's strategy.
func newAggregate(x *Context, n *plan.Aggregate, stats *Stats) Operator {
	g := grouping{
		x: x, node: n, stats: stats, child: Build(x, n.Child), out: newProjector(x, n.Output),
		result: make(Row, len(n.Keys)+len(n.Aggs)), key: make(Row, len(n.Keys)),
	}
	if n.Strategy == plan.Hashed {
		return &hashAggregate{grouping: g}
	}
	return &sortedAggregate{grouping: g}
}

// grouping is what both ways to aggregate share.
type grouping struct {
	x      *Context
	node   *plan.Aggregate
	stats  *Stats
	child  Operator
	out    projector
	tick   ticker
	result Row // keys, then aggregates
	key    Row // of the row at hand
}

// group is one group in the making.
type group struct {
	keys   Row
	states []expr.AggState
	next   int32 // in its hash chain, -1 at the end
}

// start makes an empty group whose keys are those of the row at hand.
func (g *grouping) start() group {
	gr := group{keys: cloneRow(g.key), states: make([]expr.AggState, len(g.node.Aggs)), next: -1}
	for i, call := range g.node.Aggs {
		gr.states[i] = call.NewState()
	}
	return gr
}

// readKey computes the keys of a row.
func (g *grouping) readKey(row Row) error {
	for i := range g.node.Keys {
		k := &g.node.Keys[i]
		if k.Slot >= 0 {
			g.key[i] = row[k.Slot]
			continue
		}
		v, err := k.Eval(g.x.Eval, row)
		if err != nil {
			return err
		}
		g.key[i] = v
	}
	return nil
}

func (g *grouping) sameKey(keys Row) bool {
	for i := range g.node.Keys {
		if datum.Compare(g.node.Keys[i].Type, g.key[i], keys[i]) != 0 {
			return false
		}
	}
	return true
}

// add takes a row into a group.
func (g *grouping) add(gr *group, row Row) error {
	for i, call := range g.node.Aggs {
		if err := call.Add(g.x.Eval, gr.states[i], row); err != nil {
			return err
		}
	}
	return nil
}

// finish computes a group's output row; nil if HAVING rejects it.
func (g *grouping) finish(gr *group) (Row, error) {
	n := copy(g.result, gr.keys)
	for i, s := range gr.states {
		v, err := s.Result(g.x.Eval)
		if err != nil {
			return nil, err
		}
		g.result[n+i] = v
	}
	ok, err := g.x.passes(g.node.Having, g.result)
	if err != nil || !ok {
		if !ok {
			g.stats.Filtered++
		}
		return nil, err
	}
	return g.out.apply(g.result)
}

// sortedAggregate forms groups of rows that arrive sorted by the keys, or a single group of all rows.
type sortedAggregate struct {
	grouping
	current group
	open    bool // current is a group
	done    bool
}

func (a *sortedAggregate) Open() error {
	a.open, a.done, a.tick = false, false, ticker{ctx: a.x.Ctx}
	return a.child.Open()
}

func (a *sortedAggregate) Close() { a.child.Close() }

func (a *sortedAggregate) Next() (Row, error) {
	for !a.done {
		row, err := a.child.Next()
		if err != nil {
			return nil, err
		}
		if err := a.tick.tick(); err != nil {
			return nil, err
		}
		if row == nil {
			a.done = true
			if !a.open && len(a.node.Keys) > 0 {
				return nil, nil
			}
			if !a.open { // no rows at all: the one group is empty
				a.current = a.start()
			}
			return a.finish(&a.current)
		}
		if err := a.readKey(row); err != nil {
			return nil, err
		}
		if a.open && a.sameKey(a.current.keys) {
			if err := a.add(&a.current, row); err != nil {
				return nil, err
			}
			continue
		}
		before, had := a.current, a.open
		a.current, a.open = a.start(), true
		if err := a.add(&a.current, row); err != nil {
			return nil, err
		}
		if had {
			if out, err := a.finish(&before); err != nil || out != nil {
				return out, err
			}
		}
	}
	return nil, nil
}
