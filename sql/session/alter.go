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
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/sysview"
)

// alteration is one ALTER TABLE. Its actions change the draft of the definition and note what follows from that; complete looks at the rows or
// copies them, once for all actions, and stores what came of it.
type alteration struct {
	*tableDraft
	old *catalog.Table
	// values compute columns of the new rows from the old ones; if there is one, the table is rewritten.
	values map[int]*plan.Scalar
	// constants are the values of new columns that are the same for all rows.
	constants map[int]datum.Datum
	// filled are columns that may have nulls now and must not.
	filled []int
	// retyped are the columns that get another type.
	retyped     []int
	goneIndexes []uint32
	gone        []*catalog.Sequence
	renamed     []*catalog.Index
	changed     []changedSequence
	owner       string // "" if it stays
}

// changedSequence is the sequence of an identity column that gets other options.
type changedSequence struct {
	oid     uint32
	options []*pg_query.Node
}

// alterTable runs ALTER TABLE; the same statement reaches sequences, and indexes in vain.
func (s *Session) alterTable(ctx context.Context, stmt parse.Statement, st *pg_query.AlterTableStmt) error {
	if err := public(st.Relation); err != nil {
		return err
	}
	if err := refuseAlter(parse.NewLocator(stmt.Query), st.Cmds); err != nil {
		return err
	}
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	name := st.Relation.Relname
	switch {
	case cat.Table(name) != nil && (st.Objtype == pg_query.ObjectType_OBJECT_INDEX || st.Objtype == pg_query.ObjectType_OBJECT_SEQUENCE):
		return notA(st.Objtype, name)
	case cat.Sequence(name) != nil:
		return s.alterOtherRelation(ctx, cat.Sequence(name), st)
	case cat.Index(name) != nil:
		return refuseOn(st, name, "indexes")
	case cat.Table(name) == nil && sysview.Lookup(name) != nil:
		return pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, name)
	case cat.Table(name) == nil && st.MissingOk:
		s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `relation "%s" does not exist, skipping`, name))
		return nil
	}
	t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.AccessExclusive)
	if err != nil {
		return err
	}
	if err := s.noRunningPortal("ALTER TABLE", t.Name); err != nil {
		return err
	}
	a := &alteration{tableDraft: s.newDraft(ctx, stmt, cat, t.Clone()), old: t, values: map[int]*plan.Scalar{}, constants: map[int]datum.Datum{}}
	a.existing = true
	if err := a.run(st.Cmds); err != nil {
		return err
	}
	return a.store()
}

// notA is the error for a relation of another kind than the statement names.
func notA(kind pg_query.ObjectType, name string) error {
	words := map[pg_query.ObjectType]string{
		pg_query.ObjectType_OBJECT_INDEX: "an index", pg_query.ObjectType_OBJECT_SEQUENCE: "a sequence", pg_query.ObjectType_OBJECT_VIEW: "a view",
		pg_query.ObjectType_OBJECT_MATVIEW: "a materialized view", pg_query.ObjectType_OBJECT_TABLE: "a table",
	}[kind]
	return pgerr.New(pgerr.WrongObjectType, `"%s" is not %s`, name, words)
}

// passes is the order in which the actions of one statement are taken, which is PostgreSQL's: what goes, types, what comes, then
// properties of columns, and constraints last.
var passes = [][]pg_query.AlterTableType{
	{pg_query.AlterTableType_AT_DropColumn, pg_query.AlterTableType_AT_DropConstraint, pg_query.AlterTableType_AT_DropNotNull, pg_query.AlterTableType_AT_DropIdentity},
	{pg_query.AlterTableType_AT_AlterColumnType},
	{pg_query.AlterTableType_AT_AddColumn},
	{pg_query.AlterTableType_AT_SetNotNull, pg_query.AlterTableType_AT_ColumnDefault, pg_query.AlterTableType_AT_AddIdentity, pg_query.AlterTableType_AT_SetIdentity},
	{pg_query.AlterTableType_AT_AddConstraint},
	{pg_query.AlterTableType_AT_ChangeOwner, pg_query.AlterTableType_AT_SetRelOptions, pg_query.AlterTableType_AT_ResetRelOptions},
}

// refuseAlter names the actions that are missing.
func refuseAlter(at *parse.Locator, cmds []*pg_query.Node) error {
	for _, n := range cmds {
		cmd := n.GetAlterTableCmd()
		if !slices.ContainsFunc(passes, func(p []pg_query.AlterTableType) bool { return slices.Contains(p, cmd.Subtype) }) {
			return unsupported("ALTER TABLE … " + actionName(cmd.Subtype))
		}
		if cmd.Subtype != pg_query.AlterTableType_AT_AddConstraint {
			continue
		}
		if err := refuseConstraint(at, cmd.Def.GetConstraint()); err != nil {
			return err
		}
	}
	return nil
}

// run takes the actions in their order.
func (a *alteration) run(cmds []*pg_query.Node) error {
	for _, pass := range passes {
		for _, n := range cmds {
			if cmd := n.GetAlterTableCmd(); slices.Contains(pass, cmd.Subtype) {
				if err := a.action(cmd); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (a *alteration) action(cmd *pg_query.AlterTableCmd) error {
	switch cmd.Subtype {
	case pg_query.AlterTableType_AT_AddColumn:
		return a.addColumn(cmd)
	case pg_query.AlterTableType_AT_AddConstraint:
		return a.addConstraint(cmd.Def.GetConstraint())
	case pg_query.AlterTableType_AT_DropConstraint:
		return a.dropConstraint(cmd)
	case pg_query.AlterTableType_AT_ChangeOwner:
		return a.changeOwner(cmd.Newowner)
	case pg_query.AlterTableType_AT_SetRelOptions, pg_query.AlterTableType_AT_ResetRelOptions:
		return a.options(cmd)
	}
	attr := a.def.ColumnIndex(cmd.Name)
	if attr < 0 {
		if cmd.Subtype == pg_query.AlterTableType_AT_DropColumn && cmd.MissingOk {
			a.s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `column "%s" of relation "%s" does not exist, skipping`, cmd.Name, a.def.Name))
			return nil
		}
		return pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, cmd.Name, a.def.Name)
	}
	switch cmd.Subtype {
	case pg_query.AlterTableType_AT_DropColumn:
		return a.dropColumn(attr, cmd)
	case pg_query.AlterTableType_AT_DropNotNull:
		return a.dropNotNull(attr)
	case pg_query.AlterTableType_AT_SetNotNull:
		a.setNotNull(attr)
		return nil
	case pg_query.AlterTableType_AT_ColumnDefault:
		return a.setDefault(attr, cmd.Def)
	case pg_query.AlterTableType_AT_AlterColumnType:
		return a.setType(attr, cmd.Def.GetColumnDef())
	case pg_query.AlterTableType_AT_AddIdentity:
		return a.addIdentity(attr, cmd.Def.GetConstraint())
	case pg_query.AlterTableType_AT_SetIdentity:
		return a.setIdentity(attr, cmd.Def.GetList().GetItems())
	}
	return a.dropIdentity(attr, cmd)
}

// options applies SET (…) and RESET (…).
func (a *alteration) options(cmd *pg_query.AlterTableCmd) error {
	list := cmd.Def.GetList().GetItems()
	if cmd.Subtype == pg_query.AlterTableType_AT_ResetRelOptions {
		for _, n := range list {
			delete(a.def.Options, n.GetDefElem().Defname)
		}
		return nil
	}
	given, err := tableOptions(list)
	if a.def.Options == nil {
		a.def.Options = given
	}
	for name, value := range given {
		a.def.Options[name] = value
	}
	return err
}

// store makes the rows what the new definition says, and puts it and what belongs to it into the catalog.
func (a *alteration) store() error {
	store, txn := a.s.db.cat, a.s.tx.txn
	for _, q := range a.gone {
		if err := store.DropSequence(a.ctx, txn, q.OID); err != nil {
			return err
		}
	}
	for _, oid := range a.goneIndexes {
		if err := store.DropIndex(a.ctx, txn, oid); err != nil {
			return err
		}
	}
	for _, x := range a.renamed {
		if err := store.AlterIndex(a.ctx, txn, x); err != nil {
			return err
		}
	}
	for _, q := range a.changed {
		if err := a.s.changeSequence(a.ctx, a.stmt, q.oid, q.options); err != nil {
			return err
		}
	}
	for _, q := range a.sequences {
		if err := a.makeSequence(q); err != nil {
			return err
		}
	}
	for _, k := range a.keys {
		if k.primary {
			for _, attr := range k.attrs {
				a.setNotNull(attr)
			}
		}
	}
	if err := a.defaultsOfNewColumns(); err != nil {
		return err
	}
	indexes, err := a.rows()
	if err != nil {
		return err
	}
	if err := store.AlterTable(a.ctx, txn, a.def); err != nil {
		return err
	}
	if len(indexes) > 0 {
		if err := a.s.maintenance().RebuildIndexes(a.ctx, txn, a.def, indexes); err != nil {
			return err
		}
	}
	a.sequences = nil // they are made
	if err := a.complete(); err != nil {
		return err
	}
	return a.storeOwner()
}

// defaultsOfNewColumns decides how rows that are there come by the values of new columns: a value that is the same for all stands in the
// definition, any other is computed for each row.
func (a *alteration) defaultsOfNewColumns() error {
	cat, err := a.s.catalog()
	if err != nil {
		return err
	}
	src := &source{s: a.s, cat: cat}
	env := a.s.planEnv(src)
	for attr := len(a.old.Columns); attr < len(a.def.Columns); attr++ {
		c := &a.def.Columns[attr]
		e := a.defaults[attr]
		if c.Sequence != 0 {
			if e, err = src.columnDefault(c); err != nil {
				return err
			}
		}
		if e == nil {
			if c.NotNull {
				a.filled = append(a.filled, attr)
			}
			continue
		}
		if expr.MaxVolatility(e) == expr.Volatile {
			a.values[attr] = plan.NewScalar(env, e)
			continue
		}
		v, err := plan.NewScalar(env, e).Eval(a.s.evalContext(a.ctx, nil), nil)
		switch {
		case err != nil:
			return err
		case v.Null && c.NotNull:
			a.filled = append(a.filled, attr)
		case !v.Null:
			text := datum.MustLookup(c.Type.OID).String(v)
			c.Missing, a.constants[attr] = &text, v
		}
	}
	return nil
}
