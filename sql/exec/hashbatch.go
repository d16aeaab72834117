package exec

import "github.com/quiredb/quire/sql/plan"

// The batches of a hash join. Dividing helps as long as the inner rows differ in their hash. Those of one batch that do not, and those of the
// last depth, come in turns: the table is filled as far as it goes, all outer rows of the batch are looked up, then the next inner rows take
// the place of the first. An inner row is in one turn only, so that its match is known at the turn's end; of the outer rows a bit each is kept
// from turn to turn, and those without a partner come out in the last one. So no key is too frequent for work_mem.

// joinBatch is one partition of both sides; the zero batch is both sides as the operators below return them.
type joinBatch struct {
	inner, outer *spill
	depth        int
	// single says that all inner rows have one hash.
	single bool
}

func (b *joinBatch) close() {
	b.inner.close()
	b.outer.close()
	*b = joinBatch{}
}

// begin loads the table, unless the one that is there still holds, and starts to read the outer side.
func (j *hashJoin) begin() error {
	j.loaded = true
	j.start(j.outer.Next)
	if j.whole && j.from.same(j.x.Eval.Exec) {
		if j.keepsInner() {
			for i := range j.table.entries {
				j.table.entries[i].matched = false
			}
		}
		return nil
	}
	j.from.take(j.x.Eval.Exec)
	if err := j.inner.Open(); err != nil {
		return err
	}
	return j.load(j.inner.Next)
}

// start makes next the outer rows of a turn.
func (j *hashJoin) start(next func() (Row, error)) {
	j.next, j.more, j.ordinal, j.rest = next, nil, -1, 0
}

// load fills the table from inner rows. If they are too many it divides both sides, and the first batch becomes the present one, or it leaves
// the rest to another turn.
func (j *hashJoin) load(next func() (Row, error)) error {
	j.table.reset()
	j.whole = false
	for j.more == nil {
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
		j.table.add(row, hash)
		if j.table.bytes() > j.x.WorkMem*hashMemMultiplier {
			if !j.batch.single && j.batch.depth < maxSpillDepth {
				return j.divide(next)
			}
			j.more = next
		}
	}
	j.whole = j.batch.depth == 0
	j.table.link()
	j.hashStats.HashBytes = max(j.hashStats.HashBytes, j.table.bytes())
	j.hashStats.Batches = max(j.hashStats.Batches, 1)
	return nil
}

// divide writes both sides of the present batch to partitions and goes on with one of them.
func (j *hashJoin) divide(next func() (Row, error)) error {
	var parts [spillPartitions]joinBatch
	var first [spillPartitions]uint64
	defer func() { // whatever has not been handed over
		for i := range parts {
			parts[i].close()
		}
	}()
	depth := j.batch.depth
	inner := func(hash uint64, row Row) error {
		i := hash >> (60 - 4*depth) % spillPartitions
		p := &parts[i]
		if p.inner == nil {
			first[i], p.single = hash, true
		}
		p.single = p.single && hash == first[i]
		return j.writeTo(&p.inner, j.node.Inner, row)
	}
	outer := func(hash uint64, row Row) error {
		p := &parts[hash>>(60-4*depth)%spillPartitions]
		if p.inner == nil && !j.keepsOuter() {
			return nil
		}
		return j.writeTo(&p.outer, j.node.Outer, row)
	}
	row := make(Row, len(j.table.types))
	for i, e := range j.table.entries {
		if err := j.table.decode(i, row); err != nil {
			return err
		}
		if err := inner(e.hash, row); err != nil {
			return err
		}
	}
	j.table.reset()
	if err := j.each(next, true, inner); err != nil {
		return err
	}
	if err := j.each(j.next, false, outer); err != nil {
		return err
	}
	for i := range parts {
		p := &parts[i]
		if p.inner == nil && p.outer == nil {
			continue
		}
		p.depth = depth + 1
		for _, f := range []*spill{p.inner, p.outer} {
			if f == nil {
				continue
			}
			if err := f.finish(); err != nil {
				return err
			}
		}
		j.pending = append(j.pending, *p)
		*p = joinBatch{}
		j.hashStats.Batches++
	}
	j.batch.close()
	return j.nextBatch()
}

// writeTo appends a row of n to a file, which is made for the first one.
func (j *hashJoin) writeTo(file **spill, n plan.Node, row Row) error {
	if *file == nil {
		f, err := j.x.Temp.create(n.Common().Types)
		if err != nil {
			return err
		}
		*file = f
	}
	return (*file).write(row)
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
		if null && (inner && !j.keepsInner() || !inner && !j.keepsOuter()) {
			continue
		}
		if err := visit(hash, row); err != nil {
			return err
		}
	}
}

// nextBatch makes the next pair of files the present batch.
func (j *hashJoin) nextBatch() error {
	j.batch = j.pending[len(j.pending)-1]
	j.pending = j.pending[:len(j.pending)-1]
	j.met = j.met[:0]
	inner, err := j.batch.inner.replay()
	if err != nil {
		return err
	}
	outer, err := j.batch.outer.replay()
	if err != nil {
		return err
	}
	j.start(outer)
	return j.load(inner)
}

// nextTurn looks the outer rows of the present batch up among its next inner rows.
func (j *hashJoin) nextTurn() error {
	inner := j.more
	outer, err := j.batch.outer.replay()
	if err != nil {
		return err
	}
	j.start(outer)
	return j.load(inner)
}

// endBatches removes the files of a run that was not read to its end.
func (j *hashJoin) endBatches() {
	j.batch.close()
	for i := range j.pending {
		j.pending[i].close()
	}
	j.pending, j.met, j.more = nil, nil, nil
}

// bitset is a set of small integers.
type bitset []uint64

func (b *bitset) add(i int) {
	for i/64 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b bitset) has(i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }
