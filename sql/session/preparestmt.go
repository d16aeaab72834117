package session

import (
	"context"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// prepareStmt runs PREPARE. Its statements and those of the protocol's Parse are the same ones.
func (s *Session) prepareStmt(ctx context.Context, stmt parse.Statement, st *pg_query.PrepareStmt) error {
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	p := &prepared{
		name: st.Name, fromSQL: true, text: stmt.Text, at: time.Now(),
		stmt: parse.Statement{Query: stmt.Query, Text: stmt.Text, Node: st.Query},
	}
	env := s.planEnv(&source{s: s, cat: cat})
	for _, n := range st.Argtypes {
		t, err := plan.TypeOf(env, stmt.Query, n.GetTypeName())
		if err != nil {
			return err
		}
		p.given = append(p.given, t.OID)
	}
	if err := s.prepare(ctx, p); err != nil {
		return err
	}
	if st.Name != "" && s.prepared[st.Name] != nil {
		return errDuplicateStatement(st.Name)
	}
	p.fixed = true
	s.prepared[st.Name] = p
	return nil
}

func errDuplicateStatement(name string) error {
	return pgerr.New(pgerr.DuplicatePreparedStatement, `prepared statement "%s" already exists`, name)
}

// executed finds the statement that an EXECUTE means, and computes its parameters.
func (s *Session) executed(ctx context.Context, stmt parse.Statement, st *pg_query.ExecuteStmt) (*prepared, []datum.Datum, error) {
	p := s.prepared[st.Name]
	if p == nil {
		return nil, nil, errNoStatement(st.Name)
	}
	if p.empty || !isPlanned(p.stmt.Node) {
		return nil, nil, unsupported("EXECUTE of a statement other than SELECT, INSERT, UPDATE or DELETE")
	}
	if len(st.Params) != len(p.params) {
		return nil, nil, pgerr.New(pgerr.SyntaxError, `wrong number of parameters for prepared statement "%s"`, st.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(st.Params))
	}
	if len(st.Params) == 0 {
		return p, nil, nil
	}
	s.need()
	cat, err := s.catalog()
	if err != nil {
		return nil, nil, err
	}
	env, ec := s.planEnv(&source{s: s, cat: cat}), s.evalContext(ctx, nil)
	values := make([]datum.Datum, len(st.Params))
	for i, n := range st.Params {
		e, err := plan.Argument(env, stmt.Query, n, i+1, p.params[i])
		if err != nil {
			return nil, nil, err
		}
		if values[i], err = expr.Compile(e)(ec, nil); err != nil {
			return nil, nil, err
		}
	}
	return p, values, nil
}

// target replaces EXECUTE by what it executes, before the portal runs for the first time.
func (s *Session) target(ctx context.Context, p *portal) error {
	st := p.stmt.stmt.Node.GetExecuteStmt()
	if st == nil {
		return nil
	}
	told := p.stmt.cols
	t, values, err := s.executed(ctx, p.stmt.stmt, st)
	if err != nil {
		return err
	}
	if p.cols != nil && !sameColumns(told, t.cols) {
		return errResultChanged()
	}
	p.stmt, p.params = t, values
	return nil
}

// deallocate runs DEALLOCATE.
func (s *Session) deallocate(st *pg_query.DeallocateStmt) (string, error) {
	if st.Name == "" {
		clear(s.prepared)
		return "DEALLOCATE ALL", nil
	}
	if s.prepared[st.Name] == nil {
		return "", errNoStatement(st.Name)
	}
	delete(s.prepared, st.Name)
	return "DEALLOCATE", nil
}
