package catalog

import (
	"context"
	"slices"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
)

// CreateTable creates an empty table. It fills in OID and Rel of def and locks the table for the transaction.
func (s *Store) CreateTable(ctx context.Context, t *xact.Txn, def *Table) error {
	if err := checkColumns(def); err != nil {
		return err
	}
	if _, err := s.claimName(ctx, t, kindTable, def.Name); err != nil {
		return err
	}
	def.OID = s.NewOID()
	def.Rel = page.RelFileNumber(def.OID)
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.OID), lock.AccessExclusive); err != nil {
		return err
	}
	if err := s.createFiles(ctx, t, walrec.RelCreate{Rel: def.Rel, Unlogged: def.Unlogged, VisibilityMap: true, AM: "heap"}); err != nil {
		return err
	}
	return s.create(ctx, t, def)
}

// maxColumns is PostgreSQL's limit.
const maxColumns = 1600

func checkColumns(def *Table) error {
	if len(def.Columns) > maxColumns {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	seen := make(map[string]bool, len(def.Columns))
	for _, c := range def.Columns {
		if c.Dropped {
			continue
		}
		if seen[c.Name] {
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// LockTable looks a table up by name and locks it. When it returns, the name meant this table while the lock was held already.
func (s *Store) LockTable(ctx context.Context, t *xact.Txn, name string, mode lock.Mode) (*Table, *Catalog, error) {
	for {
		c, err := s.Current(t)
		if err != nil {
			return nil, nil, err
		}
		table := c.Table(name)
		if table == nil {
			return nil, nil, pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", name)
		}
		tag := lock.Relation(table.OID)
		held := s.locks.Holds(t.Owner(), tag, mode)
		if err := s.locks.Acquire(ctx, t.Owner(), tag, mode); err != nil {
			return nil, nil, err
		}
		if c, err = s.latest(ctx, t); err != nil {
			return nil, nil, err
		}
		if again := c.Table(name); again != nil && again.OID == table.OID {
			return again, c, nil
		}
		if !held { // it went while we waited
			s.locks.Release(t.Owner(), tag, mode)
		}
	}
}

// table returns the newest state of a table that the caller has locked.
func (s *Store) table(ctx context.Context, t *xact.Txn, oid uint32) (*Table, *Catalog, error) {
	c, err := s.latest(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	table := c.TableByOID(oid)
	if table == nil {
		return nil, nil, pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
	}
	return table, c, nil
}

// DropTable drops a table, its indexes and the sequences that its columns own. It waits for everybody who uses the table.
func (s *Store) DropTable(ctx context.Context, t *xact.Txn, oid uint32) error {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(oid), lock.AccessExclusive); err != nil {
		return err
	}
	table, c, err := s.table(ctx, t, oid)
	if err != nil {
		return err
	}
	for _, i := range c.IndexesOf(oid) {
		if err := s.dropIndex(ctx, t, i); err != nil {
			return err
		}
	}
	for _, q := range c.SequencesOf(oid) {
		if err := s.DropSequence(ctx, t, q.OID); err != nil {
			return err
		}
	}
	if err := s.remove(ctx, t, table); err != nil {
		return err
	}
	forgetCounts(t, oid)
	s.dropFiles(t, table.Rel)
	return nil
}

// forgetCounts has the statistics of a relation dropped with it.
func forgetCounts(t *xact.Txn, oid uint32) {
	t.OnEnd(func(committed bool) {
		if committed {
			t.Counts().Dropped(oid)
		}
	})
}

// AlterTable gives a table another definition: def is a changed Clone of its newest state. It takes AccessExclusive and, for a new
// name, the name. A new Rel must have been made with CreateFile; the old file goes at commit.
func (s *Store) AlterTable(ctx context.Context, t *xact.Txn, def *Table) error {
	if err := checkColumns(def); err != nil {
		return err
	}
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.OID), lock.AccessExclusive); err != nil {
		return err
	}
	old, _, err := s.table(ctx, t, def.OID)
	if err != nil {
		return err
	}
	if old.Name != def.Name {
		if _, err := s.claimName(ctx, t, kindTable, def.Name); err != nil {
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

// CreateFile makes an empty file for a new incarnation of a table's heap, of a sequence or of an index; initPages are the empty image of
// an unlogged index. AlterTable, AlterSequence or AlterIndex puts it in the old one's place.
func (s *Store) CreateFile(ctx context.Context, t *xact.Txn, method string, unlogged bool, initPages []page.Page) (page.RelFileNumber, error) {
	rel := s.NewRelFile()
	if method != "heap" && method != "sequence" {
		s.pool.AssignArena(rel, method)
	}
	return rel, s.createFiles(ctx, t, walrec.RelCreate{Rel: rel, Unlogged: unlogged, VisibilityMap: method == "heap", AM: method, InitPages: initPages})
}

// SetStats stores the sizes that a vacuum or analysis found: stats for the table, columns (all or none) with their
// statistics, and sizes of indexes by OID. The caller holds a lock that keeps others from doing the same.
func (s *Store) SetStats(ctx context.Context, t *xact.Txn, oid uint32, stats Stats, columns []ColumnStats, indexes map[uint32]Stats) error {
	old, c, err := s.table(ctx, t, oid)
	if err != nil {
		return err
	}
	def := old.Clone()
	def.Stats = stats
	for i := range min(len(columns), len(def.Columns)) {
		def.Columns[i].ColumnStats = columns[i]
	}
	if err := s.replaceIfDifferent(ctx, t, old, def); err != nil {
		return err
	}
	for _, i := range c.IndexesOf(oid) {
		if stats, ok := indexes[i.OID]; ok {
			def := i.Clone()
			def.Stats = stats
			if err := s.replaceIfDifferent(ctx, t, i, def); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceIfDifferent spares a version that says the same.
func (s *Store) replaceIfDifferent(ctx context.Context, t *xact.Txn, old, o object) error {
	rows, err := encode(o)
	if err != nil {
		return err
	}
	if slices.EqualFunc(rows, old.at().rows, func(a []byte, b string) bool { return string(a) == b }) {
		return nil
	}
	return s.replace(ctx, t, old, o)
}
