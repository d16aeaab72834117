package session

import (
	"fmt"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

func (a *alteration) addColumn(cmd *pg_query.AlterTableCmd) error {
	cd := cmd.Def.GetColumnDef()
	if cmd.MissingOk && a.def.ColumnIndex(datum.TruncateName(cd.Colname)) >= 0 {
		a.s.notice(pgerr.Notice(pgerr.DuplicateColumn, `column "%s" of relation "%s" already exists, skipping`, cd.Colname, a.def.Name))
		return nil
	}
	return a.column(cd)
}

// dropColumn empties the column's place (C6 of core/catalog). Indexes and constraints that mention it go as well, and the sequence that it
// owns.
func (a *alteration) dropColumn(attr int, cmd *pg_query.AlterTableCmd) error {
	if attr >= len(a.old.Columns) {
		return pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, cmd.Name, a.def.Name)
	}
	cascade := cmd.Behavior == pg_query.DropBehavior_DROP_CASCADE
	what := fmt.Sprintf("column %s of table %s", cmd.Name, a.def.Name)
	for _, q := range a.cat.SequencesOf(a.def.OID) {
		if q.OwnedBy.Column != attr {
			continue
		}
		if err := a.forgetSequence(q, attr, what, cascade); err != nil {
			return err
		}
		if err := a.s.dropDefaults(a.ctx, a.cat, q, a.def.OID, what, cascade); err != nil {
			return err
		}
		a.gone = append(a.gone, q)
	}
	for _, x := range a.cat.IndexesOf(a.def.OID) {
		if slices.ContainsFunc(x.Columns, func(c catalog.IndexColumn) bool { return c.Attr == attr }) {
			a.dropIndexOnce(x.OID)
		}
	}
	a.def.Constraints = slices.DeleteFunc(a.def.Constraints, func(c catalog.Constraint) bool { return slices.Contains(c.Columns, attr) })
	a.def.Columns[attr] = catalog.Column{Type: a.def.Columns[attr].Type, Dropped: true}
	return nil
}

// forgetSequence takes a sequence out of the defaults of the table's other columns, or refuses to.
func (a *alteration) forgetSequence(q *catalog.Sequence, attr int, what string, cascade bool) error {
	literal := fmt.Sprintf("'%d'::regclass", q.OID)
	for i := range a.def.Columns {
		c := &a.def.Columns[i]
		if i == attr || !strings.Contains(c.Default, literal) {
			continue
		}
		user := fmt.Sprintf("default value for column %s of table %s", c.Name, a.def.Name)
		if !cascade {
			return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", what).
				WithDetail("%s depends on sequence %s", user, q.Name).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
		}
		a.s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, "drop cascades to %s", user))
		c.Default, c.Sequence = "", 0
	}
	return nil
}

func (a *alteration) dropIndexOnce(oid uint32) {
	if !slices.Contains(a.goneIndexes, oid) {
		a.goneIndexes = append(a.goneIndexes, oid)
	}
}

// isIdentity is the error for what cannot be done to an identity column.
func (a *alteration) isIdentity(c *catalog.Column) *pgerr.Error {
	return pgerr.New(pgerr.SyntaxError, `column "%s" of relation "%s" is an identity column`, c.Name, a.def.Name)
}

func (a *alteration) dropNotNull(attr int) error {
	c := &a.def.Columns[attr]
	if c.Identity != 0 {
		return a.isIdentity(c)
	}
	if pk := a.def.PrimaryKey(); pk != nil && slices.Contains(pk.Columns, attr) {
		return pgerr.New(pgerr.InvalidTableDefinition, `column "%s" is in a primary key`, c.Name)
	}
	c.NotNull = false
	return nil
}

// setNotNull notes that the column's values have to be looked at, unless it had no nulls before.
func (a *alteration) setNotNull(attr int) {
	if c := &a.def.Columns[attr]; !c.NotNull {
		c.NotNull = true
		a.filled = append(a.filled, attr)
	}
}

// setDefault runs SET DEFAULT, or DROP DEFAULT if there is no expression. Rows that are there keep what they have, of a column that the
// same statement adds as well.
func (a *alteration) setDefault(attr int, n *pg_query.Node) error {
	c := &a.def.Columns[attr]
	if c.Identity != 0 {
		err := a.isIdentity(c)
		if n == nil {
			return err.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		}
		return err
	}
	if n == nil {
		c.Default = ""
		return nil
	}
	e, err := plan.Default(a.env, a.stmt.Query, n, c.Name, c.Type)
	if err != nil {
		return a.placed(err)
	}
	c.Default = expr.Deparse(e, nil)
	return nil
}

// setType runs ALTER COLUMN … TYPE. Between text and varchar the stored values stay; for any other change the table is rewritten.
func (a *alteration) setType(attr int, cd *pg_query.ColumnDef) error {
	c := &a.def.Columns[attr]
	if slices.Contains(a.retyped, attr) {
		return pgerr.New(pgerr.FeatureNotSupported, `cannot alter type of column "%s" twice`, c.Name)
	}
	typ, err := plan.TypeOf(a.env, a.stmt.Query, cd.TypeName)
	if err != nil {
		return a.placed(err)
	}
	if typ.OID == datum.Unknown || typ.OID == datum.Void {
		return pgerr.New(pgerr.InvalidTableDefinition, `column "%s" has pseudo-type %s`, c.Name, expr.TypeName(typ.OID))
	}
	if c.Identity != 0 {
		if !datum.MustLookup(typ.OID).IsInteger() {
			return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
		}
		as := &pg_query.DefElem{Defname: "as", Arg: &pg_query.Node{Node: &pg_query.Node_TypeName{TypeName: cd.TypeName}}}
		a.changed = append(a.changed, changedSequence{c.Sequence, []*pg_query.Node{{Node: &pg_query.Node_DefElem{DefElem: as}}}})
	}
	if cd.RawDefault == nil && typ == c.Type {
		return nil
	}
	name := typ.String()
	value, ok, err := plan.Using(a.env, a.stmt.Query, cd.RawDefault, shownTable(a.old), attr, typ)
	switch {
	case err != nil:
		return err
	case !ok && cd.RawDefault != nil:
		return pgerr.New(pgerr.DatatypeMismatch, `result of USING clause for column "%s" cannot be cast automatically to type %s`, c.Name, name).
			WithHint("You might need to add an explicit cast.")
	case !ok:
		return pgerr.New(pgerr.DatatypeMismatch, `column "%s" cannot be cast automatically to type %s`, c.Name, name).
			WithHint(`You might need to specify "USING %s::%s".`, expr.QuoteIdent(c.Name), name)
	}
	if c.Default != "" {
		if err := a.retypeDefault(c, typ); err != nil {
			return err
		}
	}
	if cd.RawDefault != nil || !sameStored(c.Type, typ) {
		a.values[attr] = value
	}
	a.retyped = append(a.retyped, attr)
	c.Type, c.ColumnStats = typ, catalog.ColumnStats{}
	return nil
}

// retypeDefault makes a column's default one of another type.
func (a *alteration) retypeDefault(c *catalog.Column, typ datum.Type) error {
	src := &source{s: a.s, cat: a.cat}
	query, n, err := src.stored("default of column "+c.Name, c.Default)
	if err != nil {
		return err
	}
	e, err := plan.Default(a.env, query, n, c.Name, typ)
	if pgerr.Is(err, pgerr.DatatypeMismatch) {
		return pgerr.New(pgerr.DatatypeMismatch, `default for column "%s" cannot be cast automatically to type %s`, c.Name, typ.String())
	}
	if err != nil {
		return err
	}
	c.Default = expr.Deparse(e, nil)
	return nil
}

// sameStored reports whether every value of one type is one of the other, with the same bytes.
func sameStored(from, to datum.Type) bool {
	isText := func(t datum.Type) bool { return t.OID == datum.Text || t.OID == datum.Varchar }
	return isText(from) && isText(to) && (to.Mod < 0 || from.Mod >= 0 && from.Mod <= to.Mod)
}

func (a *alteration) addIdentity(attr int, con *pg_query.Constraint) error {
	c := &a.def.Columns[attr]
	no := func(format string) error {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, format, c.Name, a.def.Name)
	}
	switch {
	case !c.NotNull:
		return no(`column "%s" of relation "%s" must be declared NOT NULL before identity can be added`)
	case c.Identity != 0:
		return no(`column "%s" of relation "%s" is already an identity column`)
	case c.Default != "":
		return no(`column "%s" of relation "%s" already has a default value`)
	}
	return a.identity(attr, con)
}

// notIdentity is the error, or with IF EXISTS the notice, for a column without identity.
func (a *alteration) notIdentity(c *catalog.Column, missingOk bool) error {
	if missingOk {
		a.s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `column "%s" of relation "%s" is not an identity column, skipping`, c.Name, a.def.Name))
		return nil
	}
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, `column "%s" of relation "%s" is not an identity column`, c.Name, a.def.Name)
}

// setIdentity changes what an identity column accepts, or its sequence.
func (a *alteration) setIdentity(attr int, options []*pg_query.Node) error {
	c := &a.def.Columns[attr]
	if c.Identity == 0 || c.Sequence == 0 { // one that the same statement adds has no sequence yet
		return a.notIdentity(c, false)
	}
	var rest []*pg_query.Node
	for _, n := range options {
		if d := n.GetDefElem(); d.Defname == "generated" {
			c.Identity = byte(d.Arg.GetInteger().GetIval())
		} else {
			rest = append(rest, n)
		}
	}
	if len(rest) > 0 {
		a.changed = append(a.changed, changedSequence{c.Sequence, rest})
	}
	return nil
}

func (a *alteration) dropIdentity(attr int, cmd *pg_query.AlterTableCmd) error {
	c := &a.def.Columns[attr]
	if c.Identity == 0 {
		return a.notIdentity(c, cmd.MissingOk)
	}
	a.gone = append(a.gone, a.cat.SequenceByOID(c.Sequence))
	c.Identity, c.Sequence = 0, 0
	return nil
}
