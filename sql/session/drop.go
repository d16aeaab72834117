package session

import (
	"context"
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/sysview"
)

// drop runs DROP of tables, indexes, sequences, access methods and extensions.
func (s *Session) drop(ctx context.Context, st *pg_query.DropStmt) error {
	if st.Concurrent {
		return unsupported("DROP INDEX CONCURRENTLY")
	}
	for _, o := range st.Objects {
		if err := s.dropOne(ctx, st, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) dropOne(ctx context.Context, st *pg_query.DropStmt, o *pg_query.Node) error {
	parts := names(o.GetList().GetItems())
	if str := o.GetString_(); str != nil {
		parts = []string{str.Sval}
	}
	name := parts[len(parts)-1]
	if len(parts) > 1 {
		if err := public(&pg_query.RangeVar{Schemaname: parts[len(parts)-2]}); err != nil {
			if st.MissingOk && pgerr.Is(err, pgerr.InvalidSchemaName) {
				s.notice(pgerr.Notice(pgerr.InvalidSchemaName, "schema \"%s\" does not exist, skipping", parts[len(parts)-2]))
				return nil
			}
			return err
		}
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	missing := func(kind string, code pgerr.Code) error {
		if st.MissingOk {
			s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `%s "%s" does not exist, skipping`, kind, name))
			return nil
		}
		return pgerr.New(code, `%s "%s" does not exist`, kind, name)
	}
	cascade := st.Behavior == pg_query.DropBehavior_DROP_CASCADE
	switch st.RemoveType {
	case pg_query.ObjectType_OBJECT_TABLE:
		t := cat.Table(name)
		switch {
		case t != nil:
			return s.dropTable(ctx, cat, t, cascade)
		case sysview.Lookup(name) != nil:
			return pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, name)
		case cat.HasRelation(name):
			return pgerr.New(pgerr.WrongObjectType, `"%s" is not a table`, name).WithHint("%s", dropHint(cat, name))
		}
		return missing("table", pgerr.UndefinedTable)
	case pg_query.ObjectType_OBJECT_INDEX:
		i := cat.Index(name)
		switch {
		case i != nil:
			return s.dropIndex(ctx, cat, i)
		case cat.HasRelation(name):
			return pgerr.New(pgerr.WrongObjectType, `"%s" is not an index`, name).WithHint("%s", dropHint(cat, name))
		}
		return missing("index", pgerr.UndefinedObject)
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		q := cat.Sequence(name)
		switch {
		case q != nil:
			return s.dropSequence(ctx, cat, q, cascade)
		case cat.HasRelation(name):
			return pgerr.New(pgerr.WrongObjectType, `"%s" is not a sequence`, name).WithHint("%s", dropHint(cat, name))
		}
		return missing("sequence", pgerr.UndefinedTable)
	case pg_query.ObjectType_OBJECT_ACCESS_METHOD:
		if cat.AccessMethod(name) == nil {
			return missing("access method", pgerr.UndefinedObject)
		}
		return s.dropAccessMethod(ctx, cat, name, st.Behavior)
	case pg_query.ObjectType_OBJECT_EXTENSION:
		if cat.AccessMethod(name) == nil {
			return missing("extension", pgerr.UndefinedObject)
		}
		return s.dropAccessMethod(ctx, cat, name, st.Behavior)
	}
	return unsupported("this kind of DROP")
}

// dropHint tells how to remove a relation of another kind.
func dropHint(cat *catalog.Catalog, name string) string {
	switch {
	case cat.Table(name) != nil:
		return "Use DROP TABLE to remove a table."
	case cat.Index(name) != nil:
		return "Use DROP INDEX to remove an index."
	}
	return "Use DROP SEQUENCE to remove a sequence."
}

// dropTable drops a table with its indexes and the sequences of its columns.
func (s *Session) dropTable(ctx context.Context, cat *catalog.Catalog, t *catalog.Table, cascade bool) error {
	if err := s.noRunningPortal("DROP TABLE", t.Name); err != nil {
		return err
	}
	for _, q := range cat.SequencesOf(t.OID) {
		if err := s.dropDefaults(ctx, cat, q, t.OID, "table "+t.Name, cascade); err != nil {
			return err
		}
	}
	return s.db.cat.DropTable(ctx, s.tx.txn, t.OID)
}

// dropIndex drops an index that keeps no constraint.
func (s *Session) dropIndex(ctx context.Context, cat *catalog.Catalog, i *catalog.Index) error {
	t := cat.TableByOID(i.Table)
	if err := s.noRunningPortal("DROP INDEX", t.Name); err != nil {
		return err
	}
	if con := t.ConstraintOfIndex(i.OID); con != nil {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it", i.Name, con.Name, t.Name).
			WithHint("You can drop constraint %s on table %s instead.", con.Name, t.Name)
	}
	return s.db.cat.DropIndex(ctx, s.tx.txn, i.OID)
}

// dropSequence drops a sequence; defaults that take values from it go as well, if that is asked for.
func (s *Session) dropSequence(ctx context.Context, cat *catalog.Catalog, q *catalog.Sequence, cascade bool) error {
	if t := cat.TableByOID(q.OwnedBy.Table); t != nil && t.Columns[q.OwnedBy.Column].Identity != 0 && t.Columns[q.OwnedBy.Column].Sequence == q.OID {
		column := t.Columns[q.OwnedBy.Column].Name
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop sequence %s because column %s of table %s requires it", q.Name, column, t.Name).
			WithHint("You can drop column %s of table %s instead.", column, t.Name)
	}
	if err := s.dropDefaults(ctx, cat, q, 0, "sequence "+q.Name, cascade); err != nil {
		return err
	}
	return s.db.cat.DropSequence(ctx, s.tx.txn, q.OID)
}

// dropDefaults takes a sequence out of the defaults of all tables but one, if cascade says so; else such a default is error 2BP01 that
// says that what cannot be dropped.
func (s *Session) dropDefaults(ctx context.Context, cat *catalog.Catalog, q *catalog.Sequence, but uint32, what string, cascade bool) error {
	literal := fmt.Sprintf("'%d'::regclass", q.OID)
	var users []string
	for _, t := range cat.Tables() {
		if t.OID == but {
			continue
		}
		var def *catalog.Table
		for i := range t.Columns {
			c := &t.Columns[i]
			if !strings.Contains(c.Default, literal) {
				continue
			}
			user := fmt.Sprintf("default value for column %s of table %s", c.Name, t.Name)
			if !cascade {
				users = append(users, user+" depends on sequence "+q.Name)
				continue
			}
			s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, "drop cascades to %s", user))
			if def == nil {
				def = t.Clone()
			}
			def.Columns[i].Default, def.Columns[i].Sequence = "", 0
		}
		if def != nil {
			if err := s.db.cat.AlterTable(ctx, s.tx.txn, def); err != nil {
				return err
			}
		}
	}
	if len(users) > 0 {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", what).
			WithDetail("%s", strings.Join(users, "\n")).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	}
	return nil
}

// noRunningPortal refuses to take a table away from a query of the same session that is half read.
func (s *Session) noRunningPortal(command, table string) error {
	for _, p := range s.portals {
		if p.op == nil || p.plan == nil {
			continue
		}
		for _, t := range p.plan.Tables {
			if t.Name == table {
				return pgerr.New(pgerr.ObjectInUse, `cannot %s "%s" because it is being used by active queries in this session`, command, table)
			}
		}
	}
	return nil
}
