package session

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// serialTypes are the types that stand for an integer with a sequence.
var serialTypes = map[string]datum.OID{
	"serial": datum.Int4, "serial4": datum.Int4, "bigserial": datum.Int8, "serial8": datum.Int8, "smallserial": datum.Int2, "serial2": datum.Int2,
}

// systemColumns are names that PostgreSQL keeps for itself.
var systemColumns = []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// column adds a column with its constraints to the draft.
func (d *tableDraft) column(cd *pg_query.ColumnDef) error {
	c := catalog.Column{Name: datum.TruncateName(cd.Colname)}
	if slices.Contains(systemColumns, c.Name) {
		return pgerr.New(pgerr.DuplicateColumn, `column name "%s" conflicts with a system column name`, c.Name)
	}
	if d.def.ColumnIndex(c.Name) >= 0 {
		if d.existing {
			return pgerr.New(pgerr.DuplicateColumn, `column "%s" of relation "%s" already exists`, c.Name, d.def.Name)
		}
		return pgerr.New(pgerr.DuplicateColumn, `column "%s" specified more than once`, c.Name)
	}
	typeNames := names(cd.TypeName.Names)
	serial, isSerial := serialTypes[typeNames[len(typeNames)-1]]
	isSerial = isSerial && len(typeNames) == 1
	if isSerial {
		if len(cd.TypeName.ArrayBounds) > 0 {
			return pgerr.New(pgerr.FeatureNotSupported, "array of serial is not implemented").At(d.at.At(cd.TypeName.Location))
		}
		c.Type, c.NotNull = datum.Type{OID: serial, Mod: -1}, true
	} else {
		t, err := plan.TypeOf(d.env, d.stmt.Query, cd.TypeName)
		if err != nil {
			return err
		}
		if t.OID == datum.Unknown || t.OID == datum.Void {
			return pgerr.New(pgerr.InvalidTableDefinition, `column "%s" has pseudo-type %s`, c.Name, expr.TypeName(t.OID)).At(d.at.At(cd.TypeName.Location))
		}
		c.Type = t
	}
	if cd.CollClause != nil {
		parts := names(cd.CollClause.Collname)
		if last := parts[len(parts)-1]; last != "C" && last != "default" && last != "POSIX" {
			return pgerr.New(pgerr.UndefinedObject, `collation "%s" for encoding "UTF8" does not exist`, last).At(d.at.At(cd.CollClause.Location))
		}
	}
	attr := len(d.def.Columns)
	d.def.Columns = append(d.def.Columns, c)
	d.defaults = append(d.defaults, nil)
	if isSerial {
		q := newSequence("", d.def.Owner)
		q.Type = serial
		d.sequences = append(d.sequences, &draftSequence{attr: attr, def: q})
	}
	return d.columnConstraints(attr, cd, isSerial)
}

// columnConstraints applies what follows a column's type.
func (d *tableDraft) columnConstraints(attr int, cd *pg_query.ColumnDef, serial bool) error {
	c := &d.def.Columns[attr]
	nullable, notNull, hasDefault, identity := false, serial, serial, false
	for _, n := range cd.Constraints {
		con := n.GetConstraint()
		fail := func(code pgerr.Code, format string, args ...any) error {
			return pgerr.New(code, format, args...).At(d.at.At(con.Location))
		}
		switch con.Contype {
		case pg_query.ConstrType_CONSTR_NOTNULL:
			if nullable {
				return fail(pgerr.SyntaxError, `conflicting NULL/NOT NULL declarations for column "%s" of table "%s"`, c.Name, d.def.Name)
			}
			notNull = true
		case pg_query.ConstrType_CONSTR_NULL:
			if notNull {
				return fail(pgerr.SyntaxError, `conflicting NULL/NOT NULL declarations for column "%s" of table "%s"`, c.Name, d.def.Name)
			}
			nullable = true
		case pg_query.ConstrType_CONSTR_DEFAULT:
			if hasDefault && serial {
				return pgerr.New(pgerr.SyntaxError, `multiple default values specified for column "%s" of table "%s"`, c.Name, d.def.Name)
			}
			if hasDefault {
				return fail(pgerr.SyntaxError, `multiple default values specified for column "%s" of table "%s"`, c.Name, d.def.Name)
			}
			hasDefault = true
			e, text, err := plan.DefaultText(d.env, d.stmt.Query, con.RawExpr, c.Name, c.Type)
			if err != nil {
				return d.placed(err)
			}
			c.Default, d.defaults[attr] = text, e
		case pg_query.ConstrType_CONSTR_IDENTITY:
			if identity {
				return fail(pgerr.SyntaxError, `multiple identity specifications for column "%s" of table "%s"`, c.Name, d.def.Name)
			}
			identity, notNull = true, true
			if err := d.identity(attr, con); err != nil {
				return err
			}
		case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE, pg_query.ConstrType_CONSTR_CHECK:
			if err := d.constraint(con, attr); err != nil {
				return err
			}
		case pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE, pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE:
		default:
			return fail(pgerr.FeatureNotSupported, "%s is not supported", constraintName(con))
		}
		if identity && hasDefault {
			return fail(pgerr.SyntaxError, `both default and identity specified for column "%s" of table "%s"`, c.Name, d.def.Name)
		}
		if identity && nullable {
			return fail(pgerr.SyntaxError, `conflicting NULL/NOT NULL declarations for column "%s" of table "%s"`, c.Name, d.def.Name)
		}
	}
	d.def.Columns[attr].NotNull = d.def.Columns[attr].NotNull || notNull
	return nil
}

// identity gives a column a sequence of its own.
func (d *tableDraft) identity(attr int, con *pg_query.Constraint) error {
	c := &d.def.Columns[attr]
	if !datum.MustLookup(c.Type.OID).IsInteger() {
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	c.Identity = con.GeneratedWhen[0]
	q := newSequence("", d.def.Owner)
	q.Type = c.Type.OID
	d.sequences = append(d.sequences, &draftSequence{attr: attr, def: q, options: con.Options})
	return nil
}
