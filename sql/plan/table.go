package plan

import (
	"context"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/sql/expr"
)

// Source answers the analysis's questions about names. It stands for one state of the catalog.
type Source interface {
	// Table finds a table or system view; schema is empty when the name is not qualified. Nil and no error means that
	// there is none.
	Table(schema, name string) (*Table, error)
	// Default gives the DEFAULT of the column of t at place attr, as an expression of its type; nil is NULL.
	Default(t *Table, attr int) (expr.Expr, error)
	// Checks gives the CHECK constraints of t in the order of their names, ready to run.
	Checks(t *Table) ([]Check, error)
}

// Table is what planning and execution know of a table or of a system view. Statements share it, and nobody changes it.
type Table struct {
	OID     uint32
	Schema  string
	Name    string
	Columns []TableColumn
	Row     *datum.TableRow
	Indexes []*Index
	Heap    heap.Relation
	// Pages and Tuples are the current size, Tuples estimated from the density that the last ANALYZE saw.
	Pages, Tuples float64
	// AllVisible is the fraction of the pages whose rows everybody sees, by the last VACUUM or ANALYZE.
	AllVisible float64
	View       *View // set for a system view
}

// TableColumn is one column of a Table.
type TableColumn struct {
	Name    string
	Type    datum.Type
	NotNull bool
	// Dropped marks a place whose column is no more. It has no name; new rows have null there.
	Dropped bool
	// Identity is that of catalog.Column.
	Identity byte
	// Statistics of the last ANALYZE, zero if there was none. A negative Distinct is a fraction of the rows, Correlation that of the
	// values' order with the heap's.
	Distinct, NullFraction, Correlation float64
	Width                               int
	// Common are the most common values, the most frequent first, with their fractions of the rows. Bounds are a histogram of the values
	// that are neither null nor common.
	Common      []datum.Datum
	Frequencies []float64
	Bounds      []datum.Datum
}

// analysed reports whether there are statistics.
func (c *TableColumn) analysed() bool { return c.Distinct != 0 || c.NullFraction != 0 }

// Index is one index of a Table.
type Index struct {
	Name string
	// Attrs are the positions of the key columns in the table.
	Attrs []int
	AM    string
	Def   am.Index
	// Constraint says that a PRIMARY KEY or UNIQUE of the index's name is kept by it.
	Constraint bool
	Primary    bool // of the table's PRIMARY KEY
	Pages      float64
	// Method is nil while the access method is not available, and Err says why.
	Method am.Method
	Desc   am.Description
	Err    error
	// Behind says that the snapshot is older than what the index serves (catalog.Index.BuiltBy): it is for writers only.
	Behind bool
}

// Readable reports whether scans may use the index; where it is not, reads take another path (A5 of core/am).
func (x *Index) Readable() bool { return x.Method != nil && !x.Behind }

// View is a table whose rows are made when they are read. Behind their columns they have one value more, the view's OID as tableoid.
type View struct {
	Name string
	Rows func(ctx context.Context, ec *expr.EvalCtx) ([][]datum.Datum, error)
}

// Attr returns the position of the column called name, or -1.
func (t *Table) Attr(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name && !t.Columns[i].Dropped {
			return i
		}
	}
	return -1
}

// TIDSlot is the place of the row's TID in the row that a scan of the table reads.
func (t *Table) TIDSlot() int { return len(t.Columns) }
