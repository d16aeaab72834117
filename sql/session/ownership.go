package session

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
)

// permitDDL checks that the user may change what a statement names: its owner may, and a superuser. Names that mean nothing are left to
// the statement itself. TRUNCATE asks for its privilege only.
func (s *Session) permitDDL(n *pg_query.Node) error {
	if s.superuser() {
		return nil
	}
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	switch n := n.Node.(type) {
	case *pg_query.Node_DropStmt:
		for _, o := range n.DropStmt.Objects {
			if parts := names(o.GetList().GetItems()); len(parts) > 0 {
				if err := s.mustOwnNamed(cat, parts[len(parts)-1]); err != nil {
					return err
				}
			}
		}
	case *pg_query.Node_TruncateStmt:
		for _, r := range n.TruncateStmt.Relations {
			if t := cat.Table(r.GetRangeVar().GetRelname()); t != nil {
				if err := s.permitTable(t, "D"); err != nil {
					return err
				}
			}
		}
	case *pg_query.Node_IndexStmt:
		return s.mustOwnNamed(cat, n.IndexStmt.Relation.Relname)
	case *pg_query.Node_ReindexStmt:
		return s.mustOwnNamed(cat, n.ReindexStmt.Relation.GetRelname())
	case *pg_query.Node_AlterTableStmt:
		return s.mustOwnNamed(cat, n.AlterTableStmt.Relation.Relname)
	case *pg_query.Node_RenameStmt:
		return s.mustOwnNamed(cat, n.RenameStmt.Relation.GetRelname())
	case *pg_query.Node_AlterSeqStmt:
		return s.mustOwnNamed(cat, n.AlterSeqStmt.Sequence.GetRelname())
	case *pg_query.Node_CommentStmt:
		parts := names(n.CommentStmt.Object.GetList().GetItems())
		if k := n.CommentStmt.Objtype; len(parts) > 1 && (k == pg_query.ObjectType_OBJECT_COLUMN || k == pg_query.ObjectType_OBJECT_TABCONSTRAINT) {
			parts = parts[:len(parts)-1]
		}
		if len(parts) > 0 {
			return s.mustOwnNamed(cat, parts[len(parts)-1])
		}
	}
	return nil
}

// mustOwnNamed checks the owner of whatever relation has this name.
func (s *Session) mustOwnNamed(cat *catalog.Catalog, name string) error {
	if t := cat.Table(name); t != nil {
		return s.mustOwn("table", name, t.Owner)
	}
	if i := cat.Index(name); i != nil {
		if t := cat.TableByOID(i.Table); t != nil {
			return s.mustOwn("index", name, t.Owner)
		}
	}
	if q := cat.Sequence(name); q != nil {
		return s.mustOwn("sequence", name, q.Owner)
	}
	return nil
}
