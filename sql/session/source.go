package session

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/sysview"
)

// source shows one state of the catalog to the planner.
type source struct {
	s   *Session
	cat *catalog.Catalog
	// degraded says that some index could not be used because its access method is not available: such plans are not kept.
	degraded bool
}

// Table finds a table or system view. Unqualified names find views before tables, as pg_catalog comes first in the search path.
func (src *source) Table(schema, name string) (*plan.Table, error) {
	switch schema {
	case "", "pg_catalog", "public":
	case "information_schema":
		if v := sysview.LookupIn(schema, name); v != nil {
			return viewTable(v), nil
		}
		return nil, nil
	default:
		return nil, nil
	}
	if schema != "public" {
		if v := sysview.Lookup(name); v != nil {
			return viewTable(v), nil
		}
	}
	if schema == "pg_catalog" {
		return nil, nil
	}
	if t := src.cat.Table(name); t != nil {
		return src.table(t)
	}
	if q := src.cat.Sequence(name); q != nil {
		return sequenceTable(q), nil
	}
	if src.cat.Index(name) != nil {
		return nil, pgerr.New(pgerr.WrongObjectType, `"%s" is an index`, name)
	}
	return nil, nil
}

// table describes a catalog table with its present size.
func (src *source) table(t *catalog.Table) (*plan.Table, error) {
	out := &plan.Table{OID: t.OID, Schema: "public", Name: t.Name, Row: t.RowType(), Heap: t.Heap(), Columns: make([]plan.TableColumn, 0, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		col := plan.TableColumn{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Dropped: c.Dropped, Identity: c.Identity, Distinct: c.Distinct, NullFraction: c.NullFraction, Width: c.Width}
		if c.Default != "" || c.Identity != 0 {
			e, err := src.columnDefault(c)
			if err != nil {
				return nil, err
			}
			col.Default = e
		}
		out.Columns = append(out.Columns, col)
	}
	src.checks(out, t)
	if err := src.size(out, t); err != nil {
		return nil, err
	}
	for _, i := range src.cat.IndexesOf(t.OID) {
		x, err := src.index(t, i)
		if err != nil {
			return nil, err
		}
		out.Indexes = append(out.Indexes, x)
	}
	return out, nil
}

// size estimates pages and rows as PostgreSQL's estimate_rel_size does: the present number of pages, the density that was seen last,
// or one computed from the width of the columns.
func (src *source) size(out *plan.Table, t *catalog.Table) error {
	n, err := src.s.db.eng.Heap.Blocks(t.Heap())
	if err != nil {
		return err
	}
	pages := float64(n)
	never := t.Stats.Pages == 0 && t.Stats.Tuples <= 0
	if never && pages < 10 {
		pages = 10
	}
	out.Pages = pages
	out.AllVisible = math.Min(1, float64(t.Stats.AllVisible)/math.Max(pages, 1))
	switch {
	case pages == 0:
		out.Tuples = 0
	case t.Stats.Pages > 0 && t.Stats.Tuples >= 0:
		out.Tuples = math.RoundToEven(t.Stats.Tuples / float64(t.Stats.Pages) * pages)
	default:
		out.Tuples = math.RoundToEven(math.Floor((page.Size-page.HeaderSize)/rowWidth(t)) * pages)
	}
	return nil
}

// rowWidth guesses the bytes that a row takes on a page: tuple header, line pointer, row header and values.
func rowWidth(t *catalog.Table) float64 {
	const overhead = 32 + 4
	n := 1
	for i := range t.Columns {
		info := datum.MustLookup(t.Columns[i].Type.OID)
		switch {
		case t.Columns[i].Width > 0:
			n += t.Columns[i].Width
		case info.Len > 0:
			n += int(info.Len)
		default:
			n += 32
		}
	}
	return float64(overhead + page.Align(n))
}

// index describes an index. A method that is not available makes it useless for reads, and its error meets the writers.
func (src *source) index(t *catalog.Table, i *catalog.Index) (*plan.Index, error) {
	x := &plan.Index{Name: i.Name, AM: i.AM, Def: i.Describe(t.Rel), Constraint: t.ConstraintOfIndex(i.OID) != nil}
	x.Attrs = make([]int, 0, len(i.Columns))
	for _, c := range i.Columns {
		x.Attrs = append(x.Attrs, c.Attr)
	}
	n, err := src.s.db.eng.Pool.Length(page.RelFile{Rel: i.Rel})
	if err != nil {
		return nil, err
	}
	x.Pages = float64(n)
	x.Method, x.Err = src.s.db.method(src.cat, i.AM)
	if x.Err != nil {
		x.Method, src.degraded = nil, true
		return x, nil
	}
	x.Desc = x.Method.Describe()
	if i.BuiltBy == xact.InvalidXID {
		return x, nil
	}
	snap := src.s.tx.txn.Snapshot() // not newer than the statement's
	defer snap.Release()
	serves, err := i.Serves(snap)
	if !serves {
		x.Behind, src.degraded = true, true
	}
	return x, err
}

// method finds a ready access method that the catalog knows.
func (db *DB) method(cat *catalog.Catalog, name string) (am.Method, error) {
	def := cat.AccessMethod(name)
	if def == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, `access method "%s" does not exist`, name).
			WithHint("Create it with CREATE ACCESS METHOD %s TYPE INDEX HANDLER %s.", name, name)
	}
	return db.ams.Lookup(def.Plugin)
}

// columnDefault analyses a stored DEFAULT. That of an identity column takes a value from its sequence.
func (src *source) columnDefault(c *catalog.Column) (expr.Expr, error) {
	text := c.Default
	if c.Identity != 0 {
		text = nextvalOf(c.Sequence)
	}
	query, n, err := src.stored("default of column "+c.Name, text)
	if err != nil {
		return nil, err
	}
	return plan.Default(src.s.planEnv(src), query, n, c.Name, c.Type)
}

// nextvalOf is the default of a column that takes its values from a sequence, as it is stored: by number, so that the sequence may be
// renamed.
func nextvalOf(sequence uint32) string { return fmt.Sprintf("nextval('%d'::regclass)", sequence) }

// stored parses an expression that the catalog keeps.
func (src *source) stored(what, text string) (query string, n *pg_query.Node, err error) {
	stmts, err := src.s.db.parser.Parse("SELECT " + text)
	if err != nil || len(stmts) != 1 {
		return "", nil, pgerr.New(pgerr.DataCorrupted, `%s cannot be read: %s`, what, strconv.Quote(text)).Because(err)
	}
	return stmts[0].Query, stmts[0].Node.GetSelectStmt().GetTargetList()[0].GetResTarget().GetVal(), nil
}

// checks has the CHECK constraints of a table made ready when they are asked for.
func (src *source) checks(out *plan.Table, t *catalog.Table) {
	var list []*catalog.Constraint
	for i := range t.Constraints {
		if t.Constraints[i].Kind == catalog.Check {
			list = append(list, &t.Constraints[i])
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(a, b *catalog.Constraint) int { return strings.Compare(a.Name, b.Name) })
	out.Checks = func() ([]plan.Check, error) {
		env := src.s.planEnv(src)
		ready := make([]plan.Check, len(list))
		for i, con := range list {
			query, n, err := src.stored("constraint "+con.Name, con.Expr)
			if err != nil {
				return nil, err
			}
			e, _, err := plan.CheckCondition(env, query, n, out)
			if err != nil {
				return nil, err
			}
			ready[i] = plan.NewCheck(env, con.Name, e)
		}
		return ready, nil
	}
}

// costs reads the planner's settings.
func (s *Session) costs() *plan.Costs {
	v := s.settings.Version()
	if s.costsFrom == v && s.planCosts != nil {
		return s.planCosts
	}
	g := s.settings
	s.planCosts, s.costsFrom = &plan.Costs{
		SeqPage: g.Real("seq_page_cost"), RandomPage: g.Real("random_page_cost"),
		CPUTuple: g.Real("cpu_tuple_cost"), CPUIndexTuple: g.Real("cpu_index_tuple_cost"), CPUOperator: g.Real("cpu_operator_cost"),
		EffectiveCachePages: float64(g.Int("effective_cache_size")), WorkMem: g.Bytes("work_mem"),
		SeqScan: g.Bool("enable_seqscan"), IndexScan: g.Bool("enable_indexscan"), BitmapScan: g.Bool("enable_bitmapscan"),
		HashAgg: g.Bool("enable_hashagg"), Sort: g.Bool("enable_sort"),
		IndexOnlyScan: g.Bool("enable_indexonlyscan"), NestLoop: g.Bool("enable_nestloop"), HashJoin: g.Bool("enable_hashjoin"),
	}, v
	return s.planCosts
}
