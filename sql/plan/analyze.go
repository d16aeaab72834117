package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
)

// Env is what names and types are resolved with.
type Env struct {
	Source   Source
	Registry *expr.Registry
	Datum    *datum.Env
	// Eval folds constants; it belongs to the session.
	Eval *expr.EvalCtx
}

// analyzer turns raw parse trees into a Query.
type analyzer struct {
	env *Env
	b   *expr.Builder
	loc *parse.Locator

	// rels is the range table of the statement; all its queries share it.
	rels []*Rel
	// outer is the scope round the query that is being analysed.
	outer *scope
	// ctes are the WITH queries in sight, innermost last.
	ctes []*cte
	// copies counts the WITH queries that were analysed once more for another reference.
	copies int
	// untyped leaves literals of unknown type in a target list, for the arms of a set operation.
	untyped bool

	// defaults are those of columns that have been asked for.
	defaults map[*TableColumn]expr.Expr

	// clause names the place that is being analysed, for messages about what may not be there.
	clause clause
}

// clause is a part of a statement with its own rules.
type clause struct {
	name       string // "WHERE"
	aggregates bool   // may call aggregates
	sets       bool   // may call set-returning functions
}

var (
	inTargets = clause{"SELECT", true, true}
	inWhere   = clause{"WHERE", false, false}
	inGroupBy = clause{"GROUP BY", false, false}
	inHaving  = clause{"HAVING", true, false}
	inOrderBy = clause{"ORDER BY", true, false}
	inLimit   = clause{"LIMIT", false, false}
	inOffset  = clause{"OFFSET", false, false}
	inFrom    = clause{"functions in FROM", false, true}
	inValues  = clause{"VALUES", false, false}
	inSet     = clause{"UPDATE", false, false}
	inReturn  = clause{"RETURNING", false, false}
	inDefault = clause{"DEFAULT expressions", false, false}
	inAggs    = clause{"aggregate function calls", false, false}
	inFilter  = clause{"FILTER", false, false}
)

// Analyze resolves a statement that reads or changes rows. params collects the types of its parameters.
func Analyze(env *Env, stmt parse.Statement, params *expr.Params) (*Query, error) {
	a := newAnalyzer(env, stmt.Query, params)
	q, err := a.statement(stmt.Node)
	if err != nil {
		return nil, err
	}
	if q.Known = len(a.rels); q.Command != Insert {
		q.Rels = a.rels
	}
	q.Params, err = params.Check()
	return q, err
}

func newAnalyzer(env *Env, query string, params *expr.Params) *analyzer {
	return &analyzer{
		env: env, loc: parse.NewLocator(query),
		b: &expr.Builder{Registry: env.Registry, Env: env.Datum, Params: params},
	}
}

func (a *analyzer) statement(n *pg_query.Node) (*Query, error) {
	switch s := n.Node.(type) {
	case *pg_query.Node_SelectStmt:
		return a.selectStmt(s.SelectStmt)
	case *pg_query.Node_InsertStmt:
		// Relation 0 is the new row, which RETURNING may hand to a subquery.
		target := s.InsertStmt.Relation
		placeholder := &Rel{Alias: target.Relname}
		if target.Alias != nil {
			placeholder.Alias = target.Alias.Aliasname
		}
		a.rels = append(a.rels, placeholder)
		return a.insert(s.InsertStmt)
	case *pg_query.Node_UpdateStmt:
		a.rels = append(a.rels, nil) // relation 0 is the target, which comes after the WITH queries
		return a.update(s.UpdateStmt)
	case *pg_query.Node_DeleteStmt:
		a.rels = append(a.rels, nil)
		return a.delete(s.DeleteStmt)
	case *pg_query.Node_MergeStmt:
		return nil, a.unsupported("MERGE", -1)
	}
	return nil, pgerr.New(pgerr.InternalError, "plan: %T is not a statement that can be planned", n.Node)
}

// unsupported is the answer to a feature that is known and missing.
func (a *analyzer) unsupported(feature string, location int32) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not supported", feature).At(a.loc.At(location))
}

func (a *analyzer) errorf(location int32, code pgerr.Code, format string, args ...any) *pgerr.Error {
	return pgerr.New(code, format, args...).At(a.loc.At(location))
}

// at gives an error the place it came from, unless it has one.
func (a *analyzer) at(err error, location int32) error {
	if err == nil {
		return nil
	}
	return pgerr.From(err).At(a.loc.At(location))
}

// in runs f with another clause in force.
func (a *analyzer) in(c clause, f func() error) error {
	saved := a.clause
	a.clause = c
	err := f()
	a.clause = saved
	return err
}

// names returns the strings of a list of String nodes.
func names(list []*pg_query.Node) []string {
	out := make([]string, 0, len(list))
	for _, n := range list {
		if s := n.GetString_(); s != nil {
			out = append(out, s.Sval)
		}
	}
	return out
}
