package catalog

import (
	"context"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
)

// CreateIndex makes the row and the empty files of an index; the caller builds it in the same transaction. It fills in OID, Rel and
// Unlogged of def, and takes Share on the table, so that its rows stand still. initPages are the empty image, needed if the table
// is unlogged.
func (s *Store) CreateIndex(ctx context.Context, t *xact.Txn, def *Index, initPages []page.Page) error {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.Table), lock.Share); err != nil {
		return err
	}
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Name(kindMethod.space(), def.AM), lock.Share); err != nil {
		return err
	}
	c, err := s.claimName(ctx, t, kindIndex, def.Name)
	if err != nil {
		return err
	}
	table := c.TableByOID(def.Table)
	switch {
	case table == nil:
		return pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", def.Table)
	case c.AccessMethod(def.AM) == nil: // by C5
		return noMethod(def.AM)
	}
	def.OID = s.NewOID()
	def.Rel, def.Unlogged = page.RelFileNumber(def.OID), table.Unlogged
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.OID), lock.AccessExclusive); err != nil {
		return err
	}
	s.pool.AssignArena(def.Rel, def.AM)
	rec := walrec.RelCreate{Rel: def.Rel, Unlogged: def.Unlogged, AM: def.AM}
	if def.Unlogged {
		rec.InitPages = initPages
	}
	if err := s.createFiles(ctx, t, rec); err != nil {
		return err
	}
	return s.create(ctx, t, def)
}

// DropIndex drops an index. It waits for everybody who uses the table.
func (s *Store) DropIndex(ctx context.Context, t *xact.Txn, oid uint32) error {
	c, err := s.Current(t)
	if err != nil {
		return err
	}
	i := c.IndexByOID(oid)
	if i == nil {
		return noIndex(oid)
	}
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(i.Table), lock.AccessExclusive); err != nil {
		return err
	}
	if c, err = s.latest(ctx, t); err != nil {
		return err
	}
	if i = c.IndexByOID(oid); i == nil {
		return noIndex(oid)
	}
	return s.dropIndex(ctx, t, i)
}

// dropIndex drops an index whose table is locked.
func (s *Store) dropIndex(ctx context.Context, t *xact.Txn, i *Index) error {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(i.OID), lock.AccessExclusive); err != nil {
		return err
	}
	if err := s.remove(ctx, t, i); err != nil {
		return err
	}
	forgetCounts(t, i.OID)
	s.dropFiles(t, i.Rel)
	return nil
}

// SetBuiltBy stores what the build of an index that t has created found out.
func (s *Store) SetBuiltBy(ctx context.Context, t *xact.Txn, oid uint32, by xact.XID) error {
	c, err := s.Current(t)
	if err != nil {
		return err
	}
	old := c.IndexByOID(oid)
	if old == nil {
		return noIndex(oid)
	}
	def := old.Clone()
	def.BuiltBy = by
	return s.replaceIfDifferent(ctx, t, old, def)
}

// AlterIndex gives an index another definition: def is a changed Clone of its newest state. It takes AccessExclusive on the
// table. A new Rel must have been made with CreateFile; the old file goes at commit.
func (s *Store) AlterIndex(ctx context.Context, t *xact.Txn, def *Index) error {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.Table), lock.AccessExclusive); err != nil {
		return err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return err
	}
	old := c.IndexByOID(def.OID)
	if old == nil {
		return noIndex(def.OID)
	}
	if old.Name != def.Name {
		if _, err := s.claimName(ctx, t, kindIndex, def.Name); err != nil {
			return err
		}
	}
	if err := s.replace(ctx, t, old, def); err != nil {
		return err
	}
	if old.Rel != def.Rel {
		s.dropFiles(t, old.Rel)
	}
	return nil
}

func noIndex(oid uint32) error {
	return pgerr.New(pgerr.UndefinedObject, "index with OID %d does not exist", oid)
}

func noMethod(name string) error {
	return pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", name).
		WithHint("Create it with CREATE ACCESS METHOD %s TYPE INDEX HANDLER ..., or install its plugin.", name)
}
