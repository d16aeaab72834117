package maintain

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// columns computes the statistics of every column of the sample.
func (s *sample) columns(table *catalog.Table) []catalog.Column {
	out := make([]catalog.Column, len(table.Columns))
	values := make([]datum.Datum, 0, len(s.rows))
	for i := range out {
		values = values[:0]
		for _, row := range s.rows {
			if !row[i].Null {
				values = append(values, row[i])
			}
		}
		out[i] = columnStats(table.Columns[i].Type.OID, values, len(s.rows), s.total)
	}
	return out
}

// columnStats computes the statistics of a column from the values of a sample of rows that are not null; total is the
// number of rows in the table.
func columnStats(t datum.OID, values []datum.Datum, rows int, total float64) (c catalog.Column) {
	if rows == 0 {
		return c
	}
	c.NullFraction = float64(rows-len(values)) / float64(rows)
	c.Width = meanWidth(t, values)
	if len(values) == 0 {
		return c
	}
	slices.SortFunc(values, datum.MustLookup(t).Compare)
	distinct, once := 1, 0
	run := 1
	for i := 1; i <= len(values); i++ {
		if i < len(values) && datum.Compare(t, values[i], values[i-1]) == 0 {
			run++
			continue
		}
		if run == 1 {
			once++
		}
		if i < len(values) {
			distinct++
		}
		run = 1
	}
	c.Distinct = distinctValues(float64(len(values)), float64(distinct), float64(once), 1-c.NullFraction, total)
	return c
}

// distinctValues estimates how many values a column has from a sample of n that are not null, of which there are d different ones,
// f1 of them once; notNull is their fraction in the table of total rows. A negative result is a fraction of the rows.
//
// It is PostgreSQL's estimate: no duplicates at all mean a key, none but duplicates mean that all values were seen, and in between
// lies Haas and Stokes's estimator Duj1, n*d / (n - f1 + f1*n/N) ("Estimating the number of classes in a finite population",
// IBM Research Report RJ 10025, 1996).
func distinctValues(n, d, f1, notNull, total float64) float64 {
	switch {
	case f1 == d:
		return -notNull
	case f1 > 0:
		if all := total * notNull; all > 0 {
			d = math.Floor(min(max(n*d/(n-f1+f1*n/all), d), all) + 0.5)
		}
	}
	if d > 0.1*total {
		return -d / total
	}
	return d
}

// meanWidth is the mean size of values as PostgreSQL counts it: the length of the type, or the bytes of a value with its header.
func meanWidth(t datum.OID, values []datum.Datum) int {
	if n := datum.MustLookup(t).Len; n > 0 {
		return int(n)
	}
	if len(values) == 0 {
		return 0
	}
	const shortest = 126 // bytes with a header of one byte
	sum := 0
	for i := range values {
		n := len(values[i].S)
		if n <= shortest {
			sum += n + 1
		} else {
			sum += n + 4
		}
	}
	return (sum + len(values)/2) / len(values)
}
