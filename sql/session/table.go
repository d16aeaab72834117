package session

import (
	"context"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/sysview"
)

func (s *Session) createTable(ctx context.Context, stmt parse.Statement, st *pg_query.CreateStmt) error {
	if err := refuseTable(st); err != nil {
		return err
	}
	if err := public(st.Relation); err != nil {
		return err
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	name := datum.TruncateName(st.Relation.Relname)
	if cat.Table(name) != nil || cat.Index(name) != nil {
		if st.IfNotExists {
			s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, name))
			return nil
		}
		return pgerr.New(pgerr.DuplicateTable, `relation "%s" already exists`, name)
	}
	def := &catalog.Table{Name: name, Owner: s.user(), Unlogged: st.Relation.Relpersistence == "u"}
	if def.Options, err = tableOptions(st.Options); err != nil {
		return err
	}
	env := s.planEnv(&source{s: s, cat: cat})
	for _, elt := range st.TableElts {
		cd := elt.GetColumnDef()
		if cd == nil {
			return refuseElement(elt)
		}
		c, err := s.columnDef(env, stmt, cd)
		if err != nil {
			return err
		}
		def.Columns = append(def.Columns, c)
	}
	err = s.db.cat.CreateTable(ctx, s.tx.txn, def)
	if st.IfNotExists && pgerr.Is(err, pgerr.DuplicateTable) {
		s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, name))
		return nil
	}
	return err
}

// refuseTable names what is missing of CREATE TABLE.
func refuseTable(st *pg_query.CreateStmt) error {
	switch {
	case st.Relation.Relpersistence == "t":
		return unsupported("a temporary table")
	case len(st.InhRelations) > 0 || st.Partbound != nil:
		return unsupported("table inheritance")
	case st.Partspec != nil:
		return unsupported("PARTITION BY")
	case st.OfTypename != nil:
		return unsupported("CREATE TABLE OF")
	case st.Tablespacename != "":
		return unsupported("TABLESPACE")
	case st.AccessMethod != "" && st.AccessMethod != "heap":
		return pgerr.New(pgerr.UndefinedObject, `access method "%s" does not exist`, st.AccessMethod).
			WithHint("Tables are always heaps; access methods are for indexes.")
	case st.Oncommit > pg_query.OnCommitAction_ONCOMMIT_NOOP:
		return unsupported("ON COMMIT")
	}
	return nil
}

func refuseElement(n *pg_query.Node) error {
	if c := n.GetConstraint(); c != nil {
		return unsupported(constraintName(c))
	}
	return unsupported("LIKE in CREATE TABLE")
}

func constraintName(c *pg_query.Constraint) string {
	switch c.Contype {
	case pg_query.ConstrType_CONSTR_PRIMARY:
		return "PRIMARY KEY"
	case pg_query.ConstrType_CONSTR_FOREIGN:
		return "FOREIGN KEY"
	case pg_query.ConstrType_CONSTR_EXCLUSION:
		return "EXCLUDE"
	case pg_query.ConstrType_CONSTR_IDENTITY:
		return "GENERATED AS IDENTITY"
	case pg_query.ConstrType_CONSTR_GENERATED:
		return "GENERATED ALWAYS AS"
	}
	return strings.TrimPrefix(c.Contype.String(), "CONSTR_")
}

// tableOptions reads WITH (…) of a table.
func tableOptions(list []*pg_query.Node) (map[string]string, error) {
	var out map[string]string
	for _, n := range list {
		d := n.GetDefElem()
		text, _ := optionText(d.Arg)
		if d.Defname != "fillfactor" {
			return nil, pgerr.New(pgerr.InvalidParameterValue, `unrecognized parameter "%s"`, d.Defname)
		}
		v, err := strconv.Atoi(text)
		if err != nil {
			return nil, pgerr.New(pgerr.InvalidParameterValue, `invalid value for integer option "fillfactor": %s`, text)
		}
		if v < 10 || v > 100 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, `value %s out of bounds for option "fillfactor"`, text).
				WithDetail(`Valid values are between "10" and "100".`)
		}
		if out == nil {
			out = map[string]string{}
		}
		out["fillfactor"] = text
	}
	return out, nil
}

func (s *Session) columnDef(env *plan.Env, stmt parse.Statement, cd *pg_query.ColumnDef) (catalog.Column, error) {
	c := catalog.Column{Name: datum.TruncateName(cd.Colname)}
	switch c.Name {
	case "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid":
		return c, pgerr.New(pgerr.DuplicateColumn, `column name "%s" conflicts with a system column name`, c.Name)
	}
	at := parse.NewLocator(stmt.Query)
	typeNames := names(cd.TypeName.Names)
	switch last := typeNames[len(typeNames)-1]; last {
	case "serial", "serial4", "bigserial", "serial8", "smallserial", "serial2":
		return c, pgerr.New(pgerr.FeatureNotSupported, "type %s is not supported", last).At(at.At(cd.TypeName.Location))
	}
	t, err := plan.TypeOf(env, stmt.Query, cd.TypeName)
	if err != nil {
		return c, err
	}
	if t.OID == datum.Unknown || t.OID == datum.Void {
		return c, pgerr.New(pgerr.InvalidTableDefinition, `column "%s" has pseudo-type %s`, c.Name, expr.TypeName(t.OID)).At(at.At(cd.TypeName.Location))
	}
	c.Type = t
	if cd.CollClause != nil {
		if parts := names(cd.CollClause.Collname); parts[len(parts)-1] != "C" && parts[len(parts)-1] != "default" && parts[len(parts)-1] != "POSIX" {
			return c, pgerr.New(pgerr.UndefinedObject, `collation "%s" for encoding "UTF8" does not exist`, parts[len(parts)-1]).At(at.At(cd.CollClause.Location))
		}
	}
	for _, n := range cd.Constraints {
		con := n.GetConstraint()
		switch con.Contype {
		case pg_query.ConstrType_CONSTR_NOTNULL:
			c.NotNull = true
		case pg_query.ConstrType_CONSTR_NULL:
			if c.NotNull {
				return c, pgerr.New(pgerr.SyntaxError, `conflicting NULL/NOT NULL declarations for column "%s"`, c.Name).At(at.At(con.Location))
			}
		case pg_query.ConstrType_CONSTR_DEFAULT:
			e, err := plan.Default(env, stmt.Query, con.RawExpr, c.Name, c.Type)
			if err != nil {
				return c, err
			}
			c.Default = expr.Deparse(e, nil)
		default:
			return c, pgerr.New(pgerr.FeatureNotSupported, "%s is not supported", constraintName(con)).At(at.At(con.Location))
		}
	}
	return c, nil
}

// drop runs DROP of tables, indexes, access methods and extensions.
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
	switch st.RemoveType {
	case pg_query.ObjectType_OBJECT_TABLE:
		t := cat.Table(name)
		if t == nil {
			if sysview.Lookup(name) != nil {
				return pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, name)
			}
			if cat.Index(name) != nil {
				return pgerr.New(pgerr.WrongObjectType, `"%s" is not a table`, name).WithHint("Use DROP INDEX to remove an index.")
			}
			return missing("table", pgerr.UndefinedTable)
		}
		if err := s.noRunningPortal("DROP TABLE", name); err != nil {
			return err
		}
		return s.db.cat.DropTable(ctx, s.tx.txn, t.OID)
	case pg_query.ObjectType_OBJECT_INDEX:
		i := cat.Index(name)
		if i == nil {
			if cat.Table(name) != nil {
				return pgerr.New(pgerr.WrongObjectType, `"%s" is not an index`, name).WithHint("Use DROP TABLE to remove a table.")
			}
			return missing("index", pgerr.UndefinedObject)
		}
		return s.db.cat.DropIndex(ctx, s.tx.txn, i.OID)
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

// truncate locks all tables and then empties them.
func (s *Session) truncate(ctx context.Context, st *pg_query.TruncateStmt) error {
	if st.RestartSeqs {
		return unsupported("RESTART IDENTITY")
	}
	var tables []uint32
	for _, n := range st.Relations {
		rv := n.GetRangeVar()
		if err := public(rv); err != nil {
			return err
		}
		if err := s.noRunningPortal("TRUNCATE", rv.Relname); err != nil {
			return err
		}
		t, _, err := s.db.cat.LockTable(ctx, s.tx.txn, rv.Relname, lock.AccessExclusive)
		if err != nil {
			return err
		}
		if !slices.Contains(tables, t.OID) {
			tables = append(tables, t.OID)
		}
	}
	return s.db.maintain.Truncate(ctx, s.tx.txn, tables...)
}

// mainFile is the file that holds a relation's rows or entries.
func mainFile(rel page.RelFileNumber) page.RelFile { return page.RelFile{Rel: rel} }
