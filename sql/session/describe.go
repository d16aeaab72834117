package session

import (
	"math"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/plan"
)

// described is a table as one statement found it. Others share it as long as nothing it says has changed: its place is in the state of
// the catalog that it was made from, which never changes, and what else it depends on is compared each time.
type described struct {
	table  *plan.Table
	blocks page.BlockNumber // of the heap
}

// describedKey finds the described of a table among what is derived from a Catalog.
type describedKey struct{ oid uint32 }

// table describes a catalog table with its present size. What it returns is shared and must not be changed.
func (src *source) table(t *catalog.Table) (*plan.Table, error) {
	blocks, err := src.s.db.eng.Heap.Blocks(t.Heap())
	if err != nil {
		return nil, err
	}
	if d, ok := src.cat.Derived().Load(describedKey{t.OID}); ok {
		if d := d.(*described); d.blocks == blocks && src.sameIndexes(d.table) {
			return d.table, nil
		}
	}
	out := &plan.Table{OID: t.OID, Schema: "public", Name: t.Name, Row: t.RowType(), Heap: t.Heap(), Columns: make([]plan.TableColumn, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		v := t.Values(i)
		out.Columns[i] = plan.TableColumn{
			Name: c.Name, Type: c.Type, NotNull: c.NotNull, Dropped: c.Dropped, Identity: c.Identity, Distinct: c.Distinct, NullFraction: c.NullFraction,
			Correlation: c.Correlation, Width: c.Width, Common: v.Common, Frequencies: c.Frequencies, Bounds: v.Bounds,
		}
	}
	size(out, t, blocks)
	lasting := true
	for _, i := range src.cat.IndexesOf(t.OID) {
		x, err := src.index(t, i)
		if err != nil {
			return nil, err
		}
		out.Indexes = append(out.Indexes, x)
		lasting = lasting && x.Method != nil && i.BuiltBy == xact.InvalidXID
	}
	if lasting {
		src.cat.Derived().Store(describedKey{t.OID}, &described{out, blocks})
	}
	return out, nil
}

// sameIndexes reports whether the indexes of a table have the sizes and the access methods that they had when it was described.
func (src *source) sameIndexes(t *plan.Table) bool {
	for _, x := range t.Indexes {
		n, err := src.s.db.eng.Pool.Length(page.RelFile{Rel: x.Def.Rel.Rel})
		if err != nil || float64(n) != x.Pages {
			return false
		}
		if m, err := src.s.db.method(src.cat, x.AM); err != nil || m != x.Method {
			return false
		}
	}
	return true
}

// size estimates pages and rows as PostgreSQL's estimate_rel_size does: the present number of pages, the density that was seen last,
// or one computed from the width of the columns.
func size(out *plan.Table, t *catalog.Table, blocks page.BlockNumber) {
	pages := float64(blocks)
	never := t.Stats.Pages == 0 && t.Stats.Tuples <= 0
	if never && pages < 10 {
		pages = 10
	}
	out.Pages = pages
	out.AllVisible = math.Min(1, float64(t.Stats.AllVisible)/math.Max(pages, 1))
	switch {
	case pages == 0:
		out.Tuples = 0
	case t.Stats.Pages > 0 && t.Stats.Tuples >= 0:
		out.Tuples = math.RoundToEven(t.Stats.Tuples / float64(t.Stats.Pages) * pages)
	default:
		out.Tuples = math.RoundToEven(math.Floor((page.Size-page.HeaderSize)/rowWidth(t)) * pages)
	}
}

// rowWidth guesses the bytes that a row takes on a page: tuple header, line pointer, row header and values.
func rowWidth(t *catalog.Table) float64 {
	const overhead = 32 + 4
	n := 1
	for i := range t.Columns {
		info := datum.MustLookup(t.Columns[i].Type.OID)
		switch {
		case t.Columns[i].Width > 0:
			n += t.Columns[i].Width
		case info.Len > 0:
			n += int(info.Len)
		default:
			n += 32
		}
	}
	return float64(overhead + page.Align(n))
}

// index describes an index. A method that is not available makes it useless for reads, and its error meets the writers.
func (src *source) index(t *catalog.Table, i *catalog.Index) (*plan.Index, error) {
	x := &plan.Index{Name: i.Name, AM: i.AM, Def: i.Describe(t.Rel), Constraint: t.ConstraintOfIndex(i.OID) != nil, Primary: i.Primary}
	x.Attrs = make([]int, 0, len(i.Columns))
	for _, c := range i.Columns {
		x.Attrs = append(x.Attrs, c.Attr)
	}
	n, err := src.s.db.eng.Pool.Length(page.RelFile{Rel: i.Rel})
	if err != nil {
		return nil, err
	}
	x.Pages = float64(n)
	x.Method, x.Err = src.s.db.method(src.cat, i.AM)
	if x.Err != nil {
		x.Method, src.degraded = nil, true
		return x, nil
	}
	x.Desc = x.Method.Describe()
	if i.BuiltBy == xact.InvalidXID {
		return x, nil
	}
	snap := src.s.tx.txn.Snapshot() // not newer than the statement's
	defer snap.Release()
	serves, err := i.Serves(snap)
	if !serves {
		x.Behind, src.degraded = true, true
	}
	return x, err
}
