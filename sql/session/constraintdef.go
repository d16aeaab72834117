package session

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// constraint adds a PRIMARY KEY, UNIQUE or CHECK to the draft. attr is the column that it was written at, -1 for one of the table.
func (d *tableDraft) constraint(con *pg_query.Constraint, attr int) error {
	if err := refuseConstraint(d.at, con); err != nil {
		return err
	}
	switch con.Contype {
	case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE:
		return d.key(con, attr)
	case pg_query.ConstrType_CONSTR_CHECK:
		d.checks = append(d.checks, draftCheck{con, attr})
	}
	return nil
}

// refuseConstraint names what is missing of constraints.
func refuseConstraint(at *parse.Locator, con *pg_query.Constraint) error {
	switch {
	case con.Deferrable || con.Initdeferred:
		return pgerr.New(pgerr.FeatureNotSupported, "DEFERRABLE is not supported").At(at.At(con.Location))
	case con.Contype != pg_query.ConstrType_CONSTR_PRIMARY && con.Contype != pg_query.ConstrType_CONSTR_UNIQUE && con.Contype != pg_query.ConstrType_CONSTR_CHECK:
		return pgerr.New(pgerr.FeatureNotSupported, "%s is not supported", constraintName(con)).At(at.At(con.Location))
	case len(con.Including) > 0:
		return unsupported("INCLUDE")
	case con.NullsNotDistinct:
		return unsupported("NULLS NOT DISTINCT")
	case con.Indexspace != "":
		return unsupported("TABLESPACE")
	case con.SkipValidation:
		return unsupported("NOT VALID")
	}
	return nil
}

// draftKey is a PRIMARY KEY or UNIQUE that is to get an index.
type draftKey struct {
	name    string // as given, or empty
	primary bool
	attrs   []int
	options map[string]string
}

// key adds a PRIMARY KEY or UNIQUE. Its columns must be there already.
func (d *tableDraft) key(con *pg_query.Constraint, attr int) error {
	k := draftKey{name: datum.TruncateName(con.Conname), primary: con.Contype == pg_query.ConstrType_CONSTR_PRIMARY}
	at := d.at.At(con.Location)
	if k.primary {
		if d.def.PrimaryKey() != nil {
			return pgerr.New(pgerr.InvalidTableDefinition, `multiple primary keys for table "%s" are not allowed`, d.def.Name)
		}
		if d.hasPrimary() {
			return pgerr.New(pgerr.InvalidTableDefinition, `multiple primary keys for table "%s" are not allowed`, d.def.Name).At(at)
		}
	}
	var err error
	if k.options, err = indexOptions(con.Options); err != nil {
		return err
	}
	keys := names(con.Keys)
	if attr >= 0 {
		keys = []string{d.def.Columns[attr].Name}
	}
	for _, name := range keys {
		i := d.def.ColumnIndex(name)
		if i < 0 {
			return d.placed(pgerr.New(pgerr.UndefinedColumn, `column "%s" named in key does not exist`, name).At(at))
		}
		for _, other := range k.attrs {
			if other != i {
				continue
			}
			kind := "unique"
			if k.primary {
				kind = "primary key"
			}
			return pgerr.New(pgerr.DuplicateColumn, `column "%s" appears twice in %s constraint`, name, kind).At(at)
		}
		k.attrs = append(k.attrs, i)
	}
	// The same key twice is one index, as in PostgreSQL, and the primary key comes first.
	for i := range d.keys {
		old := &d.keys[i]
		if !d.existing && slices.Equal(old.attrs, k.attrs) && (old.name == "" || k.name == "" || old.name == k.name) && len(old.options)+len(k.options) == 0 {
			old.primary = old.primary || k.primary
			if old.name == "" {
				old.name = k.name
			}
			return nil
		}
	}
	d.keys = append(d.keys, k)
	slices.SortStableFunc(d.keys, func(a, b draftKey) int {
		switch {
		case a.primary && !b.primary:
			return -1
		case b.primary && !a.primary:
			return 1
		}
		return 0
	})
	return nil
}

func (d *tableDraft) hasPrimary() bool {
	for _, k := range d.keys {
		if k.primary {
			return true
		}
	}
	return false
}

// draftCheck is a CHECK that is to be analysed when all columns are known.
type draftCheck struct {
	con  *pg_query.Constraint
	attr int
}

// check analyses one CHECK and adds it to the table. Its name is made of the column if it mentions only one.
func (d *tableDraft) check(c draftCheck) (expr.Expr, error) {
	shown := d.shown()
	e, columns, err := plan.CheckCondition(d.env, d.stmt.Query, c.con.RawExpr, shown)
	if err != nil {
		return nil, d.placed(err)
	}
	name := datum.TruncateName(c.con.Conname)
	if name == "" {
		column := ""
		if len(columns) == 1 {
			column = d.def.Columns[columns[0]].Name
		}
		name = freeName(d.def.Name, column, "check", d.constraintTaken)
	} else if d.constraintTaken(name) {
		if !d.existing {
			return nil, pgerr.New(pgerr.DuplicateObject, `check constraint "%s" already exists`, name)
		}
		return nil, noFreeConstraint(name, d.def.Name)
	}
	d.def.Constraints = append(d.def.Constraints, catalog.Constraint{
		OID: d.s.db.cat.NewOID(), Name: name, Kind: catalog.Check, Columns: columns, Expr: expr.Deparse(e, nil),
	})
	return e, nil
}

func noFreeConstraint(name, table string) error {
	return pgerr.New(pgerr.DuplicateObject, `constraint "%s" for relation "%s" already exists`, name, table)
}

// constraintTaken reports whether a constraint of the draft has the name, or a key of it asks for it.
func (d *tableDraft) constraintTaken(name string) bool {
	if d.def.Constraint(name) != nil {
		return true
	}
	for _, k := range d.keys {
		if k.name == name {
			return true
		}
	}
	return false
}

// shown is the draft as expressions see it.
func (d *tableDraft) shown() *plan.Table { return shownTable(d.def) }

// shownTable is a table's definition as expressions see it.
func shownTable(def *catalog.Table) *plan.Table {
	t := &plan.Table{Schema: "public", Name: def.Name}
	for i := range def.Columns {
		c := &def.Columns[i]
		t.Columns = append(t.Columns, plan.TableColumn{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Dropped: c.Dropped})
	}
	return t
}
