package exec

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/sql/plan"
)

// indexScan fetches the rows that an index finds, in the index's order: each for itself, or, where one hit follows another on the same page of
// the table, from a copy of the page. An index-only scan takes the values from the index, and asks the heap whether the row is there only if
// its page is not all visible.
type indexScan struct {
	x     *Context
	node  *plan.IndexScan
	stats *Stats
	out   projector
	tick  ticker
	hits  hits
	rows  *heap.Rows
	seen  *heap.Visibility // of an index-only scan
	row   Row
	buf   []byte
	count *pgstat.Pending // of the index
}

func newIndexScan(x *Context, n *plan.IndexScan, stats *Stats) *indexScan {
	return &indexScan{x: x, node: n, stats: stats, out: newProjector(x, n.Output), row: make(Row, len(n.Table.Columns)+1)}
}

func (s *indexScan) Open() error {
	s.Close()
	s.tick = ticker{ctx: s.x.Ctx}
	if s.rows == nil {
		s.rows = s.x.Heap.Rows(s.x.Snapshot, s.node.Table.Heap)
	}
	if s.node.Returns != nil && s.seen == nil {
		s.seen = s.x.Heap.Visibility(s.x.Snapshot, s.node.Table.Heap)
	}
	keys, none, err := s.x.indexKeys(s.node.Conds)
	if err != nil || none {
		return err
	}
	if s.count == nil {
		s.count = s.x.Txn.Counts().Relation(s.node.Index.Def.OID)
	}
	s.count.Scanned(searches(keys))
	s.hits.cursor, err = s.node.Index.Method.Scan(s.x.Ctx, s.node.Index.Def, keys, am.ScanOptions{
		Direction: s.node.Direction, Return: s.node.Returns, Limit: s.node.Limit,
	})
	return err
}

func (s *indexScan) Next() (Row, error) {
	if s.hits.cursor == nil {
		return nil, nil
	}
	for {
		hit, ok, err := s.hits.next()
		if err != nil || !ok {
			return nil, err
		}
		s.count.Returned(1)
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		if ok, err = s.fetch(&hit); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		if hit.Recheck { // by X2
			if ok, err := s.x.passes(s.node.CondExpr, s.row); err != nil {
				return nil, err
			} else if !ok {
				s.stats.Rechecked++
				continue
			}
		}
		ok, err = s.x.passes(s.node.Filter, s.row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(s.row)
		}
		s.stats.Filtered++
	}
}

// fetch fills the row from a hit; false if the snapshot does not see it.
func (s *indexScan) fetch(hit *am.Hit) (bool, error) {
	t := s.node.Table
	if s.node.Returns != nil {
		for i, column := range s.node.Returns {
			s.row[s.node.Index.Attrs[column]] = hit.Values[i]
		}
		if s.seen.AllVisible(hit.TID.Block) {
			return true, nil
		}
		s.stats.HeapFetches++
	}
	var data []byte
	var at page.TID
	var visible bool
	var err error
	if s.rows.Has(hit.TID.Block) || s.hits.follows(hit.TID.Block) {
		data, at, visible, err = s.rows.Fetch(hit.TID)
	} else if data, at, visible, err = s.x.Heap.Fetch(s.x.Snapshot, t.Heap, hit.TID, s.buf[:0]); visible {
		s.buf = data
	}
	if err != nil || !visible {
		return false, err
	}
	s.count.Fetched(1)
	if s.node.Returns != nil {
		return true, nil
	}
	if err := t.Row.DecodeColumns(data, s.node.Need, s.row); err != nil {
		return false, badRow(t, hit.TID, err)
	}
	s.row[t.TIDSlot()].I = packTID(at)
	return true, nil
}

func (s *indexScan) Close() {
	s.hits.close()
	if s.rows != nil {
		s.rows.Close()
	}
	if s.seen != nil {
		s.seen.Close()
	}
}
