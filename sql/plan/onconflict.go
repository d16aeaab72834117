package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// ConflictClause is an analysed ON CONFLICT.
type ConflictClause struct {
	// Arbiters are the unique indexes whose equal rows are conflicts that the clause is about.
	Arbiters []*Index
	// Inferred says that the statement named them, by columns or as a constraint; if not, they are all there are.
	Inferred bool
	// Set is nil for DO NOTHING. Else it is that of an update, over the row that is there with the proposed row behind it; Where is a
	// condition over the same.
	Set   []expr.Expr
	Where expr.Expr
}

// OnConflict is a ConflictClause ready to run.
type OnConflict struct {
	Arbiters []*Index
	Inferred bool
	Set      []*Scalar // nil: DO NOTHING; nil in it: column unchanged
	Where    *Scalar
}

// onConflict analyses ON CONFLICT of an insert into q.Table.
func (a *analyzer) onConflict(q *Query, c *pg_query.OnConflictClause) error {
	out := &ConflictClause{Inferred: c.Infer != nil}
	update := c.Action == pg_query.OnConflictAction_ONCONFLICT_UPDATE
	if update && c.Infer == nil {
		return a.errorf(c.Location, pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).")
	}
	var err error
	if out.Arbiters, err = a.arbiters(q.Table, c.Infer); err != nil {
		return err
	}
	if update {
		n := len(q.Table.Columns)
		columns := tableColumns(q.Table)
		sc := &scope{rels: []scopeRel{
			{rel: 0, alias: q.Alias, table: q.Table.Name, schema: q.Table.Schema, columns: columns},
			{rel: 1, alias: "excluded", columns: columns},
		}}
		err := a.in(inSet, func() (err error) {
			out.Set, err = a.setList(q.Table, sc, c.TargetList)
			return err
		})
		if err != nil {
			return err
		}
		if out.Where, err = a.condition(sc, c.WhereClause, inWhere); err != nil {
			return err
		}
		for _, e := range append(slices.Clone(out.Set), out.Where) {
			if e == nil {
				continue
			}
			expr.Columns(e, func(c *expr.ColumnRef) { // the analyser has just made them, nobody else has them
				if c.Rel == 1 {
					c.Rel, c.Index = 0, c.Index+n
				}
			})
		}
	}
	q.Conflict = out
	return nil
}

// arbiters finds the unique indexes that an ON CONFLICT means: all without a target, those over just the columns named, or that of a
// constraint.
func (a *analyzer) arbiters(t *Table, infer *pg_query.InferClause) ([]*Index, error) {
	var unique []*Index
	for _, x := range t.Indexes {
		if x.Def.Unique {
			unique = append(unique, x)
		}
	}
	switch {
	case infer == nil:
		return unique, nil
	case infer.WhereClause != nil:
		return nil, a.unsupported("WHERE in the target of ON CONFLICT", infer.Location)
	case infer.Conname != "":
		for _, x := range unique {
			if x.Constraint && x.Name == infer.Conname {
				return []*Index{x}, nil
			}
		}
		return nil, a.errorf(-1, pgerr.UndefinedObject, `constraint "%s" for table "%s" does not exist`, infer.Conname, t.Name)
	}
	var attrs []int
	for _, n := range infer.IndexElems {
		e := n.GetIndexElem()
		switch {
		case e.Expr != nil:
			return nil, a.unsupported("an expression in the target of ON CONFLICT", infer.Location)
		case len(e.Collation) > 0 || len(e.Opclass) > 0:
			return nil, a.unsupported("a collation or operator class in the target of ON CONFLICT", infer.Location)
		}
		attr := t.Attr(e.Name)
		if attr < 0 {
			return nil, a.errorf(infer.Location, pgerr.UndefinedColumn, `column "%s" does not exist`, e.Name)
		}
		attrs = append(attrs, attr)
	}
	slices.Sort(attrs)
	attrs = slices.Compact(attrs)
	var found []*Index
	for _, x := range unique {
		own := slices.Clone(x.Attrs)
		slices.Sort(own)
		if slices.Equal(slices.Compact(own), attrs) {
			found = append(found, x)
		}
	}
	if found == nil {
		return nil, pgerr.New(pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return found, nil
}

// conflict makes an ON CONFLICT ready to run.
func (p *planner) conflict(c *ConflictClause) *OnConflict {
	out := &OnConflict{Arbiters: c.Arbiters, Inferred: c.Inferred}
	if c.Set != nil {
		out.Set = make([]*Scalar, len(c.Set))
		for i, e := range c.Set {
			out.Set[i] = compile(p.simplify(e))
		}
		out.Where = compile(p.simplify(c.Where))
	}
	return out
}
