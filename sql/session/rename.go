package session

import (
	"context"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/sysview"
)

// renamed is the kind of relation that a RENAME is about.
func renamed(st *pg_query.RenameStmt) pg_query.ObjectType {
	switch st.RenameType {
	case pg_query.ObjectType_OBJECT_COLUMN:
		return st.RelationType
	case pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		return pg_query.ObjectType_OBJECT_TABLE
	}
	return st.RenameType
}

// alterName is the command tag of ALTER of a kind of object, "" if there is no such command.
func alterName(kind pg_query.ObjectType) string {
	switch kind {
	case pg_query.ObjectType_OBJECT_TABLE:
		return "ALTER TABLE"
	case pg_query.ObjectType_OBJECT_INDEX:
		return "ALTER INDEX"
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		return "ALTER SEQUENCE"
	}
	return ""
}

// rename runs the forms of RENAME.
func (s *Session) rename(ctx context.Context, st *pg_query.RenameStmt) error {
	if err := public(st.Relation); err != nil {
		return err
	}
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	name := st.Relation.Relname
	switch {
	case cat.HasRelation(name):
	case sysview.Lookup(name) != nil:
		return pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, name)
	case st.MissingOk:
		s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `relation "%s" does not exist, skipping`, name))
		return nil
	default:
		return pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, name)
	}
	to := datum.TruncateName(st.Newname)
	switch st.RenameType {
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		if cat.Table(name) == nil {
			return notA(pg_query.ObjectType_OBJECT_TABLE, name)
		}
		t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.AccessExclusive)
		if err != nil {
			return err
		}
		if st.RenameType == pg_query.ObjectType_OBJECT_COLUMN {
			return s.renameColumn(ctx, cat, t, st.Subname, to)
		}
		return s.renameConstraint(ctx, cat, t, st.Subname, to)
	}
	return s.renameRelation(ctx, cat, name, st.RenameType, to)
}

// renameRelation renames a table, an index or a sequence. ALTER TABLE and ALTER INDEX take what they find, as in PostgreSQL.
func (s *Session) renameRelation(ctx context.Context, cat *catalog.Catalog, name string, kind pg_query.ObjectType, to string) error {
	if name == to {
		return pgerr.New(pgerr.DuplicateTable, `relation "%s" already exists`, to)
	}
	any := kind == pg_query.ObjectType_OBJECT_TABLE || kind == pg_query.ObjectType_OBJECT_INDEX
	switch t, x, q := cat.Table(name), cat.Index(name), cat.Sequence(name); {
	case t != nil && any:
		locked, _, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.AccessExclusive)
		if err != nil {
			return err
		}
		def := locked.Clone()
		def.Name = to
		return s.db.cat.AlterTable(ctx, s.tx.txn, def)
	case x != nil && any:
		if con := cat.TableByOID(x.Table).ConstraintOfIndex(x.OID); con != nil {
			t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, cat.TableByOID(x.Table).Name, lock.AccessExclusive)
			if err != nil {
				return err
			}
			return s.renameConstraint(ctx, cat, t, con.Name, to)
		}
		def := x.Clone()
		def.Name = to
		return s.db.cat.AlterIndex(ctx, s.tx.txn, def)
	case q != nil && (any || kind == pg_query.ObjectType_OBJECT_SEQUENCE):
		locked, _, err := s.db.cat.LockSequence(ctx, s.tx.txn, q.OID, lock.ShareRowExclusive)
		if err != nil {
			return err
		}
		def := locked.Clone()
		def.Name = to
		return s.db.cat.AlterSequence(ctx, s.tx.txn, def)
	}
	return notA(kind, name)
}

// renameColumn gives a column another name, in the table's CHECKs and in the definitions of its indexes as well. Holds: AccessExclusive.
func (s *Session) renameColumn(ctx context.Context, cat *catalog.Catalog, t *catalog.Table, from, to string) error {
	attr := t.ColumnIndex(from)
	switch {
	case attr < 0:
		return pgerr.New(pgerr.UndefinedColumn, `column "%s" does not exist`, from)
	case slices.Contains(systemColumns, to):
		return pgerr.New(pgerr.DuplicateColumn, `column name "%s" conflicts with a system column name`, to)
	case t.ColumnIndex(to) >= 0:
		return pgerr.New(pgerr.DuplicateColumn, `column "%s" of relation "%s" already exists`, to, t.Name)
	}
	def := t.Clone()
	src := &source{s: s, cat: cat}
	d := &tableDraft{s: s, env: s.planEnv(src), cat: cat, def: t}
	for i := range def.Constraints {
		con := &def.Constraints[i]
		if con.Kind != catalog.Check || !slices.Contains(con.Columns, attr) {
			continue
		}
		e, err := d.storedCheck(con)
		if err != nil {
			return err
		}
		con.Expr = expr.Deparse(e, func(c *expr.ColumnRef) string {
			if c.Attr == attr {
				return expr.QuoteIdent(to)
			}
			return expr.QuoteIdent(c.Name)
		})
	}
	def.Columns[attr].Name = to
	if err := s.db.cat.AlterTable(ctx, s.tx.txn, def); err != nil {
		return err
	}
	for _, x := range cat.IndexesOf(t.OID) {
		changed := x.Clone()
		for i := range changed.Columns {
			if changed.Columns[i].Attr == attr {
				changed.Columns[i].Name = to
			}
		}
		if slices.Equal(changed.Columns, x.Columns) {
			continue
		}
		if err := s.db.cat.AlterIndex(ctx, s.tx.txn, changed); err != nil {
			return err
		}
	}
	return nil
}

// renameConstraint renames a constraint together with the index that keeps it. Holds: AccessExclusive.
func (s *Session) renameConstraint(ctx context.Context, cat *catalog.Catalog, t *catalog.Table, from, to string) error {
	def := t.Clone()
	con := def.Constraint(from)
	switch {
	case con == nil:
		return pgerr.New(pgerr.UndefinedObject, `constraint "%s" for table "%s" does not exist`, from, t.Name)
	case con.Index == 0 && def.Constraint(to) != nil:
		return noFreeConstraint(to, t.Name)
	}
	con.Name = to
	if con.Index != 0 {
		x := cat.IndexByOID(con.Index).Clone()
		x.Name = to
		if err := s.db.cat.AlterIndex(ctx, s.tx.txn, x); err != nil {
			return err
		}
	}
	return s.db.cat.AlterTable(ctx, s.tx.txn, def)
}
