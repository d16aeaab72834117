package session

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func (a *alteration) addConstraint(con *pg_query.Constraint) error {
	name := datum.TruncateName(con.Conname)
	if name != "" && a.constraintTaken(name) {
		return noFreeConstraint(name, a.def.Name)
	}
	if con.Indexname == "" {
		return a.constraint(con, -1)
	}
	return a.usingIndex(con, name)
}

// usingIndex makes a unique index that is there the keeper of a PRIMARY KEY or UNIQUE. The index takes the constraint's name.
func (a *alteration) usingIndex(con *pg_query.Constraint, name string) error {
	at := a.at.At(con.Location)
	var x *catalog.Index
	switch i := a.cat.Index(con.Indexname); {
	case i == nil:
		return pgerr.New(pgerr.UndefinedObject, `index "%s" does not exist`, con.Indexname).At(at)
	case a.def.ConstraintOfIndex(i.OID) != nil:
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, `index "%s" is already associated with a constraint`, i.Name).At(at)
	case i.Table != a.def.OID || slices.Contains(a.goneIndexes, i.OID):
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, `index "%s" does not belong to table "%s"`, i.Name, a.def.Name).At(at)
	case !i.Unique:
		return pgerr.New(pgerr.WrongObjectType, `"%s" is not a unique index`, i.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(at)
	default:
		x = i.Clone()
	}
	c := catalog.Constraint{OID: a.s.db.cat.NewOID(), Kind: catalog.Unique, Index: x.OID}
	for i, col := range x.Columns {
		if col.Desc || col.NullsFirst {
			return pgerr.New(pgerr.WrongObjectType, `index "%s" column number %d does not have default sorting behavior`, x.Name, i+1).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(at)
		}
		c.Columns = append(c.Columns, col.Attr)
	}
	if con.Contype == pg_query.ConstrType_CONSTR_PRIMARY {
		if a.def.PrimaryKey() != nil || a.hasPrimary() {
			return pgerr.New(pgerr.InvalidTableDefinition, `multiple primary keys for table "%s" are not allowed`, a.def.Name).At(at)
		}
		c.Kind, x.Primary = catalog.PrimaryKey, true
		for _, attr := range c.Columns {
			a.setNotNull(attr)
		}
	}
	if c.Name = x.Name; name != "" && name != x.Name {
		a.s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index "%s" to "%s"`, x.Name, name))
		c.Name, x.Name = name, name
	}
	a.def.Constraints = append(a.def.Constraints, c)
	a.renamed = append(a.renamed, x)
	return nil
}

// dropConstraint takes a constraint away, with the index that keeps it. The columns of a primary key go on refusing nulls.
func (a *alteration) dropConstraint(cmd *pg_query.AlterTableCmd) error {
	c := a.def.Constraint(cmd.Name)
	if c == nil {
		if cmd.MissingOk {
			a.s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `constraint "%s" of relation "%s" does not exist, skipping`, cmd.Name, a.def.Name))
			return nil
		}
		return pgerr.New(pgerr.UndefinedObject, `constraint "%s" of relation "%s" does not exist`, cmd.Name, a.def.Name)
	}
	if c.Index != 0 {
		a.dropIndexOnce(c.Index)
	}
	a.def.Constraints = slices.DeleteFunc(a.def.Constraints, func(other catalog.Constraint) bool { return other.OID == c.OID })
	return nil
}
