package session

import (
	"context"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
)

// comment runs COMMENT ON a table, column, index, sequence or constraint. An empty comment, or NULL, takes it away.
func (s *Session) comment(ctx context.Context, st *pg_query.CommentStmt) error {
	parts := names(st.Object.GetList().GetItems())
	sub := ""
	switch st.Objtype {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_INDEX, pg_query.ObjectType_OBJECT_SEQUENCE:
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		if len(parts) < 2 {
			return pgerr.New(pgerr.SyntaxError, "column name must be qualified")
		}
		parts, sub = parts[:len(parts)-1], parts[len(parts)-1]
	default:
		return unsupported("COMMENT ON " + strings.ReplaceAll(strings.TrimPrefix(st.Objtype.String(), "OBJECT_"), "_", " "))
	}
	if len(parts) > 1 {
		if err := public(&pg_query.RangeVar{Schemaname: parts[len(parts)-2]}); err != nil {
			return err
		}
	}
	name := parts[len(parts)-1]
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	t, x, q := cat.Table(name), cat.Index(name), cat.Sequence(name)
	switch {
	case !cat.HasRelation(name):
		return pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, name)
	case st.Objtype == pg_query.ObjectType_OBJECT_INDEX && x != nil:
		def := x.Clone()
		def.Comment = st.Comment
		return s.db.cat.AlterIndex(ctx, s.tx.txn, def)
	case st.Objtype == pg_query.ObjectType_OBJECT_SEQUENCE && q != nil:
		return s.commentSequence(ctx, q, st.Comment)
	case st.Objtype == pg_query.ObjectType_OBJECT_INDEX, st.Objtype == pg_query.ObjectType_OBJECT_SEQUENCE:
		return notA(st.Objtype, name)
	case t == nil:
		return notA(pg_query.ObjectType_OBJECT_TABLE, name)
	}
	return s.commentTable(ctx, name, st.Objtype, sub, st.Comment)
}

func (s *Session) commentSequence(ctx context.Context, q *catalog.Sequence, text string) error {
	locked, _, err := s.db.cat.LockSequence(ctx, s.tx.txn, q.OID, lock.ShareRowExclusive)
	if err != nil {
		return err
	}
	def := locked.Clone()
	def.Comment = text
	return s.db.cat.AlterSequence(ctx, s.tx.txn, def)
}

// commentTable comments on a table, or on what of it sub names.
func (s *Session) commentTable(ctx context.Context, name string, kind pg_query.ObjectType, sub, text string) error {
	t, _, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.AccessExclusive)
	if err != nil {
		return err
	}
	def := t.Clone()
	switch kind {
	case pg_query.ObjectType_OBJECT_TABLE:
		def.Comment = text
	case pg_query.ObjectType_OBJECT_COLUMN:
		attr := def.ColumnIndex(sub)
		if attr < 0 {
			return pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, sub, name)
		}
		def.Columns[attr].Comment = text
	default:
		con := def.Constraint(sub)
		if con == nil {
			return pgerr.New(pgerr.UndefinedObject, `constraint "%s" for table "%s" does not exist`, sub, name)
		}
		con.Comment = text
	}
	return s.db.cat.AlterTable(ctx, s.tx.txn, def)
}
