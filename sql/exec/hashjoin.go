package exec

import (
	"github.com/quiredb/quire/sql/plan"
)

// hashJoin looks outer rows up in a table of the inner rows. When the table has taken its memory, both sides are divided by the hash of
// their keys into files, and the pairs of files are joined one after the other in the same way.
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
	next    func() (Row, error) // outer rows of the present batch
	done    func()              // ends the present batch

	row     Row
	width   int
	keys    Row
	hash    uint64
	at      int32
	probing bool
	matched bool
	rest    int // of the inner rows without partner
}

// joinBatch is one partition of both sides.
type joinBatch struct {
	inner, outer *spill
	depth        int
}

func newHashJoin(x *Context, n *plan.HashJoin, stats *Stats) *hashJoin {
	width := len(n.Outer.Common().Types)
	j := &hashJoin{
		x: x, node: n, stats: stats, hashStats: &Stats{}, outer: Build(x, n.Outer), inner: Build(x, n.Inner), out: newProjector(x, n.Output),
		width: width, row: make(Row, width+len(n.Inner.Types)), keys: make(Row, len(n.Keys)), from: snapshot{slots: n.Inner.Reads},
	}
	if x.Instruments != nil {
		j.hashStats = x.Instruments.Nodes[n.Inner]
	}
	return j
}

func (j *hashJoin) keepsInner() bool {
	return j.node.Kind == plan.RightJoin || j.node.Kind == plan.FullJoin
}

func (j *hashJoin) Open() error {
	j.endBatches()
	j.tick, j.probing, j.loaded = ticker{ctx: j.x.Ctx}, false, false
	return j.outer.Open()
}

// begin loads the table, unless the one that is there still holds, and starts to read the outer side.
func (j *hashJoin) begin() error {
	j.loaded, j.rest = true, 0
	j.next, j.done = j.outer.Next, nil
	if j.whole && j.from.same(j.x.Eval.Exec) {
		if j.keepsInner() {
			for i := range j.table.rows {
				j.table.rows[i].matched = false
			}
		}
		return nil
	}
	j.from.take(j.x.Eval.Exec)
	if err := j.inner.Open(); err != nil {
		return err
	}
	return j.load(j.inner.Next, 0)
}

// load fills the table from inner rows; if they are too many it divides both sides, and the first batch becomes the present one.
func (j *hashJoin) load(next func() (Row, error), depth int) error {
	j.table.reset()
	j.whole = false
	for {
		row, err := next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if err := j.tick.tick(); err != nil {
			return err
		}
		hash, null, err := j.x.joinKeys(j.node.Keys, true, row, j.keys)
		if err != nil {
			return err
		}
		if null && !j.keepsInner() {
			continue
		}
		j.table.add(cloneRow(row), cloneRow(j.keys), hash)
		if j.table.bytes > j.x.WorkMem*hashMemMultiplier && depth < maxSpillDepth {
			return j.divide(next, depth)
		}
	}
	j.whole = depth == 0
	j.table.link()
	j.hashStats.HashBytes = max(j.hashStats.HashBytes, j.table.bytes)
	j.hashStats.Batches = max(j.hashStats.Batches, 1)
	return nil
}

// divide writes both sides to partitions and goes on with the first of them.
func (j *hashJoin) divide(next func() (Row, error), depth int) error {
	var inner, outer [spillPartitions]*spill
	defer func() { // whatever has not been handed over
		for i := range inner {
			inner[i].close()
			outer[i].close()
		}
	}()
	to := func(files *[spillPartitions]*spill, n plan.Node, hash uint64, row Row) error {
		i := hash >> (60 - 4*depth) % spillPartitions
		if files[i] == nil {
			f, err := j.x.Temp.create(n.Common().Types)
			if err != nil {
				return err
			}
			files[i] = f
		}
		return files[i].write(row)
	}
	for i := range j.table.rows {
		if err := to(&inner, j.node.Inner, j.table.rows[i].hash, j.table.rows[i].row); err != nil {
			return err
		}
	}
	j.table.reset()
	if err := j.each(next, true, func(hash uint64, row Row) error { return to(&inner, j.node.Inner, hash, row) }); err != nil {
		return err
	}
	if err := j.each(j.next, false, func(hash uint64, row Row) error { return to(&outer, j.node.Outer, hash, row) }); err != nil {
		return err
	}
	for i := range inner {
		if inner[i] == nil && outer[i] == nil {
			continue
		}
		j.pending = append(j.pending, joinBatch{inner[i], outer[i], depth + 1})
		inner[i], outer[i] = nil, nil
		j.hashStats.Batches++
	}
	if j.done != nil {
		j.done()
		j.done = nil
	}
	return j.nextBatch()
}

// each calls visit with the remaining rows of one side.
func (j *hashJoin) each(next func() (Row, error), inner bool, visit func(hash uint64, row Row) error) error {
	for {
		row, err := next()
		if err != nil || row == nil {
			return err
		}
		if err := j.tick.tick(); err != nil {
			return err
		}
		hash, null, err := j.x.joinKeys(j.node.Keys, inner, row, j.keys)
		if err != nil {
			return err
		}
		if null && inner && !j.keepsInner() {
			continue
		}
		if err := visit(hash, row); err != nil {
			return err
		}
	}
}

// nextBatch makes the next pair of files the present batch.
func (j *hashJoin) nextBatch() error {
	b := j.pending[len(j.pending)-1]
	j.pending = j.pending[:len(j.pending)-1]
	j.rest = 0
	open := func(f *spill) (func() (Row, error), error) {
		if f == nil {
			return func() (Row, error) { return nil, nil }, nil
		}
		r, err := f.reader()
		if err != nil {
			return nil, err
		}
		return r.next, nil
	}
	j.done = func() { b.inner.close(); b.outer.close() }
	inner, err := open(b.inner)
	if err != nil {
		return err
	}
	if j.next, err = open(b.outer); err != nil {
		return err
	}
	return j.load(inner, b.depth)
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
	j.hash, j.at, j.matched, j.probing = hash, -1, false, true
	if !null {
		j.at = j.table.first(hash)
	}
	return true, nil
}

// partner finds the next inner row that fits the present outer row, and puts it beside it; false if there is no more.
func (j *hashJoin) partner() (bool, error) {
	for j.at >= 0 {
		r := &j.table.rows[j.at]
		j.at = r.next
		if r.hash != j.hash || !j.equal(r.keys) {
			continue
		}
		copy(j.row[j.width:], r.row)
		if ok, err := j.x.passes(j.node.Join, j.row); err != nil {
			return false, err
		} else if !ok {
			j.stats.JoinFiltered++
			continue
		}
		r.matched, j.matched = true, true
		return true, nil
	}
	return false, nil
}

func (j *hashJoin) equal(keys Row) bool {
	for i := range j.node.Keys {
		if keys[i].Null || j.node.Keys[i].Compare(j.keys[i], keys[i]) != 0 {
			return false
		}
	}
	return true
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
		if j.matched || kind != plan.LeftJoin && kind != plan.FullJoin && kind != plan.AntiJoin {
			return false, false, nil
		}
		nullRow(j.row[j.width:])
		return true, false, nil
	}
	switch kind {
	case plan.SemiJoin:
		j.probing = false
	case plan.AntiJoin:
		j.probing = false
		return false, false, nil
	}
	return true, false, nil
}

// leftover goes through the inner rows without partner, where they are wanted, and then to the next batch.
func (j *hashJoin) leftover() (ok, end bool, err error) {
	if j.keepsInner() {
		for j.rest < len(j.table.rows) {
			r := &j.table.rows[j.rest]
			j.rest++
			if !r.matched {
				nullRow(j.row[:j.width])
				copy(j.row[j.width:], r.row)
				return true, false, nil
			}
		}
	}
	if j.done != nil {
		j.done()
		j.done = nil
	}
	if len(j.pending) == 0 {
		return false, true, nil
	}
	return false, false, j.nextBatch()
}

// endBatches removes the files of a run that was not read to its end.
func (j *hashJoin) endBatches() {
	if j.done != nil {
		j.done()
		j.done = nil
	}
	for _, b := range j.pending {
		b.inner.close()
		b.outer.close()
	}
	j.pending = nil
}

func (j *hashJoin) Close() {
	j.endBatches()
	j.table, j.whole, j.from.taken = joinTable{}, false, false
	j.outer.Close()
	j.inner.Close()
}
