package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
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

// Default gives the DEFAULT of a column of a catalog's table, nil if it has none.
func (src *source) Default(t *plan.Table, attr int) (expr.Expr, error) {
	def := src.cat.TableByOID(t.OID)
	if def == nil {
		return nil, nil
	}
	if c := &def.Columns[attr]; c.Default != "" || c.Identity != 0 {
		return src.columnDefault(c)
	}
	return nil, nil
}

// Checks makes the CHECK constraints of a catalog's table ready.
func (src *source) Checks(of *plan.Table) ([]plan.Check, error) {
	t := src.cat.TableByOID(of.OID)
	if t == nil {
		return nil, nil
	}
	var list []*catalog.Constraint
	for i := range t.Constraints {
		if t.Constraints[i].Kind == catalog.Check {
			list = append(list, &t.Constraints[i])
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	slices.SortFunc(list, func(a, b *catalog.Constraint) int { return strings.Compare(a.Name, b.Name) })
	env := src.s.planEnv(src)
	ready := make([]plan.Check, len(list))
	for i, con := range list {
		query, n, err := src.stored("constraint "+con.Name, con.Expr)
		if err != nil {
			return nil, err
		}
		e, _, err := plan.CheckCondition(env, query, n, of)
		if err != nil {
			return nil, err
		}
		ready[i] = plan.NewCheck(env, con.Name, e)
	}
	return ready, nil
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
