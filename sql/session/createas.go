package session

import (
	"context"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// createTableAs runs CREATE TABLE … AS query: a table of the query's columns, with its rows. It returns the command tag.
func (s *Session) createTableAs(ctx context.Context, stmt parse.Statement, st *pg_query.CreateTableAsStmt) (string, error) {
	into := st.Into
	switch {
	case st.Objtype != pg_query.ObjectType_OBJECT_TABLE:
		return "", unsupported("CREATE MATERIALIZED VIEW")
	case st.Query.GetSelectStmt() == nil:
		return "", unsupported("CREATE TABLE AS of " + statementName(st.Query))
	}
	err := refuseTable(&pg_query.CreateStmt{
		Relation: into.Rel, Tablespacename: into.TableSpaceName, AccessMethod: into.AccessMethod, Oncommit: into.OnCommit,
	})
	if err != nil {
		return "", err
	}
	if err := public(into.Rel); err != nil {
		return "", err
	}
	cat, err := s.catalog()
	if err != nil {
		return "", err
	}
	def := &catalog.Table{Name: datum.TruncateName(into.Rel.Relname), Owner: s.user(), Unlogged: into.Rel.Relpersistence == "u"}
	if cat.HasRelation(def.Name) && st.IfNotExists {
		s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, def.Name))
		return "CREATE TABLE AS", nil
	}
	if def.Options, err = tableOptions(into.Options); err != nil {
		return "", err
	}
	pl, err := s.permitted(ctx, &prepared{stmt: parse.Statement{Query: stmt.Query, Text: stmt.Text, Node: st.Query}, bare: true})
	if err != nil {
		return "", err
	}
	if def.Columns, err = columnsAs(pl, names(into.ColNames)); err != nil {
		return "", err
	}
	if err := s.db.cat.CreateTable(ctx, s.tx.txn, def); err != nil || into.SkipData {
		return "CREATE TABLE AS", err
	}
	n, err := s.fill(ctx, def.Name, pl)
	return "SELECT " + strconv.FormatInt(n, 10), err
}

// columnsAs are the columns of a query as those of a table; given are names for the first of them.
func columnsAs(pl *plan.Plan, given []string) ([]catalog.Column, error) {
	if len(given) > len(pl.Columns) {
		return nil, pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	var out []catalog.Column
	for i, c := range pl.Columns {
		name := c.Name
		if i < len(given) {
			name = given[i]
		}
		typ := c.Type
		if typ.OID == datum.Unknown {
			typ = datum.Type{OID: datum.Text, Mod: -1}
		}
		if typ.OID == datum.Void {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, `column "%s" has pseudo-type %s`, name, expr.TypeName(typ.OID))
		}
		out = append(out, catalog.Column{Name: datum.TruncateName(name), Type: typ})
	}
	return out, nil
}

// fill runs a query into a new table and returns the number of rows.
func (s *Session) fill(ctx context.Context, table string, pl *plan.Plan) (n int64, err error) {
	cat, err := s.catalog()
	if err != nil {
		return 0, err
	}
	t, err := (&source{s: s, cat: cat}).table(cat.Table(table))
	if err != nil {
		return 0, err
	}
	x := s.execContext(ctx, nil)
	defer x.Snapshot.Release()
	w := exec.NewWriter(x, t, nil)
	op := exec.Build(x, pl.Root)
	defer op.Close()
	if err := op.Open(); err != nil {
		return 0, err
	}
	for {
		row, err := op.Next()
		if err != nil {
			return 0, err
		}
		if row == nil {
			return n, w.Flush()
		}
		if err := w.Add(row[:len(pl.Columns)]); err != nil {
			return 0, err
		}
		n++
	}
}
