package plan

import (
	"slices"
	"strconv"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/sql/expr"
)

// minMax answers aggregates that are all min() or max() of a table's columns by an ordered index each: the first row whose column is not
// null, as an InitPlan (planagg.c). It returns nil if the query is another one, an index is missing, or plain is cheaper, which is the cost
// of reading the rows.
func (p *planner) minMax(q *Query, aggs []*expr.AggRef, targets []expr.Expr, having expr.Expr, plain Cost) (Node, error) {
	rel, ok := minMaxTable(q)
	if !ok || len(aggs) == 0 || slices.ContainsFunc(aggs, func(ref *expr.AggRef) bool { return minMaxColumn(ref, rel) == nil }) {
		return nil, nil
	}
	saved := p.mark()
	p.rels-- // the relation is there once for each aggregate, but not for the query itself
	results, values := make([]expr.Expr, len(aggs)), make([]expr.Expr, len(aggs))
	n := &Result{}
	for i, ref := range aggs {
		link := &expr.SubLink{Kind: expr.SubScalar, T: ref.T}
		for _, nullsFirst := range []bool{ref.Agg.Name == "max", ref.Agg.Name == "min"} {
			link.Query = q.firstBy(rel, i, minMaxColumn(ref, rel), ref.Agg.Name == "max", nullsFirst)
			mark := p.mark()
			value, err := p.planSubLink(link)
			if err != nil {
				return nil, err
			}
			sub := p.plan.Subplans[len(p.plan.Subplans)-1].Root
			if top, isLimit := sub.(*Limit); isLimit {
				if _, isScan := top.Child.(*IndexScan); isScan {
					results[i], values[i] = ref, value
					n.Cost.Total += sub.Common().Cost.Total
					break
				}
			}
			p.back(mark)
		}
		if values[i] == nil {
			p.back(saved)
			return nil, nil
		}
	}
	n.Cost.Startup = n.Cost.Total
	n.Cost.Total += p.costs.CPUTuple
	n.Rows = 1
	if n.Cost.Total >= plain.Total {
		p.back(saved)
		return nil, nil
	}
	instead := func(e expr.Expr) (expr.Expr, error) {
		return expr.RewriteTop(e, func(x expr.Expr) (expr.Expr, error) {
			for i, ref := range results {
				if expr.Equal(ref, x) {
					return values[i], nil
				}
			}
			return nil, nil
		})
	}
	out := make([]expr.Expr, len(targets))
	var err error
	for i, t := range targets {
		if out[i], err = instead(t); err != nil {
			return nil, err
		}
	}
	if having != nil {
		if having, err = instead(having); err != nil {
			return nil, err
		}
		n.OneTime = compile(having)
	}
	n.Output, n.Types, n.Show, n.Rels = compileAll(out), typesOf(out), out, q.Rels
	n.Width = (&estimator{rels: q.Rels}).widths(targets)
	return n, nil
}

// planMark is how far planning has come, so that what turns out to be useless can be forgotten.
type planMark struct{ rels, subplans, slots, tables int }

func (p *planner) mark() planMark {
	return planMark{p.rels, len(p.plan.Subplans), p.plan.Slots, len(p.plan.Tables)}
}

func (p *planner) back(m planMark) {
	p.rels, p.plan.Subplans, p.plan.Slots, p.plan.Tables = m.rels, p.plan.Subplans[:m.subplans], m.slots, p.plan.Tables[:m.tables]
}

// minMaxTable is the relation of a query over one table with an ordered index, without groups, whose conditions depend on its rows alone.
func minMaxTable(q *Query) (rel int, ok bool) {
	r := q.only()
	if r == nil || r.Kind != RelTable || r.Table.View != nil || len(q.GroupBy) > 0 || len(q.Locks) > 0 {
		return 0, false
	}
	for _, e := range []expr.Expr{q.Where, q.Having} {
		depends := func(n expr.Expr) bool {
			_, isParam := n.(*expr.ExecParam)
			return isParam
		}
		if e != nil && (expr.HasSubLinks(e) || expr.MaxVolatility(e) == expr.Volatile || expr.Contains(e, depends)) {
			return 0, false
		}
	}
	return q.From[0].(RelItem).Rel, slices.ContainsFunc(r.Table.Indexes, func(x *Index) bool { return x.Readable() && x.Desc.Caps.Ordered })
}

// minMaxColumn is the column that min() or max() is of, nil for another aggregate.
func minMaxColumn(ref *expr.AggRef, rel int) *expr.ColumnRef {
	if ref.Agg.Name != "min" && ref.Agg.Name != "max" || len(ref.Args) != 1 || ref.Filter != nil || len(ref.OrderBy) > 0 {
		return nil
	}
	if c := columnOf(ref.Args[0]); c != nil && c.Rel == rel {
		return c
	}
	return nil
}

// firstBy is the query for the first value of a column of the query's only relation in some order. The copy number names the relation
// where there are several.
func (q *Query) firstBy(rel, number int, c *expr.ColumnRef, desc, nullsFirst bool) *Query {
	rels := slices.Clone(q.Rels)
	if number > 0 {
		r := *rels[rel]
		r.Alias += "_" + strconv.Itoa(number)
		rels[rel] = &r
	}
	where := []expr.Expr{&expr.IsNull{Arg: c, Negated: true}}
	if q.Where != nil {
		where = append([]expr.Expr{q.Where}, where...)
	}
	return &Query{
		Command: Select, Rels: rels, From: q.From, Where: expr.Conjunction(where), Targets: []Target{{Expr: c, Name: c.Name}},
		OrderBy: []OrderItem{{Order: ordkey.Order{Desc: desc, NullsFirst: nullsFirst}}}, Limit: expr.NewConst(datum.NewInt(1), datum.Int8),
	}
}
