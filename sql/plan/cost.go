package plan

import "math"

// Costs are the planner's settings, in PostgreSQL's arbitrary units: one sequential page read is 1.
type Costs struct {
	SeqPage, RandomPage                     float64
	CPUTuple, CPUIndexTuple, CPUOperator    float64
	EffectiveCachePages                     float64
	WorkMem                                 int64 // bytes
	SeqScan, IndexScan, BitmapScan, HashAgg bool
	IndexOnlyScan, NestLoop, HashJoin, Sort bool
}

// disableCost is added to a path that an enable_* setting forbids: it is still there when nothing else is.
const disableCost = 1.0e10

// Cost of a plan node: before the first row, and for all rows.
type Cost struct{ Startup, Total float64 }

// clampRows keeps an estimate a sane whole number of at least one row.
func clampRows(n float64) float64 {
	switch {
	case math.IsNaN(n) || n > 1e100:
		return 1e100
	case n <= 1:
		return 1
	}
	return math.RoundToEven(n)
}

// scanEstimate is what every scan path of one relation is priced from.
type scanEstimate struct {
	pages, tuples float64 // of the relation
	allVisible    float64 // fraction of its pages
	rows          float64 // after all restrictions
	qual          Cost    // of the restrictions: Startup once, Total per row
	// loops is how often the scan is expected to run, outer what it takes parameters from, needed the columns that are read beside
	// those of its conditions.
	loops  float64
	outer  relset
	needed []int
	total  float64 // pages of all tables of the query, which share the cache
}

// seqScan follows cost_seqscan.
func (c *Costs) seqScan(e scanEstimate) Cost {
	start := e.qual.Startup
	if !c.SeqScan {
		start += disableCost
	}
	return Cost{start, start + c.SeqPage*e.pages + (c.CPUTuple+e.qual.Total)*e.tuples}
}

// indexEstimate is what reading an index costs, whatever is done with the row ids.
type indexEstimate struct {
	Cost
	selectivity float64 // fraction of the relation's rows that the index returns
	correlation float64 // of index order and heap order, -1 to 1; 0 is not known
	pages       float64 // of the index
}

// bitmapHeap follows cost_bitmap_heap_scan over one index.
func (c *Costs) bitmapHeap(e scanEstimate, idx indexEstimate) Cost {
	fetched := clampRows(idx.selectivity * e.tuples)
	start := idx.Total + 0.1*c.CPUOperator*e.rows + e.qual.Startup
	if !c.BitmapScan {
		start += disableCost
	}
	pages := bitmapPages(e.pages, fetched)
	if e.loops > 1 {
		pages = math.Min(math.Ceil(c.pagesFetched(fetched*e.loops, e.pages, idx.pages, e.total)/e.loops), math.Max(e.pages, 1))
	}
	perPage := c.RandomPage
	if pages >= 2 {
		perPage -= (c.RandomPage - c.SeqPage) * math.Sqrt(pages/math.Max(e.pages, 1))
	}
	return Cost{start, start + pages*perPage + (c.CPUTuple+e.qual.Total)*fetched}
}

// bitmapPages is the Mackert and Lohman formula for pages touched by fetched random rows when none is read twice.
func bitmapPages(pages, fetched float64) float64 {
	t := math.Max(pages, 1)
	p := 2 * t * fetched / (2*t + fetched)
	if p >= t {
		return t
	}
	return math.Ceil(p)
}

// indexScan follows cost_index: heap pages between the perfectly correlated and the random case. qual is what is left
// to check after the index conditions.
//
// An index-only scan reads the heap for pages that are not all visible.
func (c *Costs) indexScan(e scanEstimate, idx indexEstimate, qual Cost, indexOnly bool) Cost {
	start := idx.Startup
	if !c.IndexScan && !(indexOnly && c.IndexOnlyScan) {
		start += disableCost
	}
	run := idx.Total - idx.Startup
	fetched := clampRows(idx.selectivity * e.tuples)
	hidden := 1.0 // part of the heap pages that have to be read
	if indexOnly {
		hidden = 1 - e.allVisible
	}
	loops := math.Max(e.loops, 1)
	random := math.Ceil(c.pagesFetched(fetched*loops, e.pages, idx.pages, e.total)*hidden) * c.RandomPage / loops
	best, together := 0.0, math.Ceil(idx.selectivity*e.pages)
	if loops > 1 {
		best = math.Ceil(c.pagesFetched(together*loops, e.pages, idx.pages, e.total)*hidden) * c.RandomPage / loops
	} else if n := math.Ceil(together * hidden); n > 0 {
		best = c.RandomPage + (n-1)*c.SeqPage
	}
	csq := idx.correlation * idx.correlation
	run += random + csq*(best-random)
	start += qual.Startup
	run += fetched * (c.CPUTuple + qual.Total)
	return Cost{start, start + run}
}

// pagesFetched is the Mackert and Lohman formula (index_pages_fetched) for a relation whose part of the cache is that which its pages
// have in all that the query reads: the tables and the index.
func (c *Costs) pagesFetched(fetched, pages, indexPages, tables float64) float64 {
	t := math.Max(pages, 1)
	b := math.Max(math.Ceil(c.EffectiveCachePages*t/math.Max(tables+indexPages, t)), 1)
	if t <= b {
		p := 2 * t * fetched / (2*t + fetched)
		if p >= t {
			return t
		}
		return math.Ceil(p)
	}
	limit := 2 * t * b / (2*t - b)
	if fetched <= limit {
		return math.Ceil(2 * t * fetched / (2*t + fetched))
	}
	return math.Ceil(b + (fetched-limit)*(t-b)/t)
}

// sort follows cost_tuplesort over rows of the given width, with limit the rows that are asked for (0: all).
func (c *Costs) sort(input Cost, rows, width, limit float64) Cost {
	start := input.Total
	if !c.Sort {
		start += disableCost
	}
	n := math.Max(rows, 2)
	bytes := n * (math.Ceil(width/8)*8 + 24)
	compare := 2 * c.CPUOperator
	out := n
	if limit > 0 && limit < n {
		out = limit
	}
	switch outBytes := out * (math.Ceil(width/8)*8 + 24); {
	case outBytes > float64(c.WorkMem):
		pages := math.Ceil(bytes / 8192)
		runs := bytes / float64(c.WorkMem)
		order := math.Max(6, float64(c.WorkMem)/(256<<10))
		passes := 1.0
		if runs > order {
			passes = math.Ceil(math.Log(runs) / math.Log(order))
		}
		start += compare*n*math.Log2(n) + 2*pages*passes*(c.SeqPage*0.75+c.RandomPage*0.25)
	case n > 2*out || bytes > float64(c.WorkMem):
		start += compare * n * math.Log2(2*out)
	default:
		start += compare * n * math.Log2(n)
	}
	return Cost{start, start + c.CPUOperator*n}
}

// aggregate follows cost_agg. groups is 0 for the plain case; trans is the per-row cost of all transition functions and
// final that of all final functions per group.
func (c *Costs) aggregate(hashed bool, input Cost, rows, groups float64, keys int, trans, final float64) Cost {
	key := float64(keys) * c.CPUOperator
	switch {
	case keys == 0:
		start := input.Total + trans*rows + final
		return Cost{start, start + c.CPUTuple}
	case hashed:
		start := input.Total + (key+trans)*rows
		if !c.HashAgg {
			start += disableCost
		}
		return Cost{start, start + groups*(final+c.CPUTuple)}
	default:
		return Cost{input.Startup, input.Total + (key+trans)*rows + groups*(final+c.CPUTuple)}
	}
}

// limit follows adjust_limit_rows_costs.
func (c *Costs) limit(input Cost, rows, offset, count float64) (Cost, float64) {
	out := input
	if offset > 0 {
		offset = math.Min(offset, rows)
		if rows > 0 {
			out.Startup += (input.Total - input.Startup) * offset / rows
		}
		rows = math.Max(rows-offset, 1)
	}
	if count >= 0 {
		count = math.Min(count, rows)
		if rows > 0 {
			out.Total = out.Startup + (input.Total-input.Startup)*count/math.Max(rows+offset, 1)
		}
		rows = math.Max(count, 1)
	}
	return out, rows
}
