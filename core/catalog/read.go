package catalog

import (
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Read returns the catalog as snap sees it.
func (s *Store) Read(snap *xact.Snapshot) (*Catalog, error) {
	if t := snap.Txn(); t.ChangedCatalog() {
		return s.readOwn(snap, t)
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
	snap := t.Latest()
	defer snap.Release()
	return s.Read(snap)
}

// readOwn keeps one state for each transaction that has changed the catalog.
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

// load reads all rows. Objects whose row is the same as in base are taken from there.
func (s *Store) load(snap *xact.Snapshot, base *Catalog) (*Catalog, error) {
	c := newCatalog()
	scan, err := s.heap.Scan(snap, Relation())
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	var found []object
	for {
		tid, row, ok, err := scan.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		o, err := s.object(tid, row, base)
		if err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	slices.SortFunc(found, func(a, b object) int {
		x, _ := a.head()
		y, _ := b.head()
		return int(*x) - int(*y)
	})
	for _, o := range found {
		c.add(o)
	}
	return c, nil
}

// object decodes a row, or finds the object that equal bytes at the same place have been decoded to before.
func (s *Store) object(tid page.TID, row []byte, base *Catalog) (object, error) {
	if base != nil {
		if oid, ok := peekOID(row); ok {
			if o := base.byOID[oid]; o != nil && o.at().tid == tid && o.at().row == string(row) {
				return o, nil
			}
		}
	}
	o, err := decode(tid, row)
	if err != nil {
		return nil, err
	}
	if i, ok := o.(*Index); ok {
		s.pool.AssignArena(i.Rel, i.AM)
	}
	return o, nil
}
