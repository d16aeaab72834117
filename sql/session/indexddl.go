package session

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/maintain"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/sysview"
)

func (s *Session) createIndex(ctx context.Context, stmt parse.Statement, st *pg_query.IndexStmt) error {
	if err := refuseIndex(st); err != nil {
		return err
	}
	if err := public(st.Relation); err != nil {
		return err
	}
	if sysview.Lookup(st.Relation.Relname) != nil && st.Relation.Schemaname != "public" {
		return pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, st.Relation.Relname)
	}
	t, _, err := s.db.cat.LockTable(ctx, s.tx.txn, st.Relation.Relname, lock.Share)
	if err != nil {
		return err
	}
	if err := s.knowMethod(ctx, st.AccessMethod); err != nil {
		return err
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	method, err := s.db.method(cat, st.AccessMethod)
	if err != nil {
		return err
	}
	def := &catalog.Index{AM: st.AccessMethod, Unique: st.Unique}
	if def.Columns, err = indexColumns(t, st, method.Describe().Caps); err != nil {
		return err
	}
	def.Name = datum.TruncateName(st.Idxname)
	if def.Name == "" {
		def.Name = freeName(t.Name, columnNames(def.Columns), "idx", cat.HasRelation)
	}
	if cat.HasRelation(def.Name) {
		if st.IfNotExists {
			s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, def.Name))
			return nil
		}
		return pgerr.New(pgerr.DuplicateTable, `relation "%s" already exists`, def.Name)
	}
	if def.Given, err = indexOptions(st.Options); err != nil {
		return err
	}
	return s.maintenance().CreateIndex(ctx, s.tx.txn, t, def, nil)
}

// refuseIndex names what is missing of CREATE INDEX.
func refuseIndex(st *pg_query.IndexStmt) error {
	switch {
	case st.Concurrent:
		return unsupported("CREATE INDEX CONCURRENTLY")
	case len(st.IndexIncludingParams) > 0:
		return unsupported("INCLUDE")
	case st.WhereClause != nil:
		return unsupported("a partial index")
	case st.TableSpace != "":
		return unsupported("TABLESPACE")
	case st.NullsNotDistinct:
		return unsupported("NULLS NOT DISTINCT")
	}
	return nil
}

// indexColumns resolves the key columns. Operator classes keep the name that was given; an ordering that was spelt out must mean
// something to the method.
func indexColumns(t *catalog.Table, st *pg_query.IndexStmt, caps am.Caps) ([]catalog.IndexColumn, error) {
	var out []catalog.IndexColumn
	for _, n := range st.IndexParams {
		e := n.GetIndexElem()
		if e.Expr != nil {
			return nil, unsupported("an index on an expression")
		}
		attr := t.ColumnIndex(e.Name)
		if attr < 0 {
			return nil, pgerr.New(pgerr.UndefinedColumn, `column "%s" does not exist`, e.Name)
		}
		if len(e.Collation) > 0 {
			return nil, unsupported("COLLATE in CREATE INDEX")
		}
		if len(e.Opclassopts) > 0 {
			return nil, unsupported("operator class options")
		}
		c := catalog.IndexColumn{Attr: attr, Name: e.Name, Type: t.Columns[attr].Type.OID}
		if parts := names(e.Opclass); len(parts) > 0 {
			c.OpClass = parts[len(parts)-1]
		}
		c.Order = plan.OrderOf(e.Ordering, e.NullsOrdering)
		if !caps.Ordered {
			no := func(what string) error {
				return pgerr.New(pgerr.FeatureNotSupported, `access method "%s" does not support %s options`, st.AccessMethod, what)
			}
			if e.Ordering > pg_query.SortByDir_SORTBY_DEFAULT {
				return nil, no("ASC/DESC")
			}
			if e.NullsOrdering > pg_query.SortByNulls_SORTBY_NULLS_DEFAULT {
				return nil, no("NULLS FIRST/LAST")
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// indexOptions reads WITH (…) of an index.
func indexOptions(list []*pg_query.Node) (map[string]string, error) {
	out := map[string]string{}
	for _, n := range list {
		d := n.GetDefElem()
		if _, twice := out[d.Defname]; twice {
			return nil, pgerr.New(pgerr.InvalidParameterValue, `parameter "%s" specified more than once`, d.Defname)
		}
		text, ok := optionText(d.Arg)
		if !ok {
			text = "true"
		}
		out[d.Defname] = text
	}
	return out, nil
}

// maintenance is what building indexes works with, under the session's maintenance_work_mem.
func (s *Session) maintenance() *maintain.Deps {
	d := *s.db.maintain
	d.WorkMem = s.settings.Bytes("maintenance_work_mem")
	return &d
}
