package exec

import (
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/sql/plan"
)

// seqScan reads a table from its first block to its last.
type seqScan struct {
	x     *Context
	node  *plan.SeqScan
	stats *Stats
	out   projector
	tick  ticker
	scan  *heap.Scanner
	row   Row
	count *pgstat.Pending // nil before the first row is asked for
}

func newSeqScan(x *Context, n *plan.SeqScan, stats *Stats) *seqScan {
	return &seqScan{x: x, node: n, stats: stats, out: newProjector(x, n.Output), row: make(Row, len(n.Table.Columns)+1)}
}

func (s *seqScan) Open() error {
	s.Close()
	s.tick = ticker{ctx: s.x.Ctx}
	s.count = nil
	var err error
	s.scan, err = s.x.Heap.Scan(s.x.Snapshot, s.node.Table.Heap)
	return err
}

func (s *seqScan) Next() (Row, error) {
	t, tid := s.node.Table, s.node.Table.TIDSlot()
	if s.count == nil {
		s.count = s.x.Txn.Counts().Relation(t.OID)
		s.count.Scanned(1)
	}
	for {
		at, data, ok, err := s.scan.Next()
		if err != nil || !ok {
			return nil, err
		}
		s.count.Returned(1)
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		if err := t.Row.DecodeColumns(data, s.node.Need, s.row); err != nil {
			return nil, badRow(t, at, err)
		}
		s.row[tid].I = packTID(at)
		pass, err := s.x.passes(s.node.Filter, s.row)
		if err != nil {
			return nil, err
		}
		if pass {
			return s.out.apply(s.row)
		}
		s.stats.Filtered++
	}
}

func (s *seqScan) Close() {
	if s.scan != nil {
		s.scan.Close()
		s.scan = nil
	}
}

// packTID puts a row's place into the integer of a datum.
func packTID(t page.TID) int64 { return int64(t.Block)<<16 | int64(t.Offset) }

func unpackTID(v int64) page.TID {
	return page.TID{Block: page.BlockNumber(v >> 16), Offset: page.OffsetNumber(v)}
}
