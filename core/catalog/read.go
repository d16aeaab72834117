package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Read returns the catalog as snap sees it.
func (s *Store) Read(snap *xact.Snapshot) (*Catalog, error) {
	if snap.SeesOwnCatalog() {
		return s.readOwn(snap, snap.Txn())
	}
	version, known := s.xact.CatalogVersion(snap.LSN)
	s.mu.Lock()
	shared := s.shared
	s.mu.Unlock()
	if known && shared != nil && shared.version == version {
		return shared, nil
	}
	c, err := s.load(snap, shared)
	if err != nil {
		return nil, err
	}
	c.version = version
	s.mu.Lock()
	defer s.mu.Unlock()
	if known && (s.shared == nil || version > s.shared.version) {
		s.shared = c
	}
	return c, nil
}

// Current returns the newest catalog, with the transaction's own changes, whatever its isolation level. It is what statements
// look names up in.
func (s *Store) Current(t *xact.Txn) (*Catalog, error) {
	if version, known := t.CatalogVersion(); known { // no snapshot is needed to know that nothing has changed
		s.mu.Lock()
		shared := s.shared
		s.mu.Unlock()
		if shared != nil && shared.version == version {
			return shared, nil
		}
	}
	snap := t.Latest()
	defer snap.Release()
	return s.Read(snap)
}

// readOwn keeps one state for each transaction that sees changes of its session's own.
func (s *Store) readOwn(snap *xact.Snapshot, t *xact.Txn) (*Catalog, error) {
	s.mu.Lock()
	v, shared := s.own[t], s.shared
	s.mu.Unlock()
	if v != nil && v.lsn == snap.LSN && v.cid == snap.CID {
		return v.cat, nil
	}
	base := shared
	if v != nil {
		base = v.cat
	}
	c, err := s.load(snap, base)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v == nil {
		t.OnEnd(func(bool) {
			s.mu.Lock()
			delete(s.own, t)
			s.mu.Unlock()
		})
	}
	s.own[t] = &view{lsn: snap.LSN, cid: snap.CID, cat: c}
	return c, nil
}

// load reads all rows. Objects whose rows are the same as in base are taken from there.
func (s *Store) load(snap *xact.Snapshot, base *Catalog) (*Catalog, error) {
	scan, err := s.heap.Scan(snap, Relation())
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	var found []object
	gathered := map[uint32][]part{} // new or changed objects, until their rows are complete
	for {
		tid, row, ok, err := scan.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		oid, parts, err := peek(tid, row)
		if err != nil {
			return nil, err
		}
		if o := base.same(oid, tid, row); o != nil && parts == 1 {
			found = append(found, o)
			continue
		}
		p, err := readPart(tid, row)
		if err != nil {
			return nil, err
		}
		if gathered[oid] = append(gathered[oid], p); len(gathered[oid]) == parts {
			o, err := s.decode(gathered[oid])
			if err != nil {
				return nil, err
			}
			found = append(found, o)
			delete(gathered, oid)
		}
	}
	for oid, parts := range gathered {
		return nil, damaged(parts[0].tid, fmt.Errorf("object %d has %d parts of %d", oid, len(parts), parts[0].col[colParts].I))
	}
	slices.SortFunc(found, func(a, b object) int {
		x, _ := a.head()
		y, _ := b.head()
		return cmp.Compare(*x, *y)
	})
	c := newCatalog()
	for _, o := range found {
		c.add(o)
	}
	return c, nil
}

func (s *Store) decode(parts []part) (object, error) {
	o, err := decode(parts)
	if i, ok := o.(*Index); ok {
		s.pool.AssignArena(i.Rel, i.AM)
	}
	return o, err
}

// same returns the object that this row, at this place, has been decoded to before, or nil.
func (c *Catalog) same(oid uint32, tid page.TID, row []byte) object {
	if c == nil {
		return nil
	}
	o := c.byOID[oid]
	if o == nil {
		return nil
	}
	if at := o.at(); at.tids[0] == tid && at.rows[0] == string(row) {
		return o
	}
	return nil
}
