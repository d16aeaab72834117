package exec

import (
	"github.com/quiredb/quire/sql/plan"
)

// hashJoin looks outer rows up in a table of the inner rows. When the table has taken its memory, both sides are divided by the hash of
// their keys into files, and the pairs of files are joined one after the other in the same way (hashbatch.go).
type hashJoin struct {
	x            *Context
	node         *plan.HashJoin
	stats        *Stats
	hashStats    *Stats
	outer, inner Operator
	out          projector
	tick         ticker

	table   joinTable
	from    snapshot
	whole   bool // the table holds all inner rows
	loaded  bool
	pending []joinBatch
	batch   joinBatch           // the present one; without files it is the whole join
	next    func() (Row, error) // its outer rows
	more    func() (Row, error) // its inner rows that have to wait for another turn, nil when the table has the last of them
	met     bitset              // outer rows of the batch that had a partner in an earlier turn

	row     Row
	width   int
	keys    Row
	hash    uint64
	at      int32
	probing bool
	matched bool
	ordinal int // of the outer row in its batch
	rest    int // of the inner rows without partner
}

func newHashJoin(x *Context, n *plan.HashJoin, stats *Stats) *hashJoin {
	width := len(n.Outer.Common().Types)
	j := &hashJoin{
		x: x, node: n, stats: stats, hashStats: &Stats{}, outer: Build(x, n.Outer), inner: Build(x, n.Inner), out: newProjector(x, n.Output),
		width: width, row: make(Row, width+len(n.Inner.Types)), keys: make(Row, len(n.Keys)), from: snapshot{slots: n.Inner.Reads},
		table: joinTable{types: rowType(n.Inner.Types)},
	}
	if x.Instruments != nil {
		j.hashStats = x.Instruments.Nodes[n.Inner]
	}
	return j
}

func (j *hashJoin) keepsInner() bool {
	return j.node.Kind == plan.RightJoin || j.node.Kind == plan.FullJoin
}

// keepsOuter says that outer rows without partner come out.
func (j *hashJoin) keepsOuter() bool {
	return j.node.Kind == plan.LeftJoin || j.node.Kind == plan.FullJoin || j.node.Kind == plan.AntiJoin
}

func (j *hashJoin) Open() error {
	j.endBatches()
	j.tick, j.probing, j.loaded = ticker{ctx: j.x.Ctx}, false, false
	return j.outer.Open()
}

// advance starts looking up the next outer row; false at the end of the batch.
func (j *hashJoin) advance() (bool, error) {
	row, err := j.next()
	if err != nil || row == nil {
		return false, err
	}
	hash, null, err := j.x.joinKeys(j.node.Keys, false, row, j.keys)
	if err != nil {
		return false, err
	}
	copy(j.row[:j.width], row)
	j.ordinal++
	j.hash, j.at, j.matched, j.probing = hash, -1, j.met.has(j.ordinal), true
	if decided := j.matched && (j.node.Kind == plan.SemiJoin || j.node.Kind == plan.AntiJoin); !null && !decided {
		j.at = j.table.first(hash)
	}
	return true, nil
}

// partner finds the next inner row that fits the present outer row, and puts it beside it; false if there is no more.
func (j *hashJoin) partner() (bool, error) {
	for j.at >= 0 {
		i := int(j.at)
		e := &j.table.entries[i]
		if j.at = e.next; e.hash != j.hash {
			continue
		}
		inner := j.row[j.width:]
		if err := j.table.decode(i, inner); err != nil {
			return false, err
		}
		if ok, err := j.equal(inner); err != nil {
			return false, err
		} else if !ok {
			continue
		}
		if ok, err := j.x.passes(j.node.Join, j.row); err != nil {
			return false, err
		} else if !ok {
			j.stats.JoinFiltered++
			continue
		}
		e.matched, j.matched = true, true
		return true, nil
	}
	return false, nil
}

// equal compares the keys of an inner row with those of the present outer row.
func (j *hashJoin) equal(inner Row) (bool, error) {
	for i := range j.node.Keys {
		k := &j.node.Keys[i]
		v, err := j.x.joinKey(k, true, inner)
		if err != nil || v.Null || k.Compare(j.keys[i], v) != 0 {
			return false, err
		}
	}
	return true, nil
}

func (j *hashJoin) Next() (Row, error) {
	if !j.loaded {
		if err := j.begin(); err != nil {
			return nil, err
		}
	}
	for {
		if err := j.tick.tick(); err != nil {
			return nil, err
		}
		ok, end, err := j.step()
		if err != nil || end {
			return nil, err
		}
		if !ok {
			continue
		}
		if ok, err := j.x.passes(j.node.Filter, j.row); err != nil {
			return nil, err
		} else if ok {
			return j.out.apply(j.row)
		}
		j.stats.Filtered++
	}
}

// step puts the next joined row together. ok is false if there is none yet, end says that there will be none.
func (j *hashJoin) step() (ok, end bool, err error) {
	if !j.probing {
		more, err := j.advance()
		if err != nil {
			return false, false, err
		}
		if !more {
			return j.leftover()
		}
	}
	found, err := j.partner()
	if err != nil {
		return false, false, err
	}
	kind := j.node.Kind
	if !found {
		j.probing = false
		if j.matched && j.more != nil {
			j.met.add(j.ordinal)
		}
		if j.matched || j.more != nil || !j.keepsOuter() {
			return false, false, nil
		}
		nullRow(j.row[j.width:])
		return true, false, nil
	}
	if kind == plan.SemiJoin || kind == plan.AntiJoin { // one partner is enough
		j.probing = false
		if j.more != nil {
			j.met.add(j.ordinal)
		}
	}
	return kind != plan.AntiJoin, false, nil
}

// leftover goes through the inner rows without partner, where they are wanted, and then to the next turn or batch.
func (j *hashJoin) leftover() (ok, end bool, err error) {
	if j.keepsInner() {
		for i := j.rest; i < len(j.table.entries); i++ {
			if !j.table.entries[i].matched {
				j.rest = i + 1
				nullRow(j.row[:j.width])
				return true, false, j.table.decode(i, j.row[j.width:])
			}
		}
		j.rest = len(j.table.entries)
	}
	if j.more != nil {
		return false, false, j.nextTurn()
	}
	j.batch.close()
	if len(j.pending) == 0 {
		return false, true, nil
	}
	return false, false, j.nextBatch()
}

func (j *hashJoin) Close() {
	j.endBatches()
	j.table, j.whole, j.from.taken = joinTable{types: j.table.types}, false, false
	j.outer.Close()
	j.inner.Close()
}
