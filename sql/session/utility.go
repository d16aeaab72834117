package session

import (
	"context"
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/settings"
)

// utilityColumns describes the answer of a statement that is not planned, nil if it has none.
func (s *Session) utilityColumns(n *pg_query.Node) []Column {
	text := datum.Type{OID: datum.Text, Mod: -1}
	switch n := n.Node.(type) {
	case *pg_query.Node_ExplainStmt:
		return []Column{column("QUERY PLAN", text)}
	case *pg_query.Node_VariableShowStmt:
		if strings.EqualFold(n.VariableShowStmt.Name, "all") {
			return []Column{column("name", text), column("setting", text), column("description", text)}
		}
		name := n.VariableShowStmt.Name
		if d, err := settings.Lookup(name); err == nil {
			name = d.Name
		}
		return []Column{column(name, text)}
	case *pg_query.Node_ExecuteStmt:
		if p := s.prepared[n.ExecuteStmt.Name]; p != nil {
			return p.cols
		}
	case *pg_query.Node_FetchStmt:
		return s.fetched(n.FetchStmt)
	}
	return nil
}

// runUtility runs a statement that is not planned. Those that answer with rows compute them all at first and hand them out as asked.
func (s *Session) runUtility(ctx context.Context, p *portal, first bool, maxRows int, out Output) (tag string, suspended bool, err error) {
	if first {
		if p.tag, p.rows, err = s.utility(ctx, p, out); err != nil {
			return "", false, err
		}
	}
	return s.hand(p, maxRows, out)
}

// utility dispatches.
func (s *Session) utility(ctx context.Context, p *portal, out Output) (tag string, rows [][]datum.Datum, err error) {
	stmt := p.stmt.stmt
	if t := stmt.Node.GetTransactionStmt(); t != nil {
		tag, err = s.transactionStmt(ctx, t)
		return tag, nil, err
	}
	switch n := stmt.Node.Node.(type) {
	case *pg_query.Node_VacuumStmt:
		tag, err = s.vacuum(ctx, n.VacuumStmt)
		return tag, nil, err
	case *pg_query.Node_VariableShowStmt:
		s.need()
		rows, err = s.show(n.VariableShowStmt.Name)
		return "SHOW", rows, err
	case *pg_query.Node_DeallocateStmt:
		tag, err = s.deallocate(n.DeallocateStmt)
		return tag, nil, err
	case *pg_query.Node_ClosePortalStmt:
		tag, err = s.closeCursor(n.ClosePortalStmt)
		return tag, nil, err
	case *pg_query.Node_CheckPointStmt:
		if !s.superuser() {
			return "", nil, pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to do CHECKPOINT")
		}
		return "CHECKPOINT", nil, s.db.eng.Checkpoint(ctx, engine.CheckpointOnline)
	}
	s.need()
	switch n := stmt.Node.Node.(type) {
	case *pg_query.Node_ExplainStmt:
		rows, err = s.explain(ctx, stmt, n.ExplainStmt, p)
		return "EXPLAIN", rows, err
	case *pg_query.Node_CopyStmt:
		tag, err = s.copy(ctx, stmt, n.CopyStmt, out)
		return tag, nil, err
	case *pg_query.Node_PrepareStmt:
		return "PREPARE", nil, s.prepareStmt(ctx, stmt, n.PrepareStmt)
	case *pg_query.Node_DeclareCursorStmt:
		return "DECLARE CURSOR", nil, s.declare(ctx, p, n.DeclareCursorStmt)
	case *pg_query.Node_FetchStmt:
		tag, err = s.fetch(ctx, n.FetchStmt, collect(&rows))
		return tag, rows, err
	case *pg_query.Node_VariableSetStmt:
		tag, err = s.set(n.VariableSetStmt)
		return tag, nil, err
	case *pg_query.Node_DiscardStmt:
		tag, err = s.discard(n.DiscardStmt)
		return tag, nil, err
	case *pg_query.Node_LockStmt:
		return "LOCK TABLE", nil, s.lockTable(ctx, n.LockStmt)
	}
	tag, err = s.ddl(ctx, p)
	if err == nil && s.tx != nil {
		s.tx.used = true
		s.tx.txn.NextCommand()
	}
	return tag, nil, err
}

// ddl runs the statements that change the catalog.
func (s *Session) ddl(ctx context.Context, p *portal) (string, error) {
	stmt := p.stmt.stmt
	name := ddlName(stmt.Node)
	if name == "" {
		return "", unsupported(statementName(stmt.Node))
	}
	if err := s.checkWritable(name); err != nil {
		return "", err
	}
	if err := s.permitDDL(stmt.Node); err != nil {
		return "", err
	}
	switch n := stmt.Node.Node.(type) {
	case *pg_query.Node_GrantStmt:
		return name, s.grant(ctx, n.GrantStmt)
	case *pg_query.Node_CreateStmt:
		return name, s.createTable(ctx, stmt, n.CreateStmt)
	case *pg_query.Node_CreateTableAsStmt:
		return s.createTableAs(ctx, stmt, n.CreateTableAsStmt)
	case *pg_query.Node_CreateSeqStmt:
		return name, s.createSequence(ctx, stmt, n.CreateSeqStmt)
	case *pg_query.Node_AlterSeqStmt:
		return name, s.alterSequence(ctx, stmt, n.AlterSeqStmt)
	case *pg_query.Node_AlterTableStmt:
		return name, s.alterTable(ctx, stmt, n.AlterTableStmt)
	case *pg_query.Node_RenameStmt:
		return name, s.rename(ctx, n.RenameStmt)
	case *pg_query.Node_CommentStmt:
		return name, s.comment(ctx, n.CommentStmt)
	case *pg_query.Node_DropStmt:
		return name, s.drop(ctx, n.DropStmt)
	case *pg_query.Node_IndexStmt:
		return name, s.createIndex(ctx, stmt, n.IndexStmt)
	case *pg_query.Node_TruncateStmt:
		return name, s.truncate(ctx, n.TruncateStmt)
	case *pg_query.Node_ReindexStmt:
		return name, s.reindex(ctx, n.ReindexStmt)
	case *pg_query.Node_CreateAmStmt:
		return name, s.createAccessMethod(ctx, n.CreateAmStmt)
	case *pg_query.Node_CreateExtensionStmt:
		return name, s.createExtension(ctx, n.CreateExtensionStmt)
	case *pg_query.Node_AlterExtensionStmt:
		return name, s.updateExtension(ctx, n.AlterExtensionStmt)
	case *pg_query.Node_CreateRoleStmt:
		return name, s.createRole(ctx, n.CreateRoleStmt)
	case *pg_query.Node_AlterRoleStmt:
		return name, s.alterRole(ctx, n.AlterRoleStmt)
	case *pg_query.Node_DropRoleStmt:
		return name, s.dropRole(ctx, n.DropRoleStmt)
	}
	return "", unsupported(statementName(stmt.Node))
}

// ddlName is the command tag of a statement that ddl runs.
func ddlName(n *pg_query.Node) string {
	switch n := n.Node.(type) {
	case *pg_query.Node_CreateStmt:
		return "CREATE TABLE"
	case *pg_query.Node_CreateTableAsStmt:
		return "CREATE TABLE AS"
	case *pg_query.Node_CreateSeqStmt:
		return "CREATE SEQUENCE"
	case *pg_query.Node_AlterSeqStmt:
		return "ALTER SEQUENCE"
	case *pg_query.Node_AlterTableStmt:
		return alterName(n.AlterTableStmt.Objtype)
	case *pg_query.Node_RenameStmt:
		return alterName(renamed(n.RenameStmt))
	case *pg_query.Node_CommentStmt:
		return "COMMENT"
	case *pg_query.Node_IndexStmt:
		return "CREATE INDEX"
	case *pg_query.Node_TruncateStmt:
		return "TRUNCATE TABLE"
	case *pg_query.Node_ReindexStmt:
		return "REINDEX"
	case *pg_query.Node_CreateAmStmt:
		return "CREATE ACCESS METHOD"
	case *pg_query.Node_CreateExtensionStmt:
		return "CREATE EXTENSION"
	case *pg_query.Node_AlterExtensionStmt:
		return "ALTER EXTENSION"
	case *pg_query.Node_CreateRoleStmt:
		return "CREATE ROLE"
	case *pg_query.Node_AlterRoleStmt:
		return "ALTER ROLE"
	case *pg_query.Node_DropRoleStmt:
		return "DROP ROLE"
	case *pg_query.Node_GrantStmt:
		if !n.GrantStmt.IsGrant {
			return "REVOKE"
		}
		return "GRANT"
	case *pg_query.Node_DropStmt:
		switch n.DropStmt.RemoveType {
		case pg_query.ObjectType_OBJECT_TABLE:
			return "DROP TABLE"
		case pg_query.ObjectType_OBJECT_INDEX:
			return "DROP INDEX"
		case pg_query.ObjectType_OBJECT_SEQUENCE:
			return "DROP SEQUENCE"
		case pg_query.ObjectType_OBJECT_ACCESS_METHOD:
			return "DROP ACCESS METHOD"
		case pg_query.ObjectType_OBJECT_EXTENSION:
			return "DROP EXTENSION"
		}
	}
	return ""
}

// statementName turns the name of a parse node into words: AlterTableStmt becomes ALTER TABLE.
func statementName(n *pg_query.Node) string {
	if d := n.GetDropStmt(); d != nil {
		return "DROP " + strings.ReplaceAll(strings.TrimPrefix(d.RemoveType.String(), "OBJECT_"), "_", " ")
	}
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", n.Node), "*pg_query.Node_"), "Stmt")
	if spelt, ok := statementNames[name]; ok {
		return spelt
	}
	return words(name)
}

// words turns CamelCase into CAMEL CASE.
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// statementNames are those that the parse node's name does not tell.
var statementNames = map[string]string{
	"Createdb": "CREATE DATABASE", "Dropdb": "DROP DATABASE", "View": "CREATE VIEW", "Rename": "ALTER … RENAME", "CreateTableAs": "CREATE TABLE AS",
	"CreateSeq": "CREATE SEQUENCE", "AlterSeq": "ALTER SEQUENCE", "Rule": "CREATE RULE", "CreateTrig": "CREATE TRIGGER", "GrantRole": "GRANT of a role",
	"CreatePLang": "CREATE LANGUAGE", "Define": "CREATE AGGREGATE, OPERATOR or TYPE", "CompositeType": "CREATE TYPE", "CreateEnum": "CREATE TYPE",
	"Cluster": "CLUSTER", "DeclareCursor": "DECLARE CURSOR", "Fetch": "FETCH", "ClosePortal": "CLOSE", "AlterObjectSchema": "ALTER … SET SCHEMA",
	"AlterOwner": "ALTER … OWNER", "RefreshMatView": "REFRESH MATERIALIZED VIEW", "AlterTable": "ALTER TABLE", "AlterRoleSet": "ALTER ROLE … SET",
}

// names returns the strings of a list of String nodes.
func names(list []*pg_query.Node) []string {
	out := make([]string, 0, len(list))
	for _, n := range list {
		if str := n.GetString_(); str != nil {
			out = append(out, str.Sval)
		}
	}
	return out
}

// optionText is the value of an option as text, however the grammar made it.
func optionText(n *pg_query.Node) (string, bool) {
	switch n := n.GetNode().(type) {
	case nil:
		return "", false
	case *pg_query.Node_String_:
		return n.String_.Sval, true
	case *pg_query.Node_Integer:
		return fmt.Sprint(n.Integer.Ival), true
	case *pg_query.Node_Float:
		return n.Float.Fval, true
	case *pg_query.Node_Boolean:
		return fmt.Sprint(n.Boolean.Boolval), true
	case *pg_query.Node_TypeName:
		return strings.Join(names(n.TypeName.Names), "."), true
	case *pg_query.Node_AConst:
		c := n.AConst
		switch v := c.Val.(type) {
		case *pg_query.A_Const_Sval:
			return v.Sval.Sval, true
		case *pg_query.A_Const_Ival:
			return fmt.Sprint(v.Ival.GetIval()), true
		case *pg_query.A_Const_Fval:
			return v.Fval.Fval, true
		case *pg_query.A_Const_Boolval:
			return fmt.Sprint(v.Boolval.GetBoolval()), true
		}
	case *pg_query.Node_AStar:
		return "*", true
	}
	return "", false
}

// optionBool reads a boolean option; no value means true.
func optionBool(d *pg_query.DefElem) (bool, error) {
	text, ok := optionText(d.Arg)
	if !ok {
		return true, nil
	}
	switch strings.ToLower(text) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", d.Defname)
}

// public checks the schema of a name.
func public(rv *pg_query.RangeVar) error {
	if rv.Schemaname == "pg_catalog" {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for schema pg_catalog")
	}
	if rv.Schemaname != "" && rv.Schemaname != "public" {
		return pgerr.New(pgerr.InvalidSchemaName, `schema "%s" does not exist`, rv.Schemaname)
	}
	return nil
}
