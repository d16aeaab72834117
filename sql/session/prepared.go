package session

import (
	"container/list"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// prepared is a statement that has been parsed and, if it is one that is planned, analysed.
type prepared struct {
	name   string
	empty  bool // the text holds no statement
	stmt   parse.Statement
	given  []datum.OID // parameter types from the client
	params []datum.OID
	cols   []Column  // nil for a statement without an answer
	fixed  bool      // cols have been told to the client and may not change
	bare   bool      // of a simple query, which has no parameters
	shape  bool      // of a simple query's shape: made anew nowhere but in query
	inner  *prepared // what an EXPLAIN explains or a DECLARE reads, nil for other statements

	text    string    // for pg_prepared_statements
	at      time.Time // when it was prepared
	fromSQL bool      // by PREPARE

	plan         *plan.Plan
	fitted       []expr.Fitted
	planCatalog  page.LSN
	planSettings uint64

	needs   []need     // privileges,
	needsOf *plan.Plan // of this plan
}

// isPlanned reports whether the statement goes through the planner.
func isPlanned(n *pg_query.Node) bool {
	switch n.Node.(type) {
	case *pg_query.Node_SelectStmt, *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		return true
	}
	return false
}

// prepare analyses a statement as far as its parameters and columns need it.
func (s *Session) prepare(ctx context.Context, p *prepared) error {
	if p.empty {
		return nil
	}
	if !isPlanned(p.stmt.Node) {
		p.cols = s.utilityColumns(p.stmt.Node)
		return s.prepareInner(ctx, p)
	}
	s.need()
	_, err := s.ready(ctx, p)
	return err
}

// prepareInner analyses the statement within an EXPLAIN or DECLARE, whose parameters are those of the whole.
func (s *Session) prepareInner(ctx context.Context, p *prepared) error {
	node := p.stmt.Node.GetExplainStmt().GetQuery()
	if d := p.stmt.Node.GetDeclareCursorStmt(); d != nil {
		node = d.Query
	}
	if node == nil || !isPlanned(node) {
		return nil
	}
	s.need()
	inner := &prepared{stmt: parse.Statement{Query: p.stmt.Query, Text: p.stmt.Text, Node: node}, given: p.given}
	if _, err := s.ready(ctx, inner); err != nil {
		return err
	}
	p.inner, p.params = inner, inner.params
	return nil
}

// ready returns a plan for the statement that is valid now, its tables locked (S4, S5).
func (s *Session) ready(ctx context.Context, p *prepared) (*plan.Plan, error) {
	for {
		cat, err := s.db.cat.Current(s.tx.txn)
		if err != nil {
			return nil, err
		}
		own := s.tx.txn.ChangedCatalog()
		pl := p.plan
		if pl == nil || own || p.planCatalog != cat.Version() || p.planSettings != s.settings.Version() || s.outgrown(pl) {
			if p.shape {
				return nil, errStaleShape
			}
			if pl, err = s.makePlan(p, cat, own); err != nil {
				return nil, err
			}
		}
		if err := s.lockTables(ctx, pl); err != nil {
			return nil, err
		}
		again, err := s.db.cat.Current(s.tx.txn)
		if err != nil {
			return nil, err
		}
		if again == cat {
			return pl, nil
		}
	}
}

// permitted is ready for an execution: the privileges that the plan needs are checked as well.
func (s *Session) permitted(ctx context.Context, p *prepared) (*plan.Plan, error) {
	pl, err := s.ready(ctx, p)
	if err != nil {
		return nil, err
	}
	return pl, s.permit(p, pl)
}

// outgrown reports whether a table has grown or shrunk so much since planning that another plan may be better.
func (s *Session) outgrown(pl *plan.Plan) bool {
	for _, t := range pl.Tables {
		if t.View != nil {
			continue
		}
		n, err := s.db.eng.Heap.Blocks(t.Heap)
		if err != nil || float64(n) > 2*t.Pages+16 || 2*float64(n)+16 < t.Pages {
			return true
		}
	}
	return false
}

// makePlan analyses and plans, and keeps the plan if it can be used again.
func (s *Session) makePlan(p *prepared, cat *catalog.Catalog, own bool) (*plan.Plan, error) {
	src := &source{s: s, cat: cat}
	env := s.planEnv(src)
	params := &expr.Params{Types: append([]datum.OID(nil), p.given...), Fixed: p.bare}
	q, err := plan.Analyze(env, p.stmt, params)
	if err != nil {
		return nil, err
	}
	pl, err := plan.Make(env, s.costs(), q)
	if err != nil {
		return nil, err
	}
	cols := columnsOf(pl)
	if p.fixed && !sameColumns(p.cols, cols) {
		return nil, errResultChanged()
	}
	p.params, p.cols, p.fitted = pl.Params, cols, params.Fitted
	p.plan = nil
	if !own && !src.degraded {
		p.plan, p.planCatalog, p.planSettings = pl, cat.Version(), s.settings.Version()
	}
	return pl, nil
}

func errResultChanged() error {
	return pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")
}

// lockTables takes the locks that a statement needs on its tables.
func (s *Session) lockTables(ctx context.Context, pl *plan.Plan) error {
	take := func(t *plan.Table, mode lock.Mode) error {
		if t.View != nil {
			return nil
		}
		return s.db.eng.Locks.Acquire(ctx, s.tx.txn.Owner(), lock.Relation(t.OID), mode)
	}
	for _, t := range pl.Tables {
		if t == pl.Writes {
			continue
		}
		if err := take(t, lock.AccessShare); err != nil {
			return err
		}
	}
	if pl.Writes != nil {
		return take(pl.Writes, lock.RowExclusive)
	}
	return nil
}

// columnsOf describes the answer of a plan, nil if it has none.
func columnsOf(pl *plan.Plan) []Column {
	if pl.Command != plan.Select && len(pl.Columns) == 0 {
		return nil
	}
	cols := make([]Column, len(pl.Columns))
	for i, c := range pl.Columns {
		cols[i] = column(c.Name, c.Type)
		cols[i].TableOID, cols[i].AttNum = c.Table, c.Attr
	}
	return cols
}

func column(name string, t datum.Type) Column {
	c := Column{Name: name, Type: t.OID, Mod: t.Mod, Size: -1}
	if t.Mod == 0 {
		c.Mod = -1
	}
	if info := datum.Lookup(t.OID); info != nil {
		c.Size = info.Len
	}
	return c
}

func sameColumns(a, b []Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// lostMethod reports whether a read failed because the access method went away after planning: another plan may do without.
func lostMethod(err error) bool { return errors.Is(err, am.ErrUnavailable) }

// planCache keeps statements without a name by their text, so that a client that does not prepare gets plans again too.
type planCache struct {
	byText map[string]*list.Element
	recent *list.List // of *cachedPlan
}

// cachedStatements is how many such statements a session keeps; longer texts are not kept.
const (
	cachedStatements = 64
	cachedTextBytes  = 4 << 10
)

func newPlanCache() *planCache {
	return &planCache{byText: map[string]*list.Element{}, recent: list.New()}
}

// get returns the statement of a text with given parameter types, a new one if it is not known.
func (c *planCache) get(stmt parse.Statement, given []datum.OID) *prepared {
	if len(stmt.Query) > cachedTextBytes || stmt.Text != stmt.Query || readsClock(stmt.Query) {
		return &prepared{stmt: stmt, given: given}
	}
	key := stmt.Query
	for _, t := range given {
		key += " " + strconv.FormatUint(uint64(t), 10)
	}
	if e, ok := c.byText[key]; ok {
		c.recent.MoveToFront(e)
		return e.Value.(*cachedPlan).prepared
	}
	p := &prepared{stmt: stmt, given: given}
	c.byText[key] = c.recent.PushFront(&cachedPlan{key, p})
	if c.recent.Len() > cachedStatements {
		oldest := c.recent.Back()
		delete(c.byText, c.recent.Remove(oldest).(*cachedPlan).key)
	}
	return p
}

type cachedPlan struct {
	key string
	*prepared
}

// readsClock reports whether a text may hold a literal such as 'now' or 'tomorrow', which becomes a constant when the statement is
// analysed. Such a statement is analysed each time.
func readsClock(query string) bool {
	lower := strings.ToLower(query)
	for _, word := range []string{"now'", "now ", "today", "tomorrow", "yesterday"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}
