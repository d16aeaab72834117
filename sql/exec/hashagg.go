package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// hashMemMultiplier is PostgreSQL's hash_mem_multiplier: a hash table may take that many times work_mem.
const hashMemMultiplier = 2

// spillPartitions is the number of files that the rows of groups without a place go to.
const spillPartitions = 16

// maxSpillDepth bounds how often rows are divided anew. 16 to the power of 8 partitions hold anything that is not one group.
const maxSpillDepth = 8

// hashAggregate keeps a hash table of groups. When the table has taken its memory, rows of groups that it does not have go to
// partitions on disk, which are aggregated one after the other in the same way.
type hashAggregate struct {
	grouping
	groups  []group
	heads   map[uint64]int32
	bytes   int64
	at      int
	loaded  bool
	pending []partition
	current [spillPartitions]*spill
	depth   int
}

type partition struct {
	file  *spill
	depth int
}

func (a *hashAggregate) Open() error {
	a.release()
	a.tick = ticker{ctx: a.x.Ctx}
	return a.child.Open()
}

func (a *hashAggregate) Close() {
	a.release()
	a.child.Close()
}

func (a *hashAggregate) release() {
	for i := range a.current {
		a.current[i].close()
		a.current[i] = nil
	}
	for _, p := range a.pending {
		p.file.close()
	}
	a.pending, a.groups, a.heads, a.bytes, a.at, a.loaded, a.depth = nil, nil, nil, 0, 0, false, 0
}

func (a *hashAggregate) Next() (Row, error) {
	for {
		if !a.loaded {
			if err := a.load(a.child.Next); err != nil {
				return nil, err
			}
		}
		for a.at < len(a.groups) {
			gr := &a.groups[a.at]
			a.at++
			if out, err := a.finish(gr); err != nil || out != nil {
				return out, err
			}
		}
		if len(a.pending) == 0 {
			return nil, nil
		}
		p := a.pending[len(a.pending)-1]
		a.pending = a.pending[:len(a.pending)-1]
		r, err := p.file.reader()
		if err != nil {
			return nil, err
		}
		a.depth = p.depth
		err = a.load(r.next)
		p.file.close()
		if err != nil {
			return nil, err
		}
	}
}

// load aggregates all rows of next, as far as there is memory.
func (a *hashAggregate) load(next func() (Row, error)) error {
	a.loaded = true
	a.groups, a.heads, a.bytes, a.at = a.groups[:0], make(map[uint64]int32), 0, 0
	a.stats.Batches++
	for {
		row, err := next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if err := a.tick.tick(); err != nil {
			return err
		}
		if err := a.take(row); err != nil {
			return err
		}
	}
	a.stats.HashBytes = max(a.stats.HashBytes, a.bytes)
	for i, f := range a.current {
		if f != nil {
			if err := f.flush(); err != nil {
				return err
			}
			a.stats.SortBytes += f.size
			a.pending = append(a.pending, partition{f, a.depth + 1})
			a.current[i] = nil
		}
	}
	return nil
}

func (a *hashAggregate) take(row Row) error {
	if err := a.readKey(row); err != nil {
		return err
	}
	h := uint64(len(a.key))
	for i := range a.key {
		h = h*0x9E3779B97F4A7C15 + datum.Hash(a.node.Keys[i].Type, a.key[i])
	}
	h ^= h >> 29
	head, found := a.heads[h]
	if found {
		for i := head; i >= 0; i = a.groups[i].next {
			if a.sameKey(a.groups[i].keys) {
				return a.add(&a.groups[i], row)
			}
		}
	}
	if a.bytes > a.x.WorkMem*hashMemMultiplier && len(a.groups) > 0 {
		return a.spillRow(h, row)
	}
	gr := a.start()
	if found {
		gr.next = head
	}
	a.groups = append(a.groups, gr)
	a.heads[h] = int32(len(a.groups) - 1)
	a.bytes += rowBytes(gr.keys) + int64(96+64*len(gr.states))
	return a.add(&a.groups[len(a.groups)-1], row)
}

// spillRow puts a row off until the groups in memory are done.
func (a *hashAggregate) spillRow(hash uint64, row Row) error {
	if a.depth >= maxSpillDepth {
		return pgerr.New(pgerr.OutOfMemory, "hash table for grouping exceeds work_mem of %d kB", a.x.WorkMem>>10).
			WithHint("Raise work_mem, or set enable_hashagg to off.")
	}
	i := hash >> (4 * a.depth) % spillPartitions
	if a.current[i] == nil {
		f, err := a.x.Temp.create(a.node.Child.Common().Types)
		if err != nil {
			return err
		}
		a.current[i] = f
	}
	return a.current[i].write(row)
}
