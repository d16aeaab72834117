package session

import (
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// rows reads the table's rows if something has to be known of them, and writes them anew if they change. It returns the indexes that are
// to be built again, all of them or none.
func (a *alteration) rows() ([]*catalog.Index, error) {
	checks, err := a.checksToSee()
	if err != nil {
		return nil, err
	}
	m, txn := a.s.maintenance(), a.s.tx.txn
	if len(a.values) == 0 {
		if len(a.filled) == 0 && len(checks) == 0 {
			return nil, nil
		}
		ec := a.s.evalContext(a.ctx, nil)
		return nil, m.EachRow(a.ctx, txn, a.def, func(row []datum.Datum) error { return a.verify(ec, checks, row) })
	}
	cat, err := a.s.catalog()
	if err != nil {
		return nil, err
	}
	if err := m.MethodsReady(cat, a.old); err != nil {
		return nil, err
	}
	for i := range a.def.Columns {
		a.def.Columns[i].Missing = nil // every row has all columns now
	}
	ec := a.s.evalContext(a.ctx, nil)
	err = m.RewriteRows(a.ctx, txn, a.old, a.def, func(old, fresh []datum.Datum) error {
		if err := a.change(ec, old, fresh); err != nil {
			return err
		}
		return a.verify(ec, checks, fresh)
	})
	if err != nil {
		return nil, err
	}
	var indexes []*catalog.Index
	for _, x := range cat.IndexesOf(a.def.OID) {
		x = x.Clone()
		for i := range x.Columns {
			if c := &x.Columns[i]; slices.Contains(a.retyped, c.Attr) {
				c.Type, c.OpClass = a.def.Columns[c.Attr].Type.OID, ""
			}
		}
		indexes = append(indexes, x)
	}
	return indexes, nil
}

// change makes a new row of an old one.
func (a *alteration) change(ec *expr.EvalCtx, old, fresh []datum.Datum) error {
	for i := range fresh {
		fresh[i] = datum.NewNull()
		if a.def.Columns[i].Dropped {
			continue
		}
		if e := a.values[i]; e != nil {
			v, err := e.Eval(ec, old)
			if err != nil {
				return err
			}
			fresh[i] = v
		} else if v, ok := a.constants[i]; ok {
			fresh[i] = v
		} else if i < len(old) {
			fresh[i] = old[i]
		}
	}
	return nil
}

// verify reports what keeps a row from being one of the new definition. After a change of type it is every NOT NULL.
func (a *alteration) verify(ec *expr.EvalCtx, checks []plan.Check, row []datum.Datum) error {
	for i := range a.def.Columns {
		c := &a.def.Columns[i]
		if row[i].Null && c.NotNull && (len(a.values) > 0 || slices.Contains(a.filled, i)) {
			return pgerr.New(pgerr.NotNullViolation, `column "%s" of relation "%s" contains null values`, c.Name, a.def.Name).
				WithTable("public", a.def.Name).WithColumn(c.Name)
		}
	}
	for i := range checks {
		v, err := checks[i].Cond.Eval(ec, row)
		if err != nil {
			return err
		}
		if !v.Null && !v.Bool() {
			return pgerr.New(pgerr.CheckViolation, `check constraint "%s" of relation "%s" is violated by some row`, checks[i].Name, a.def.Name).
				WithTable("public", a.def.Name).WithConstraint(checks[i].Name)
		}
	}
	return nil
}

// checksToSee adds the new CHECKs to the definition and returns those that the rows have yet to be seen to obey: after a change of a
// column's type that is all of them, in words that fit the new type.
func (a *alteration) checksToSee() ([]plan.Check, error) {
	var out []plan.Check
	if len(a.retyped) > 0 {
		for i := range a.def.Constraints {
			con := &a.def.Constraints[i]
			if con.Kind != catalog.Check {
				continue
			}
			e, err := a.storedCheck(con)
			if err != nil {
				return nil, err
			}
			con.Expr = expr.Deparse(e, nil)
			out = append(out, plan.NewCheck(a.env, con.Name, e))
		}
	}
	for _, c := range a.checks {
		e, err := a.check(c)
		if err != nil {
			return nil, err
		}
		out = append(out, plan.NewCheck(a.env, a.def.Constraints[len(a.def.Constraints)-1].Name, e))
	}
	return out, nil
}

// storedCheck analyses a CHECK that is in the catalog over the draft's columns.
func (d *tableDraft) storedCheck(con *catalog.Constraint) (expr.Expr, error) {
	src := &source{s: d.s, cat: d.cat}
	query, n, err := src.stored("constraint "+con.Name, con.Expr)
	if err != nil {
		return nil, err
	}
	e, _, err := plan.CheckCondition(d.env, query, n, d.shown())
	return e, err
}
