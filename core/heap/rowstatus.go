package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Life says whether a row counts when an equal one is about to be inserted.
type Life uint8

const (
	// Dead rows are out of the way, for good or because the asking transaction deleted them.
	Dead Life = iota
	// Live rows are there, whether or not everybody sees them yet.
	Live
	// Undecided rows depend on how a running transaction ends.
	Undecided
)

// RowStatus is the answer for one row.
type RowStatus struct {
	Life Life
	XID  xact.XID // for Undecided: wait for it with xact.Manager.Wait, and ask again
}

// Statuses tells for each TID, as an index has it, whether a row lives there, in the eyes of the transaction self, the number of one
// or of a subtransaction. Snapshots do not matter: for a
// unique index a row is in the way as soon as it is committed. TIDs that are grouped by block are answered faster.
func (h *Store) Statuses(self xact.XID, rel Relation, tids []page.TID) ([]RowStatus, error) {
	out := make([]RowStatus, len(tids))
	for i, tid := range tids {
		err := h.withPage(rel, tid, func(p page.Page) error {
			var err error
			out[i], err = h.chainLife(self, chainFrom(p, tid.Block, tid.Offset))
			return corruptIf(rel, tid, err)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chainLife judges a row by all its versions: it lives if one does, and else depends on how the first of those ends that are undecided.
func (h *Store) chainLife(self xact.XID, c chain) (RowStatus, error) {
	var out RowStatus
	for {
		_, item, ok, err := c.next()
		if err != nil || !ok {
			return out, err
		}
		s, err := h.life(self, decodeHeader(item))
		if err != nil || s.Life == Live {
			return s, err
		}
		if out.Life == Dead {
			out = s
		}
	}
}

func (h *Store) life(self xact.XID, v header) (RowStatus, error) {
	switch state, _, err := h.xact.Status(v.xmin); {
	case err != nil || state == xact.Aborted:
		return RowStatus{Life: Dead}, err
	case state == xact.InProgress && !h.xact.SameTransaction(self, v.xmin):
		return RowStatus{Life: Undecided, XID: v.xmin}, nil
	case v.xmax == xact.InvalidXID:
		return RowStatus{Life: Live}, nil
	}
	switch state, _, err := h.xact.Status(v.xmax); {
	case err != nil:
		return RowStatus{}, err
	case state == xact.Aborted:
		return RowStatus{Life: Live}, nil
	case state == xact.InProgress && !h.xact.SameTransaction(self, v.xmax):
		return RowStatus{Life: Undecided, XID: v.xmax}, nil
	}
	return RowStatus{Life: Dead}, nil
}
