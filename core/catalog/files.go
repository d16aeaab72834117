package catalog

import (
	"cmp"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
)

// FileOwner is an object that keeps its data in a relation file.
type FileOwner struct {
	Kind string // "table", "index", …
	Name string
	OID  uint32
	Rel  page.RelFileNumber
}

// FileOwners returns all objects with a file, of whatever kind, in the order of their files.
func (c *Catalog) FileOwners() []FileOwner {
	var owners []FileOwner
	for oid, o := range c.byOID {
		if f := o.file(); f != nil {
			_, name := o.head()
			owners = append(owners, FileOwner{Kind: string(o.kind()), Name: *name, OID: oid, Rel: *f})
		}
	}
	slices.SortFunc(owners, func(a, b FileOwner) int { return cmp.Compare(a.Rel, b.Rel) })
	return owners
}

// RowCheck returns a function that says whether the columns can be read from a stored row. It serves one goroutine.
func (t *Table) RowCheck() func(row []byte) error {
	rt, values := t.RowType(), make([]datum.Datum, len(t.Columns))
	return func(row []byte) error { return rt.DecodeRow(row, values) }
}
