package maintain

import (
	"cmp"
	"math"
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// run is a group of n equal values, the first of them at place first of a sorted list.
type run struct{ first, n int }

// runs finds the groups of equal values in a sorted list.
func runs(t datum.OID, values []datum.Datum) []run {
	compare := datum.MustLookup(t).Compare
	var out []run
	for i := range values {
		if i > 0 && compare(values[i], values[i-1]) == 0 {
			out[len(out)-1].n++
			continue
		}
		out = append(out, run{i, 1})
	}
	return out
}

// common chooses the most common values, the most frequent first: those that are there more than once, s.target of them at most. If
// these are not all values there are (of which wide were left out of the groups), only such as are clearly more frequent than the
// mean of the rest.
func (s *sample) common(groups []run, c catalog.ColumnStats, wide int) []run {
	out := slices.DeleteFunc(slices.Clone(groups), func(g run) bool { return g.n == 1 })
	slices.SortStableFunc(out, func(a, b run) int { return cmp.Compare(b.n, a.n) })
	out = out[:min(len(out), s.target)]
	if len(out) == len(groups) && wide == 0 && c.Distinct > 0 {
		return out
	}
	rows, total := float64(len(s.rows)), s.total
	if rows == total || total <= 1 {
		return out
	}
	distinct := c.Distinct
	if distinct < 0 {
		distinct *= -total
	}
	sum := 0.0
	for _, g := range out {
		sum += float64(g.n)
	}
	for ; len(out) > 0; out = out[:len(out)-1] {
		last := float64(out[len(out)-1].n)
		sum -= last
		// The mean frequency of the values that are not in the list, this one among them.
		rest := min(max(1-sum/rows-c.NullFraction, 0), 1)
		if others := distinct - float64(len(out)-1); others > 1 {
			rest /= others
		}
		// The standard deviation of the hypergeometric distribution: how far a sample may be from the table.
		k := total * last / rows
		deviation := math.Sqrt(rows * k * (total - k) * (total - rows) / (total * total * (total - 1)))
		if last > rest*rows+2*deviation+0.5 {
			break
		}
	}
	return out
}

// bounds chooses the bounds of a histogram, s.target + 1 at most, over the sorted values without the common ones; distinct is how many
// groups the values form.
func (s *sample) bounds(values []datum.Datum, distinct int, common []run) []datum.Datum {
	n := min(distinct-len(common), s.target+1)
	if n < 2 {
		return nil
	}
	left := slices.SortedFunc(slices.Values(common), func(a, b run) int { return cmp.Compare(a.first, b.first) })
	var rest []datum.Datum
	at := 0
	for _, g := range left {
		rest = append(rest, values[at:g.first]...)
		at = g.first + g.n
	}
	rest = append(rest, values[at:]...)
	out := make([]datum.Datum, n)
	for i := range out {
		out[i] = rest[i*(len(rest)-1)/(n-1)]
	}
	return out
}
