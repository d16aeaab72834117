package redo

import (
	"cmp"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
)

// tracker knows which transactions are open at the current record, what files they created, and which ids are used.
type tracker struct {
	nextXID uint64
	nextOID uint32
	active  map[uint64][]page.RelFileNumber // created relations by transaction
}

// start begins with what the checkpoint knew. Transactions that it lists may turn out to have ended before: the list is
// taken after the redo position.
func (t *tracker) start(c walrec.Checkpoint) {
	t.nextXID, t.nextOID = c.NextXID, c.NextOID
	t.active = make(map[uint64][]page.RelFileNumber, len(c.Active))
	t.merge(c)
}

// merge takes in a checkpoint record met on the way. Transactions that it lists were open at its redo position or later;
// those that have ended since are not in it.
func (t *tracker) merge(c walrec.Checkpoint) {
	t.nextXID, t.nextOID = max(t.nextXID, c.NextXID), max(t.nextOID, c.NextOID)
	for _, x := range c.Active {
		if _, known := t.active[x.XID]; !known {
			t.active[x.XID] = x.Created
		}
	}
}

func (t *tracker) seen(rec *wal.Record) {
	if rec.XID == 0 {
		return
	}
	t.nextXID = max(t.nextXID, rec.XID+1)
	if _, known := t.active[rec.XID]; !known {
		t.active[rec.XID] = nil
	}
}

func (t *tracker) created(xid uint64, rel page.RelFileNumber) {
	t.nextOID = max(t.nextOID, uint32(rel)+1)
	if xid != 0 && !slices.Contains(t.active[xid], rel) {
		t.active[xid] = append(t.active[xid], rel)
	}
}

// ended forgets a transaction and the subtransactions that end with it.
func (t *tracker) ended(xid uint64, subs []uint64) {
	delete(t.active, xid)
	for _, sub := range subs {
		delete(t.active, sub)
		t.nextXID = max(t.nextXID, sub+1)
	}
}

func (t *tracker) unfinished() []walrec.ActiveXact {
	list := make([]walrec.ActiveXact, 0, len(t.active))
	for xid, created := range t.active {
		list = append(list, walrec.ActiveXact{XID: xid, Created: slices.Sorted(slices.Values(created))})
	}
	slices.SortFunc(list, func(a, b walrec.ActiveXact) int { return cmp.Compare(a.XID, b.XID) })
	return list
}
