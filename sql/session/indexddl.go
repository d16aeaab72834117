package session

import (
	"context"
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/sysview"
)

// maxIndexColumns is PostgreSQL's limit for methods that have none of their own.
const maxIndexColumns = 32

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
	t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, st.Relation.Relname, lock.Share)
	if err != nil {
		return pgerr.From(err).At(parse.NewLocator(stmt.Query).At(st.Relation.Location))
	}
	method, err := s.db.method(cat, st.AccessMethod)
	if err != nil {
		return err
	}
	def := &catalog.Index{Table: t.OID, AM: st.AccessMethod, Unique: st.Unique}
	about := method.Describe()
	if def.Columns, err = s.indexColumns(stmt, t, st, about); err != nil {
		return err
	}
	def.Name = datum.TruncateName(st.Idxname)
	if def.Name == "" {
		def.Name = indexName(cat, t.Name, def.Columns)
	}
	if cat.Index(def.Name) != nil || cat.Table(def.Name) != nil {
		if st.IfNotExists {
			s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, def.Name))
			return nil
		}
		return pgerr.New(pgerr.DuplicateTable, `relation "%s" already exists`, def.Name)
	}
	if def.Given, err = indexOptions(st.Options); err != nil {
		return err
	}
	if def.Options, err = method.ValidateOptions(ctx, def.Describe(t.Rel).Columns, def.Given); err != nil {
		return err
	}
	var empty []page.Page
	if t.Unlogged {
		if empty, err = method.BuildEmpty(ctx, def.Describe(t.Rel)); err != nil {
			return err
		}
	}
	if err := s.db.cat.CreateIndex(ctx, s.tx.txn, def, empty); err != nil {
		return err
	}
	stats, err := s.buildIndex(ctx, t, def, method)
	if err != nil {
		return err
	}
	return s.db.cat.SetStats(ctx, s.tx.txn, t.OID, t.Stats, nil, map[uint32]catalog.Stats{def.OID: stats})
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

// indexColumns resolves the key columns and their operator classes, and checks them against what the method can do.
func (s *Session) indexColumns(stmt parse.Statement, t *catalog.Table, st *pg_query.IndexStmt, about am.Description) ([]catalog.IndexColumn, error) {
	no := func(what string) error {
		return pgerr.New(pgerr.FeatureNotSupported, `access method "%s" does not support %s`, st.AccessMethod, what)
	}
	limit := about.Caps.MaxColumns
	if limit <= 0 {
		limit = maxIndexColumns
	}
	switch {
	case st.Unique && !about.Caps.Unique:
		return nil, no("unique indexes")
	case len(st.IndexParams) > 1 && !about.Caps.MultiColumn:
		return nil, no("multicolumn indexes")
	case len(st.IndexParams) > limit:
		return nil, pgerr.New(pgerr.TooManyColumns, "cannot use more than %d columns in an index", limit)
	}
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
		c.Desc = e.Ordering == pg_query.SortByDir_SORTBY_DESC
		c.NullsFirst = c.Desc
		switch e.NullsOrdering {
		case pg_query.SortByNulls_SORTBY_NULLS_FIRST:
			c.NullsFirst = true
		case pg_query.SortByNulls_SORTBY_NULLS_LAST:
			c.NullsFirst = false
		}
		if !about.Caps.Ordered {
			if e.Ordering > pg_query.SortByDir_SORTBY_DEFAULT {
				return nil, no("ASC/DESC options")
			}
			if e.NullsOrdering > pg_query.SortByNulls_SORTBY_NULLS_DEFAULT {
				return nil, no("NULLS FIRST/LAST options")
			}
		}
		if err := chooseOpClass(&c, e, st.AccessMethod, about); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// chooseOpClass finds the operator class of a key column. A varchar is indexed as text, whose bytes it has.
func chooseOpClass(c *catalog.IndexColumn, e *pg_query.IndexElem, method string, about am.Description) error {
	wanted := ""
	if parts := names(e.Opclass); len(parts) > 0 {
		wanted = parts[len(parts)-1]
	}
	class := about.OpClassFor(wanted, c.Type)
	if class == nil && c.Type == datum.Varchar {
		if class = about.OpClassFor(wanted, datum.Text); class != nil {
			c.Type = datum.Text
		}
	}
	if class != nil {
		c.OpClass = class.Name
		return nil
	}
	if wanted == "" {
		return pgerr.New(pgerr.UndefinedObject, `data type %s has no default operator class for access method "%s"`, expr.TypeName(c.Type), method).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	}
	for i := range about.OpClasses {
		if about.OpClasses[i].Name == wanted {
			return pgerr.New(pgerr.DatatypeMismatch, `operator class "%s" does not accept data type %s`, wanted, expr.TypeName(c.Type))
		}
	}
	return pgerr.New(pgerr.UndefinedObject, `operator class "%s" does not exist for access method "%s"`, wanted, method)
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

// indexName makes a name that is free: table_column_column_idx, with a number if need be.
func indexName(cat *catalog.Catalog, table string, columns []catalog.IndexColumn) string {
	parts := []string{table}
	for _, c := range columns {
		parts = append(parts, c.Name)
	}
	base := strings.Join(parts, "_")
	for i := 0; ; i++ {
		suffix := "_idx"
		if i > 0 {
			suffix += fmt.Sprint(i)
		}
		stem := base
		for len(stem)+len(suffix) > 63 {
			stem = datum.TruncateName(stem[:len(stem)-1])
		}
		if name := stem + suffix; cat.Table(name) == nil && cat.Index(name) == nil {
			return name
		}
	}
}

// buildIndex streams the table's rows to the access method. The table is locked against writers.
func (s *Session) buildIndex(ctx context.Context, t *catalog.Table, def *catalog.Index, method am.Method) (catalog.Stats, error) {
	st, err := method.Build(ctx, def.Describe(t.Rel), s.tableRows(ctx, t, def))
	if err != nil {
		return catalog.Stats{}, err
	}
	return catalog.Stats{Pages: st.Pages, Tuples: float64(st.Rows)}, nil
}

// tableRows yields what an index on the table has to contain, in batches.
func (s *Session) tableRows(ctx context.Context, t *catalog.Table, def *catalog.Index) func(yield func([]am.Row) error) error {
	return func(yield func([]am.Row) error) error {
		need := neededAttrs(def)
		rt := t.RowType()
		row := make([]datum.Datum, len(t.Columns))
		batch := make([]am.Row, 0, exec.BatchRows)
		values := make([]datum.Datum, 0, exec.BatchRows*len(def.Columns))
		flush := func() error {
			if len(batch) == 0 {
				return nil
			}
			err := yield(batch)
			batch, values = batch[:0], values[:0]
			return err
		}
		err := s.db.eng.Heap.BuildScan(ctx, t.Heap(), s.db.eng.Xact.Horizon(), func(tid page.TID, data []byte) error {
			if err := rt.DecodeColumns(data, need, row); err != nil {
				return fmt.Errorf("row %v of relation %q: %w", tid, t.Name, err)
			}
			from := len(values)
			for _, c := range def.Columns {
				values = append(values, row[c.Attr].Clone())
			}
			batch = append(batch, am.Row{TID: tid, Values: values[from:len(values):len(values)]})
			if len(batch) == cap(batch) {
				return flush()
			}
			return nil
		})
		if err != nil {
			return err
		}
		return flush()
	}
}

// neededAttrs lists the table columns that an index reads, ascending and once each.
func neededAttrs(def *catalog.Index) []int {
	seen := map[int]bool{}
	for _, c := range def.Columns {
		seen[c.Attr] = true
	}
	var need []int
	for attr := 0; len(need) < len(seen); attr++ {
		if seen[attr] {
			need = append(need, attr)
		}
	}
	return need
}

// rebuildIndex gives an index a new file, built from the table as t describes it. stats, if not nil, receives the size.
func (s *Session) rebuildIndex(ctx context.Context, t *catalog.Table, i *catalog.Index, cat *catalog.Catalog, stats map[uint32]catalog.Stats) error {
	method, err := s.db.method(cat, i.AM)
	if err != nil {
		return err
	}
	var empty []page.Page
	if t.Unlogged {
		if empty, err = method.BuildEmpty(ctx, i.Describe(t.Rel)); err != nil {
			return err
		}
	}
	def := i.Clone()
	if def.Rel, err = s.db.cat.CreateFile(ctx, s.tx.txn, i.AM, i.Unlogged, empty); err != nil {
		return err
	}
	if def.Stats, err = s.buildIndex(ctx, t, def, method); err != nil {
		return err
	}
	if stats != nil {
		stats[i.OID] = def.Stats
	}
	return s.db.cat.AlterIndex(ctx, s.tx.txn, def)
}
