package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// A Scanner reads the rows of a heap that a snapshot sees, in the order of their places. It works on a copy of one page
// at a time, so it holds no lock and no pin between calls. It serves one goroutine.
type Scanner struct {
	h     *Store
	rel   Relation
	judge judge
	next  page.BlockNumber // block to read next
	end   page.BlockNumber
	page  page.Page
	back  func()
	blk   page.BlockNumber // block in page
	off   page.OffsetNumber
	items page.OffsetNumber
}

// Scan starts at the first row. Rows inserted later than the snapshot would not be seen, so the heap is read up to its
// length of now.
func (h *Store) Scan(snap *xact.Snapshot, rel Relation) (*Scanner, error) {
	n, err := h.pool.Length(rel.File())
	if err != nil {
		return nil, wrapRel(rel, "scan", err)
	}
	return h.ScanBlocks(snap, rel, 0, n), nil
}

// CountItems counts what lies in a block: row versions of any kind, and pointers of dead rows that indexes may still have.
func (h *Store) CountItems(rel Relation, blk page.BlockNumber) (n int64, err error) {
	p, back := h.borrowPage()
	defer back()
	if err := h.copyPage(rel, blk, p); err != nil {
		return 0, wrapRel(rel, "read", err)
	}
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		if f := p.ItemID(off).Flags(); f == page.ItemNormal || f == page.ItemDead {
			n++
		}
	}
	return n, nil
}

// ScanBlocks scans the blocks [from, to).
func (h *Store) ScanBlocks(snap *xact.Snapshot, rel Relation, from, to page.BlockNumber) *Scanner {
	s := &Scanner{h: h, rel: rel, judge: newJudge(snap), next: from, end: to}
	s.page, s.back = h.borrowPage()
	return s
}

// Next returns the next row, or ok false after the last. The bytes of rows stay valid until Next moves on to another page, at
// the least until the next call; Block tells when that happens.
func (s *Scanner) Next() (tid page.TID, row []byte, ok bool, err error) {
	for {
		for s.off < s.items {
			s.off++
			item, normal := s.page.Item(s.off)
			if !normal {
				continue
			}
			tid := page.TID{Block: s.blk, Offset: s.off}
			visible, err := s.judge.sees(item)
			if err != nil {
				return tid, nil, false, corrupt(s.rel, tid, err)
			}
			if visible {
				return tid, item[headerSize:], true, nil
			}
		}
		if more, err := s.turn(); !more {
			return page.TID{}, nil, false, err
		}
	}
}

// turn reads the next page.
func (s *Scanner) turn() (bool, error) {
	if s.next >= s.end || s.page == nil {
		return false, nil
	}
	if err := s.h.copyPage(s.rel, s.next, s.page); err != nil {
		return false, wrapRel(s.rel, "scan", err)
	}
	s.blk, s.off, s.items = s.next, 0, page.OffsetNumber(s.page.NumItems())
	s.next++
	return true, nil
}

// Close gives the page copy back; rows become invalid. It may be called twice.
func (s *Scanner) Close() {
	if s.page != nil {
		s.page, s.items = nil, 0
		s.back()
	}
}
