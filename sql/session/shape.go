package session

import (
	"container/list"
	"context"
	"errors"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// Clients of the simple protocol write their values into the text: statements come again and again with other constants. Such a
// statement is recognised by its shape, without the parser, and runs as a prepared one with its constants for parameters, if that
// can make no difference but in time: parse.MakeTemplate knows which constants may be parameters (a shape with others is one for each set
// of them), and PostgreSQL's rule for generic plans says whether the plan is as good as those with the constants in sight.
//
//	first met ──again──▶ template ──five plans of its own──▶ generic plan, not dearer ──▶ no parser and no planner
//	                        │ none                                │ dearer, or wrong
//	                        └───────────▶ refused ◀───────────────┘
//
// Whatever is out of the ordinary (a catalog or settings that changed, a table that grew, a constant that its type refuses) goes the
// ordinary way with the text as it is, so that errors and their places are those of the text.

// customPlans is how often a shape is planned with its constants before a plan without them is tried; plancache.c has the same.
const customPlans = 5

// errStaleShape says that a shape's plan is not valid any more. It never leaves the session.
var errStaleShape = errors.New("the plan of a shape is stale")

// shaped is what is known of the statements of one shape.
type shaped struct {
	key      string
	met      int
	refused  bool
	kept     []int // places of constants that cannot be parameters: each set of them has an entry of its own, and this one serves none
	under    []int // kept of the entry that leads to this one
	template *parse.Template
	plans    int     // made with constants
	total    float64 // their costs, with that of making them
	generic  *portal // with a plan that serves all; its parameters are set at each use
}

// costs notes a plan made with constants. The charge for planning is PostgreSQL's.
func (e *shaped) costs(pl *plan.Plan, c *plan.Costs) {
	if e != nil && e.template != nil {
		e.plans++
		e.total += pl.Root.Common().Cost.Total + 1000*c.CPUOperator*float64(len(pl.Tables)+1)
	}
}

// forget begins with plans of the statements' own again.
func (e *shaped) forget() { e.generic, e.refused, e.plans, e.total = nil, false, 0, 0 }

// shapeCache keeps the shapes that a session has met, least recently used out first.
type shapeCache struct {
	scan   parse.Shape
	byKey  map[string]*list.Element
	recent *list.List // of *shaped
}

func newShapeCache() *shapeCache {
	return &shapeCache{byKey: map[string]*list.Element{}, recent: list.New()}
}

// find returns what is known of a text's shape, nil if it has none or no constants.
func (c *shapeCache) find(sql string) *shaped {
	if !c.scan.Scan(sql) || len(c.scan.Constants) == 0 {
		return nil
	}
	e := c.entry(c.scan.Key)
	if e.kept != nil {
		key := c.scan.Key
		for _, i := range e.kept {
			key = append(append(key, 0), c.scan.Constants[i].Text...)
		}
		under := e.kept
		c.scan.Key = key
		e = c.entry(key)
		e.under = under
	}
	return e
}

func (c *shapeCache) entry(key []byte) *shaped {
	if e, ok := c.byKey[string(key)]; ok {
		c.recent.MoveToFront(e)
		return e.Value.(*shaped)
	}
	e := &shaped{key: string(key)}
	c.byKey[e.key] = c.recent.PushFront(e)
	if c.recent.Len() > cachedStatements {
		delete(c.byKey, c.recent.Remove(c.recent.Back()).(*shaped).key)
	}
	return e
}

// queryShape runs a simple query by its shape. It is not done where the text has to go the ordinary way, which s.shape then watches.
func (s *Session) queryShape(ctx context.Context, sql string, out Output) (done bool, err error) {
	e := s.shapes.find(sql)
	if e == nil || s.tx != nil && (s.tx.failed || s.tx.txn.ChangedCatalog()) {
		return false, nil
	}
	s.shape = e
	e.met++
	if e.generic == nil && e.plans >= customPlans && !e.refused {
		s.generalise(e)
	}
	if e.generic == nil {
		return false, nil
	}
	s.need()
	if !s.bindConstants(e) {
		return false, nil
	}
	s.shape = nil
	tag, err := s.bounded(ctx, parse.Statement{}, e.generic, true, out)
	if errors.Is(err, errStaleShape) {
		e.forget()
		s.shape = e
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, out.CommandComplete(tag)
}

// examine gives a shape that is met again its template.
func (s *Session) examine(stmts []parse.Statement) {
	e := s.shape
	if e == nil || e.met < 2 || e.refused || e.template != nil {
		return
	}
	var t *parse.Template
	if len(stmts) == 1 && isPlanned(stmts[0].Node) {
		t = parse.MakeTemplate(stmts[0], s.shapes.scan.Constants)
	}
	switch {
	case t == nil, len(t.Kept) > 0 && readsClock(stmts[0].Query):
		e.refused = true
	case slices.Equal(t.Kept, e.under):
		e.template = t
	case e.under == nil:
		e.kept = t.Kept
	default: // a string that continues another, which may be empty
		e.refused = true
	}
}

// generalise plans a shape without its constants, and keeps the plan if it costs no more than the others did.
func (s *Session) generalise(e *shaped) {
	s.need()
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return
	}
	p := &prepared{stmt: e.template.Statement, given: make([]datum.OID, len(e.template.Params)), shape: true}
	for i, t := range e.template.Params {
		p.given[i] = constantTypes[s.shapes.scan.Constants[t.Constant].Kind]
	}
	pl, err := s.makePlan(p, cat, false)
	if err != nil || p.plan == nil || pl.Root.Common().Cost.Total > e.total/float64(e.plans) {
		e.refused = true
		return
	}
	e.generic = &portal{stmt: p}
}

var constantTypes = [...]datum.OID{parse.Integer: datum.Int4, parse.Bigint: datum.Int8, parse.Decimal: datum.Numeric, parse.String: 0}

// bindConstants makes the constants that were scanned the parameters of the shape's plan. It is false if one does not fit its type,
// which the ordinary way reports.
func (s *Session) bindConstants(e *shaped) bool {
	g := e.generic
	if g.params == nil {
		g.params = make([]datum.Datum, len(e.template.Params))
	}
	for i, t := range e.template.Params {
		c := s.shapes.scan.Constants[t.Constant]
		switch c.Kind {
		case parse.Integer, parse.Bigint:
			v := c.Int()
			if t.Negative {
				v = -v
			}
			g.params[i] = datum.NewInt(v)
		default:
			text := c.Text
			if t.Negative {
				text = "-" + text
			}
			var err error
			if g.params[i], err = datum.MustLookup(g.stmt.params[i]).ParseTextIn(s.datumEnv(), text, -1); err != nil {
				return false
			}
		}
	}
	for _, f := range g.stmt.fitted {
		var err error
		if _, err = datum.MustLookup(f.Type.OID).FitModifier(g.params[f.Index], f.Type.Mod, f.Explicit); err != nil {
			return false
		}
	}
	return true
}
