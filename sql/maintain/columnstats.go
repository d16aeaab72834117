package maintain

import (
	"cmp"
	"math"
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// tooWide is the size in bytes from which on a value is only counted, as PostgreSQL's WIDTH_THRESHOLD has it.
const tooWide = 1024

// columns computes the statistics of every column of the sample.
func (s *sample) columns(table *catalog.Table) []catalog.ColumnStats {
	out := make([]catalog.ColumnStats, len(table.Columns))
	values := make([]datum.Datum, 0, len(s.rows))
	for i := range out {
		if table.Columns[i].Dropped {
			continue
		}
		values = values[:0]
		for _, row := range s.rows {
			if !row[i].Null {
				values = append(values, row[i])
			}
		}
		out[i] = columnStats(table.Columns[i].Type.OID, values, s)
	}
	return out
}

// columnStats computes the statistics of a column from its values in a sample that are not null, which come in the order of the heap.
func columnStats(t datum.OID, values []datum.Datum, s *sample) (c catalog.ColumnStats) {
	rows := float64(len(s.rows))
	if rows == 0 {
		return c
	}
	c.NullFraction = (rows - float64(len(values))) / rows
	c.Width = meanWidth(t, values)
	all := len(values)
	values = slices.DeleteFunc(values, func(d datum.Datum) bool { return len(d.S) > tooWide })
	if all == 0 || len(values) == 0 {
		if all > 0 {
			c.Distinct = -(1 - c.NullFraction) // as if each were another one
		}
		return c
	}
	order := heapOrder(t, values)
	c.Correlation = correlation(order)
	groups := runs(t, values)
	once := 0
	for _, g := range groups {
		if g.n == 1 {
			once++
		}
	}
	wide := all - len(values)
	c.Distinct = distinctValues(float64(all), float64(len(groups)+wide), float64(once+wide), 1-c.NullFraction, s.total)
	common := s.common(groups, c, wide)
	info := datum.MustLookup(t)
	for _, g := range common {
		c.Common = append(c.Common, info.String(values[g.first]))
		c.Frequencies = append(c.Frequencies, float64(g.n)/rows)
	}
	for _, v := range s.bounds(values, len(groups), common) {
		c.Bounds = append(c.Bounds, info.String(v))
	}
	return c
}

// heapOrder sorts values and returns, for each in its new place, its old place. Equal values stay in the order of the heap.
func heapOrder(t datum.OID, values []datum.Datum) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	compare := datum.MustLookup(t).Compare
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(compare(values[a], values[b]), cmp.Compare(a, b)) })
	sorted := make([]datum.Datum, len(values))
	for i, from := range order {
		sorted[i] = values[from]
	}
	copy(values, sorted)
	return order
}

// correlation is that of the places 0, 1, … with the numbers in order, which are the same ones in another order.
func correlation(order []int) float64 {
	n := float64(len(order))
	if n < 2 {
		return 0
	}
	products := 0.0
	for i, j := range order {
		products += float64(i) * float64(j)
	}
	sum, squares := n*(n-1)/2, n*(n-1)*(2*n-1)/6
	return (n*products - sum*sum) / (n*squares - sum*sum)
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

// meanWidth is the mean size of values as PostgreSQL counts it: the length of the type, or the bytes of a value with its header, rounded
// down.
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
	return sum / len(values)
}
