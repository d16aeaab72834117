package catalog

import (
	"sync/atomic"

	"github.com/quiredb/quire/core/datum"
)

// ColumnStats is what the last ANALYZE found in a column, zero if there was none. The names are those of pg_stats.
type ColumnStats struct {
	// A negative Distinct is a fraction of the rows.
	Distinct     float64 `json:"distinct,omitempty"`
	NullFraction float64 `json:"nullFraction,omitempty"`
	Width        int     `json:"width,omitempty"` // mean, in bytes
	// Correlation of the order of the values and that of the rows in the heap, from -1 to 1.
	Correlation float64 `json:"correlation,omitempty"`
	// Common are the most common values in text format, the most frequent first, and Frequencies their fractions of all rows.
	Common      []string  `json:"common,omitempty"`
	Frequencies []float64 `json:"frequencies,omitempty"`
	// Bounds divide the values that are neither null nor common into parts of equal size, the least and the greatest value included.
	Bounds []string `json:"bounds,omitempty"`
}

// ColumnValues are the values in a column's statistics.
type ColumnValues struct{ Common, Bounds []datum.Datum }

// valueCache keeps the ColumnValues of a table's columns once somebody asked for them.
type valueCache []atomic.Pointer[ColumnValues]

// Values returns the values in the statistics of the column at place i. They are shared and must not be changed. Values that the type
// does not read any more are as good as none.
func (t *Table) Values(i int) *ColumnValues {
	if t.values != nil {
		if v := t.values[i].Load(); v != nil {
			return v
		}
	}
	c := &t.Columns[i]
	v := &ColumnValues{Common: parseAll(c.Type, c.Common), Bounds: parseAll(c.Type, c.Bounds)}
	if len(v.Common) != len(c.Frequencies) {
		v.Common = nil
	}
	if t.values != nil {
		t.values[i].Store(v)
	}
	return v
}

func parseAll(typ datum.Type, texts []string) []datum.Datum {
	if len(texts) == 0 {
		return nil
	}
	info, out := datum.MustLookup(typ.OID), make([]datum.Datum, len(texts))
	for i, s := range texts {
		d, err := info.ParseText(s, -1)
		if err != nil {
			return nil
		}
		out[i] = d.Clone()
	}
	return out
}
