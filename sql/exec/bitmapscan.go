package exec

import (
	"slices"
	"time"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/sql/plan"
)

// bitmapHeapScan fetches the rows whose places an index found, block by block in the order of the heap.
type bitmapHeapScan struct {
	x     *Context
	node  *plan.BitmapHeapScan
	stats *Stats
	index *Stats // of the bitmap index scan
	out   projector
	tick  ticker
	next  func() (*block, bool)
	row   Row

	// The visible rows of the current block: bytes in buf, ends and places beside them.
	buf     []byte
	found   []foundRow
	at      int
	started bool
	count   *pgstat.Pending // of the table
}

type foundRow struct {
	tid      page.TID
	from, to int
	recheck  bool
}

func newBitmapHeapScan(x *Context, n *plan.BitmapHeapScan, stats *Stats) *bitmapHeapScan {
	s := &bitmapHeapScan{x: x, node: n, stats: stats, index: &Stats{}, out: newProjector(x, n.Output), row: make(Row, len(n.Table.Columns)+1)}
	if x.Instruments != nil {
		x.Instruments.Nodes[n.Child] = s.index
	}
	return s
}

func (s *bitmapHeapScan) Open() error {
	s.tick = ticker{ctx: s.x.Ctx}
	s.started, s.next, s.found, s.at = false, nil, s.found[:0], 0
	return nil
}

// collect runs the index scan.
func (s *bitmapHeapScan) collect() error {
	s.started = true
	var start time.Time
	var before Buffers
	if s.x.Instruments != nil {
		start, before = s.x.Instruments.begin()
	}
	b := newBitmap(s.x.WorkMem)
	keys, none, err := s.x.indexKeys(s.node.Child.Conds)
	if err != nil {
		return err
	}
	if !none {
		if err := s.scanIndex(b, keys); err != nil {
			return err
		}
	}
	s.next = b.blocks()
	s.index.Loops++
	if s.x.Instruments != nil {
		s.x.Instruments.note(s.index, start, before)
		s.index.Startup = s.index.Total
	}
	return nil
}

func (s *bitmapHeapScan) scanIndex(b *bitmap, keys []am.ScanKey) error {
	idx := s.node.Child.Index
	cursor, err := idx.Method.Scan(s.x.Ctx, idx.Def, keys, am.ScanOptions{})
	if err != nil {
		return err
	}
	h := hits{cursor: cursor}
	defer h.close()
	count := s.x.Txn.Counts().Relation(idx.Def.OID)
	count.Scanned(searches(keys))
	for {
		hit, ok, err := h.next()
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		if err := s.tick.tick(); err != nil {
			return err
		}
		s.index.Rows++
		count.Returned(1)
		b.add(hit)
	}
}

func (s *bitmapHeapScan) Next() (Row, error) {
	if !s.started {
		if err := s.collect(); err != nil {
			return nil, err
		}
		s.count = s.x.Txn.Counts().Relation(s.node.Table.OID)
	}
	t, tid := s.node.Table, s.node.Table.TIDSlot()
	for {
		for s.at == len(s.found) {
			more, err := s.fetch()
			if err != nil || !more {
				return nil, err
			}
		}
		f := &s.found[s.at]
		s.at++
		s.count.Fetched(1)
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		if err := t.Row.DecodeColumns(s.buf[f.from:f.to], s.node.Need, s.row); err != nil {
			return nil, badRow(t, f.tid, err)
		}
		s.row[tid].I = packTID(f.tid)
		if f.recheck { // by X2
			if ok, err := s.x.passes(s.node.Recheck, s.row); err != nil {
				return nil, err
			} else if !ok {
				s.stats.Rechecked++
				continue
			}
		}
		ok, err := s.x.passes(s.node.Filter, s.row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(s.row)
		}
		s.stats.Filtered++
	}
}

// fetch reads the visible rows of the next block of the bitmap.
func (s *bitmapHeapScan) fetch() (bool, error) {
	blk, ok := s.next()
	if !ok {
		return false, nil
	}
	s.buf, s.found, s.at = s.buf[:0], s.found[:0], 0
	if blk.offsets == nil {
		s.stats.LossyBlocks++
	} else {
		s.stats.ExactBlocks++
	}
	err := s.x.Heap.FetchBlock(s.x.Snapshot, s.node.Table.Heap, blk.number, blk.offsets, func(root page.OffsetNumber, tid page.TID, row []byte) bool {
		from := len(s.buf)
		s.buf = append(s.buf, row...)
		recheck := true
		if blk.offsets != nil {
			i, _ := slices.BinarySearch(blk.offsets, root)
			recheck = blk.recheck[i]
		}
		s.found = append(s.found, foundRow{tid, from, len(s.buf), recheck})
		return true
	})
	return err == nil, err
}

func (s *bitmapHeapScan) Close() { s.next, s.found, s.at = nil, nil, 0 }
