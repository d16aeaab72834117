package catalog

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
)

// FirstOID is the first OID given to an object. Those below belong to built-in things.
const FirstOID uint32 = 16384

// Table is a heap with columns. Values from a Catalog are shared and must not be changed; Clone makes one's own.
type Table struct {
	OID      uint32             `json:"-"`
	Name     string             `json:"-"`
	Rel      page.RelFileNumber `json:"-"`
	Unlogged bool               `json:"unlogged,omitempty"`
	Owner    string             `json:"owner,omitempty"` // role name
	Columns  []Column           `json:"columns"`
	Options  map[string]string  `json:"options,omitempty"` // storage parameters
	Stats    Stats              `json:"stats"`

	rowType datum.RowType
	place   place
}

// Column is one column of a table. Columns are only ever added at the end; a row stored before has NULL there.
type Column struct {
	Name    string     `json:"name"`
	Type    datum.Type `json:"type"`
	NotNull bool       `json:"notNull,omitempty"`
	Default string     `json:"default,omitempty"` // an expression in SQL; empty means NULL

	// What the last ANALYZE saw. A negative Distinct is a fraction of the rows, as in pg_stats.n_distinct.
	Distinct     float64 `json:"distinct,omitempty"`
	NullFraction float64 `json:"nullFraction,omitempty"`
	Width        int     `json:"width,omitempty"` // mean, in bytes
}

// Stats are a relation's size when it was last vacuumed, analysed or built.
type Stats struct {
	Pages  page.BlockNumber `json:"pages,omitempty"`
	Tuples float64          `json:"tuples,omitempty"` // -1 if never counted
}

// RowType returns the types of the columns. It is shared.
func (t *Table) RowType() datum.RowType {
	if t.rowType != nil || len(t.Columns) == 0 {
		return t.rowType
	}
	return rowTypeOf(t.Columns)
}

func rowTypeOf(columns []Column) datum.RowType {
	rt := make(datum.RowType, len(columns))
	for i := range columns {
		rt[i] = columns[i].Type
	}
	return rt
}

// Heap returns the relation that holds the rows.
func (t *Table) Heap() heap.Relation {
	return heap.Relation{Rel: t.Rel, Name: t.Name, Unlogged: t.Unlogged}
}

// ColumnIndex returns the position of a column by name, or -1.
func (t *Table) ColumnIndex(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Clone returns a copy whose columns and options may be changed.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns = append([]Column(nil), t.Columns...)
	c.Options = cloneMap(t.Options)
	c.rowType = nil
	return &c
}

func cloneMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
