package catalog

import (
	"fmt"

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
	// Constraints are in the order of their creation. NOT NULL is Column.NotNull.
	Constraints []Constraint      `json:"constraints,omitempty"`
	Options     map[string]string `json:"options,omitempty"` // storage parameters
	ACL         []Grant           `json:"acl,omitempty"`     // nil: what the owner has by default
	Comment     string            `json:"comment,omitempty"`
	Stats       Stats             `json:"stats"`

	rowType *datum.TableRow
	values  valueCache
	place   place
}

// Column is one column of a table. Columns are only ever added at the end, and never leave: a dropped one keeps its place, because rows
// are stored by position.
type Column struct {
	Name    string     `json:"name"`
	Type    datum.Type `json:"type"`
	NotNull bool       `json:"notNull,omitempty"`
	Default string     `json:"default,omitempty"` // an expression in SQL, relations in it by OID; empty means NULL
	// Identity is 'a' for GENERATED ALWAYS AS IDENTITY, 'd' for BY DEFAULT, else 0.
	Identity byte `json:"identity,omitempty"`
	// Sequence is the OID of the sequence that the column owns, of serial or identity; else 0.
	Sequence uint32 `json:"sequence,omitempty"`
	// Dropped marks a column that is no more. Its name is empty, and only its type means something still.
	Dropped bool `json:"dropped,omitempty"`
	// Missing is the value of the column in rows that were stored before it was added, in text format; nil is NULL.
	Missing *string `json:"missing,omitempty"`
	Comment string  `json:"comment,omitempty"`

	ColumnStats
}

// Stats are a relation's size when it was last vacuumed, analysed or built.
type Stats struct {
	Pages  page.BlockNumber `json:"pages,omitempty"`
	Tuples float64          `json:"tuples,omitempty"` // -1 if never counted
	// AllVisible is how many pages of a table have their bit in the visibility map.
	AllVisible page.BlockNumber `json:"allVisible,omitempty"`
}

// RowType returns how rows are stored. It is shared.
func (t *Table) RowType() *datum.TableRow {
	if t.rowType != nil {
		return t.rowType
	}
	rt, err := rowTypeOf(t.Columns)
	if err != nil {
		panic(fmt.Sprintf("catalog: table %q: %v", t.Name, err)) // what is stored is read when the catalog is
	}
	return rt
}

func rowTypeOf(columns []Column) (*datum.TableRow, error) {
	rt := &datum.TableRow{RowType: make(datum.RowType, len(columns))}
	for i := range columns {
		c := &columns[i]
		rt.RowType[i] = c.Type
		if c.Missing == nil {
			continue
		}
		info := datum.Lookup(c.Type.OID)
		if info == nil {
			return nil, fmt.Errorf("column %q has unknown type %d", c.Name, c.Type.OID)
		}
		d, err := info.ParseText(*c.Missing, c.Type.Mod)
		if err != nil {
			return nil, fmt.Errorf("value of column %q in rows stored before it: %w", c.Name, err)
		}
		if rt.Missing == nil {
			rt.Missing = make([]datum.Datum, len(columns))
			for j := range rt.Missing {
				rt.Missing[j] = datum.NewNull()
			}
		}
		rt.Missing[i] = d
	}
	return rt, nil
}

// Heap returns the relation that holds the rows.
func (t *Table) Heap() heap.Relation {
	return heap.Relation{Rel: t.Rel, Name: t.Name, Unlogged: t.Unlogged}
}

// ColumnIndex returns the position of a column by name, or -1. Dropped columns have no name.
func (t *Table) ColumnIndex(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name && !t.Columns[i].Dropped {
			return i
		}
	}
	return -1
}

// Clone returns a copy whose columns, constraints, grants and options may be changed.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns = append([]Column(nil), t.Columns...)
	c.Constraints = append([]Constraint(nil), t.Constraints...)
	c.ACL = append([]Grant(nil), t.ACL...)
	c.Options = cloneMap(t.Options)
	c.rowType, c.values = nil, nil
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
