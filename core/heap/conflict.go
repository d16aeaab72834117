package heap

import "github.com/quiredb/quire/core/page"

// LogConflict has standbys settle with readers whose snapshots are older than horizon before they replay anything that is
// logged after it. It is for removals whose own records carry no horizon: an access method deletes entries without
// knowing whose they were, and a rewritten heap lacks rows. blk is any page of the heap that is in use.
func (h *Store) LogConflict(rel Relation, blk page.BlockNumber, horizon page.LSN) error {
	if rel.Unlogged || horizon == 0 {
		return nil
	}
	b, err := h.pool.Pin(rel.tag(blk))
	if err != nil {
		return wrapRel(rel, "log a conflict of", err)
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	s := h.gx.Start(rel.gx())
	defer s.Abort()
	if _, err := s.RegisterBuffer(b, 0); err != nil {
		return wrapRel(rel, "log a conflict of", err)
	}
	s.SetConflictHorizon(b, horizon)
	s.Annotate("readers of removed rows")
	_, err = s.Finish()
	return wrapRel(rel, "log a conflict of", err)
}
