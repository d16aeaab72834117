package xact

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// A status page is all special space, 8 bytes for each transaction, in the order of their numbers:
//
//	0        24           24+8*i                8192
//	+--------+-- … -------+-----------+-- … ----+
//	| header |            | entry i   |         |
//	+--------+-- … -------+-----------+-- … ----+
//
// An entry is the LSN of the transaction's commit record, or one of the values below. No commit record starts that
// low: the first segment of a log begins at 0/1000000. An entry with the highest bit set is a subtransaction's that did not fit into the
// commit record: its transaction's number, whose entry counts.
const (
	entryNone    uint64 = 0 // running, or ended without a record (X6)
	entryAborted uint64 = 1
	entryOfTop   uint64 = 1 << 63

	entrySize      = 8
	entriesPerPage = (page.Size - page.HeaderSize) / entrySize // 1021
)

var statusRelation = genericxlog.Relation{Rel: StatusRel, Fork: page.MainFork}

// statusBlock returns the block that holds xid's entry and the entry's number in it.
func statusBlock(xid XID) (page.BlockNumber, int) {
	return page.BlockNumber(xid / entriesPerPage), int(xid % entriesPerPage)
}

func entryOffset(i int) int { return page.HeaderSize + i*entrySize }

// entryAt reads an entry; an all-zero page has none.
func entryAt(p page.Page, i int) uint64 {
	return binary.LittleEndian.Uint64(p[entryOffset(i):])
}

// initStatusPage gives a page that was never written its layout.
func initStatusPage(e *page.Editor) error {
	if !e.Page().IsNew() {
		return nil
	}
	return e.Init(page.Size-page.HeaderSize, 0)
}
