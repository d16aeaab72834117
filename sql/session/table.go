package session

import (
	"context"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// tableDraft is a table that CREATE TABLE or ALTER TABLE is putting together: the definition, and what has to be made beside it.
type tableDraft struct {
	s    *Session
	ctx  context.Context
	stmt parse.Statement
	at   *parse.Locator
	env  *plan.Env
	cat  *catalog.Catalog
	def  *catalog.Table
	// existing says that the table is there already.
	existing bool

	defaults  []expr.Expr // of the columns that were added, analysed; nil is none
	sequences []*draftSequence
	keys      []draftKey
	checks    []draftCheck
	likes     []draftLike
}

// draftSequence is the sequence of a serial or identity column.
type draftSequence struct {
	attr    int
	def     *catalog.Sequence
	options []*pg_query.Node
	// copied says that def is complete, but for its name and owner.
	copied bool
}

func (s *Session) newDraft(ctx context.Context, stmt parse.Statement, cat *catalog.Catalog, def *catalog.Table) *tableDraft {
	return &tableDraft{
		s: s, ctx: ctx, stmt: stmt, at: parse.NewLocator(stmt.Query), env: s.planEnv(&source{s: s, cat: cat}), cat: cat, def: def,
		defaults: make([]expr.Expr, len(def.Columns)),
	}
}

// placed is err as it is told: expressions in ALTER TABLE are analysed without a place in the text, as in PostgreSQL.
func (d *tableDraft) placed(err error) error {
	if !d.existing {
		return err
	}
	e := *pgerr.From(err)
	e.Position = 0
	return &e
}

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
	if cat.HasRelation(name) {
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
	d := s.newDraft(ctx, stmt, cat, def)
	for _, elt := range st.TableElts {
		if err := d.element(elt); err != nil {
			return err
		}
	}
	for _, elt := range st.TableElts { // constraints of the table, when its columns are known
		if con := elt.GetConstraint(); con != nil {
			if err := d.constraint(con, -1); err != nil {
				return err
			}
		}
	}
	for _, c := range d.checks {
		if _, err := d.check(c); err != nil {
			return err
		}
	}
	for _, l := range d.likes {
		if err := d.copyChecks(l); err != nil {
			return err
		}
	}
	err = s.db.cat.CreateTable(ctx, s.tx.txn, def)
	if st.IfNotExists && pgerr.Is(err, pgerr.DuplicateTable) {
		s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, name))
		return nil
	}
	if err != nil {
		return err
	}
	return d.complete()
}

// element adds one element of a table's parentheses to the draft; constraints come later.
func (d *tableDraft) element(n *pg_query.Node) error {
	switch {
	case n.GetColumnDef() != nil:
		return d.column(n.GetColumnDef())
	case n.GetTableLikeClause() != nil:
		return d.like(n.GetTableLikeClause())
	}
	return nil
}

// complete makes the sequences and the indexes of a table that is in the catalog and locked, and stores what they add to its definition.
func (d *tableDraft) complete() error {
	if len(d.sequences) == 0 && len(d.keys) == 0 && len(d.likes) == 0 {
		return nil
	}
	for _, q := range d.sequences {
		if err := d.makeSequence(q); err != nil {
			return err
		}
	}
	for _, k := range d.keys {
		if k.primary {
			for _, attr := range k.attrs {
				d.def.Columns[attr].NotNull = true
			}
		}
	}
	for _, l := range d.likes {
		if err := d.copyIndexes(l); err != nil {
			return err
		}
	}
	for _, k := range d.keys {
		if err := d.makeKey(k); err != nil {
			return err
		}
	}
	cat, err := d.s.db.cat.Current(d.s.tx.txn)
	if err != nil {
		return err
	}
	d.def.Stats = cat.TableByOID(d.def.OID).Stats // a build has counted
	return d.s.db.cat.AlterTable(d.ctx, d.s.tx.txn, d.def)
}

// makeSequence makes the sequence of a column and, for serial, the default that takes values from it.
func (d *tableDraft) makeSequence(q *draftSequence) error {
	cat, err := d.s.db.cat.Current(d.s.tx.txn)
	if err != nil {
		return err
	}
	c := &d.def.Columns[q.attr]
	q.def.Name = freeName(d.def.Name, c.Name, "seq", cat.HasRelation)
	for i, n := range q.options { // pg_dump gives the name
		if o := n.GetDefElem(); o.Defname == "sequence_name" {
			parts := names(o.Arg.GetList().GetItems())
			q.def.Name = datum.TruncateName(parts[len(parts)-1])
			q.options = slices.Delete(slices.Clone(q.options), i, i+1)
			break
		}
	}
	q.def.OwnedBy = catalog.ColumnRef{Table: d.def.OID, Column: q.attr}
	at := sequence.Standing{Last: q.def.Start}
	if !q.copied {
		if at, err = d.s.sequenceOptions(d.stmt, cat, q.def, q.options, true); err != nil {
			return err
		}
	}
	if err := d.s.storeSequence(d.ctx, q.def, at); err != nil {
		return err
	}
	c.Sequence = q.def.OID
	if c.Identity == 0 {
		c.Default = nextvalOf(q.def.OID)
	}
	return nil
}

// makeKey makes the index of a PRIMARY KEY or UNIQUE, and adds the constraint.
func (d *tableDraft) makeKey(k draftKey) error {
	x := &catalog.Index{AM: defaultMethod, Unique: true, Primary: k.primary, Given: k.options}
	for _, attr := range k.attrs {
		c := &d.def.Columns[attr]
		x.Columns = append(x.Columns, catalog.IndexColumn{Attr: attr, Name: c.Name, Type: c.Type.OID})
	}
	cat, err := d.s.db.cat.Current(d.s.tx.txn)
	if err != nil {
		return err
	}
	taken := func(name string) bool { return cat.HasRelation(name) || d.def.Constraint(name) != nil }
	switch {
	case k.name != "" && cat.HasRelation(k.name):
		return pgerr.New(pgerr.DuplicateTable, `relation "%s" already exists`, k.name)
	case k.name != "" && d.def.Constraint(k.name) != nil:
		return noFreeConstraint(k.name, d.def.Name)
	case k.name != "":
		x.Name = k.name
	case k.primary:
		x.Name = freeName(d.def.Name, "", "pkey", taken)
	default:
		x.Name = freeName(d.def.Name, columnNames(x.Columns), "key", taken)
	}
	if err := d.s.knowMethod(d.ctx, x.AM); err != nil {
		return err
	}
	return d.makeConstraint(x)
}

// makeConstraint makes a unique index and the constraint that it keeps.
func (d *tableDraft) makeConstraint(x *catalog.Index) error {
	if err := d.s.maintenance().CreateIndex(d.ctx, d.s.tx.txn, d.def, x, nil); err != nil {
		return err
	}
	c := catalog.Constraint{OID: d.s.db.cat.NewOID(), Name: x.Name, Kind: catalog.Unique, Index: x.OID}
	if x.Primary {
		c.Kind = catalog.PrimaryKey
	}
	for _, col := range x.Columns {
		c.Columns = append(c.Columns, col.Attr)
	}
	d.def.Constraints = append(d.def.Constraints, c)
	return nil
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
	case pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE, pg_query.ConstrType_CONSTR_ATTR_DEFERRED:
		return "DEFERRABLE"
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

// mainFile is the file that holds a relation's rows or entries.
func mainFile(rel page.RelFileNumber) page.RelFile { return page.RelFile{Rel: rel} }
