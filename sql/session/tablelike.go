package session

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
)

// What LIKE may include, as PostgreSQL's TableLikeOption. There is nothing to copy of COMPRESSION, GENERATED, STATISTICS and STORAGE.
const (
	likeComments    = 1 << 0
	likeConstraints = 1 << 2
	likeDefaults    = 1 << 3
	likeIdentity    = 1 << 5
	likeIndexes     = 1 << 6
)

// draftLike is a LIKE whose columns are in the draft: attrs are their new places, -1 for dropped ones.
type draftLike struct {
	table   *catalog.Table
	options uint32
	attrs   []int
}

// like adds the columns of another table.
func (d *tableDraft) like(l *pg_query.TableLikeClause) error {
	if err := public(l.Relation); err != nil {
		return err
	}
	t := d.cat.Table(l.Relation.Relname)
	if t == nil {
		return pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, l.Relation.Relname).At(d.at.At(l.Relation.Location))
	}
	if err := d.s.permitTable(t, "r"); err != nil {
		return err
	}
	from := draftLike{table: t, options: l.Options, attrs: make([]int, len(t.Columns))}
	for i, c := range t.Columns {
		if from.attrs[i] = -1; c.Dropped {
			continue
		}
		if d.def.ColumnIndex(c.Name) >= 0 {
			return pgerr.New(pgerr.DuplicateColumn, `column "%s" specified more than once`, c.Name)
		}
		copied := catalog.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull}
		if l.Options&likeDefaults != 0 {
			copied.Default = c.Default
		}
		if l.Options&likeComments != 0 {
			copied.Comment = c.Comment
		}
		from.attrs[i] = len(d.def.Columns)
		if q := d.cat.SequenceByOID(c.Sequence); q != nil && c.Identity != 0 && l.Options&likeIdentity != 0 {
			copied.Identity = c.Identity
			own := newSequence("", d.def.Owner) // of bigint, whatever the column is, as PostgreSQL has it
			own.Start, own.Increment, own.Min, own.Max, own.Cache, own.Cycle = q.Start, q.Increment, q.Min, q.Max, q.Cache, q.Cycle
			d.sequences = append(d.sequences, &draftSequence{attr: from.attrs[i], def: own, copied: true})
		}
		d.def.Columns = append(d.def.Columns, copied)
		d.defaults = append(d.defaults, nil)
	}
	d.likes = append(d.likes, from)
	return nil
}

// copied are the places of columns in the draft.
func (l *draftLike) copied(attrs []int) []int {
	out := make([]int, len(attrs))
	for i, attr := range attrs {
		out[i] = l.attrs[attr]
	}
	return out
}

// copyChecks adds the CHECK constraints of INCLUDING CONSTRAINTS under their names.
func (d *tableDraft) copyChecks(l draftLike) error {
	for _, c := range l.table.Constraints {
		if c.Kind != catalog.Check || l.options&likeConstraints == 0 {
			continue
		}
		if d.constraintTaken(c.Name) {
			return noFreeConstraint(c.Name, d.def.Name)
		}
		own := catalog.Constraint{OID: d.s.db.cat.NewOID(), Name: c.Name, Kind: c.Kind, Columns: l.copied(c.Columns), Expr: c.Expr}
		slices.Sort(own.Columns)
		if l.options&likeComments != 0 {
			own.Comment = c.Comment
		}
		d.def.Constraints = append(d.def.Constraints, own)
	}
	return nil
}

// copyIndexes makes the indexes of INCLUDING INDEXES, with the constraints that they keep. Their names follow from the new table's.
func (d *tableDraft) copyIndexes(l draftLike) error {
	if l.options&likeIndexes == 0 {
		return nil
	}
	for _, from := range d.cat.IndexesOf(l.table.OID) {
		cat, err := d.s.db.cat.Current(d.s.tx.txn)
		if err != nil {
			return err
		}
		x := &catalog.Index{AM: from.AM, Unique: from.Unique, Primary: from.Primary, Given: from.Given}
		for _, c := range from.Columns {
			c.Attr = l.attrs[c.Attr]
			x.Columns = append(x.Columns, c)
		}
		if l.options&likeComments != 0 {
			x.Comment = from.Comment
		}
		taken := func(name string) bool { return cat.HasRelation(name) || d.def.Constraint(name) != nil }
		switch kept := l.table.ConstraintOfIndex(from.OID); {
		case x.Primary && (d.def.PrimaryKey() != nil || d.hasPrimary()):
			return pgerr.New(pgerr.InvalidTableDefinition, `multiple primary keys for table "%s" are not allowed`, d.def.Name)
		case kept == nil:
			x.Name = freeName(d.def.Name, columnNames(x.Columns), "idx", cat.HasRelation)
			err = d.s.maintenance().CreateIndex(d.ctx, d.s.tx.txn, d.def, x, nil)
		case x.Primary:
			x.Name = freeName(d.def.Name, "", "pkey", taken)
			err = d.makeConstraint(x)
		default:
			x.Name = freeName(d.def.Name, columnNames(x.Columns), "key", taken)
			err = d.makeConstraint(x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
