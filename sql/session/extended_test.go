package session_test

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
)

var background = context.Background()

// values makes parameter values in text format.
func values(v ...string) [][]byte {
	out := make([][]byte, len(v))
	for i := range v {
		out[i] = []byte(v[i])
	}
	return out
}

func TestPreparedStatements(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int, b text)")
	require.NoError(t, s.Parse(background, "ins", "insert into t values ($1, $2)", nil))
	params, cols, err := s.DescribeStatement("ins")
	require.NoError(t, err)
	require.Equal(t, []datum.OID{datum.Int4, datum.Text}, params)
	require.Nil(t, cols)
	out := &capture{s: s}
	for _, v := range []string{"1", "2", "3"} {
		require.NoError(t, s.Bind(background, "", "ins", nil, values(v, "x"+v), nil))
		require.NoError(t, s.Execute(background, "", 0, out))
	}
	require.Equal(t, byte('I'), s.TxStatus(), "an implicit transaction is not a block")
	require.NoError(t, s.Sync(background))
	require.Equal(t, "INSERT 0 1\nINSERT 0 1\nINSERT 0 1\n", out.b.String())

	// Binary both ways: $1 as four bytes in, the column as four bytes out.
	require.NoError(t, s.Parse(background, "", "select a, b from t where a >= $1 order by a", nil))
	_, cols, err = s.DescribeStatement("")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, []string{cols[0].Name, cols[1].Name})
	require.NotZero(t, cols[0].TableOID)
	require.Equal(t, int16(2), cols[1].AttNum)
	require.NoError(t, s.Bind(background, "p", "", []int16{1}, [][]byte{{0, 0, 0, 2}}, []int16{1, 0}))
	out = &capture{s: s}
	require.NoError(t, s.Execute(background, "p", 1, out))
	require.NoError(t, s.Execute(background, "p", 1, out))
	require.NoError(t, s.Execute(background, "p", 1, out))
	require.Equal(t, "00000002|x2\n(suspended)\n00000003|x3\n(suspended)\nSELECT 0\n", out.b.String())
	require.NoError(t, s.Sync(background))
	require.Error(t, s.Execute(background, "p", 0, out), "portals end with the transaction")
}

// A cached plan follows its table: new columns' statistics, dropped and created indexes, a table that was replaced.
func TestPlansFollowTheCatalog(t *testing.T) {
	r := newRig(t)
	s, other := r.session(), r.session()
	must(t, s, "create table t (a int); insert into t values (1)")
	require.NoError(t, s.Parse(background, "q", "select * from t", nil))
	_, _, err := s.DescribeStatement("q")
	require.NoError(t, err)
	query := func() (string, error) {
		out := &capture{s: s}
		if err := s.Bind(background, "", "q", nil, nil, nil); err != nil {
			return "", err
		}
		if err := s.Execute(background, "", 0, out); err != nil {
			return "", err
		}
		return out.b.String(), s.Sync(background)
	}
	got, err := query()
	require.NoError(t, err)
	require.Equal(t, "1\nSELECT 1\n", got)
	must(t, other, "truncate t")
	got, err = query()
	require.NoError(t, err)
	require.Equal(t, "SELECT 0\n", got)
	must(t, other, "drop table t")
	must(t, other, "create table t (a int); insert into t values (7)")
	got, err = query()
	require.NoError(t, err)
	require.Equal(t, "7\nSELECT 1\n", got)
	must(t, other, "drop table t")
	must(t, other, "create table t (b text)")
	_, err = query()
	require.Equal(t, pgerr.FeatureNotSupported, pgerr.CodeOf(err))
	require.EqualError(t, err, "cached plan must not change result type")
}

func TestParameterTypes(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int, b bigint, c text, d timestamptz, e uuid)")
	for _, c := range []struct {
		sql  string
		want []datum.OID
		code pgerr.Code
	}{
		{"update t set a = a + $1 where b = $2", []datum.OID{datum.Int4, datum.Int8}, ""},
		{"insert into t (c, d, e) values ($1, $2, $3)", []datum.OID{datum.Text, datum.Timestamptz, datum.UUID}, ""},
		{"select $1::int + $2", []datum.OID{datum.Int4, datum.Int4}, ""},
		{"select * from t where a in ($1, $2) limit $3", []datum.OID{datum.Int4, datum.Int4, datum.Int8}, ""},
		{"select * from t where a = any($1)", []datum.OID{1007}, ""},
		{"select $1", []datum.OID{datum.Text}, ""},
		{"select $2::int", nil, pgerr.IndeterminateDatatype},
		{"select $1::int, $1::text", []datum.OID{datum.Int4}, ""},
		{"select * from t where a = $1 and c = $1", nil, pgerr.UndefinedFunction},
	} {
		err := s.Parse(background, "", c.sql, nil)
		if c.code != "" {
			require.Equal(t, c.code, pgerr.CodeOf(err), c.sql)
			continue
		}
		require.NoError(t, err, c.sql)
		params, _, err := s.DescribeStatement("")
		require.NoError(t, err)
		require.Equal(t, c.want, params, c.sql)
	}
}

func TestExtendedErrors(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int)")
	code := func(err error) pgerr.Code { return pgerr.CodeOf(err) }
	require.Equal(t, pgerr.SyntaxError, code(s.Parse(background, "", "select 1; select 2", nil)))
	require.Equal(t, pgerr.InvalidSQLStatementName, code(s.Bind(background, "", "nosuch", nil, nil, nil)))
	require.Equal(t, pgerr.InvalidCursorName, code(s.Execute(background, "nosuch", 0, &capture{s: s})))
	require.NoError(t, s.Parse(background, "p", "select * from t where a = $1", nil))
	require.Equal(t, pgerr.DuplicatePreparedStatement, code(s.Parse(background, "p", "select 1", nil)))
	require.Equal(t, pgerr.ProtocolViolation, code(s.Bind(background, "", "p", nil, nil, nil)))
	require.Equal(t, pgerr.InvalidTextRepresentation, code(s.Bind(background, "", "p", nil, values("x"), nil)))
	require.Equal(t, pgerr.ProtocolViolation, code(s.Bind(background, "", "p", []int16{1}, values("x"), nil)))
	require.NoError(t, s.Sync(background))

	// In a block an error stays until its end.
	must(t, s, "begin")
	require.Error(t, s.Parse(background, "", "select 1/0 from nosuch", nil))
	require.Equal(t, byte('E'), s.TxStatus())
	require.NoError(t, s.Sync(background))
	require.Equal(t, pgerr.InFailedSQLTransaction, code(s.Parse(background, "", "select 1", nil)))
	require.NoError(t, s.Parse(background, "", "rollback", nil))
	require.NoError(t, s.Bind(background, "", "", nil, nil, nil))
	out := &capture{s: s}
	require.NoError(t, s.Execute(background, "", 0, out))
	require.Equal(t, "ROLLBACK\n", out.b.String())
	require.Equal(t, byte('I'), s.TxStatus())

	require.NoError(t, s.Parse(background, "", " ", nil))
	require.NoError(t, s.Bind(background, "", "", nil, nil, nil))
	require.NoError(t, s.Execute(background, "", 0, out))
	require.Equal(t, "ROLLBACK\n(empty)\n", out.b.String())
}

func TestCancel(t *testing.T) {
	s := newRig(t).session()
	why := pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	for _, sql := range []string{
		"select pg_sleep(1000)", "select count(*) from generate_series(1, 1000000000000)",
		"select * from generate_series(1, 1000000000) g where g < 0",
	} {
		ctx, cancel := context.WithCancelCause(background)
		done := make(chan error, 1)
		go func() { done <- s.Query(ctx, sql, &capture{s: s, quiet: true}) }()
		cancel(why)
		require.ErrorIs(t, <-done, why, sql)
	}
	must(t, s, "set statement_timeout = '5ms'")
	err := s.Query(background, "select pg_sleep(1000)", &capture{s: s})
	require.EqualError(t, err, "canceling statement due to statement timeout")
	require.True(t, pgerr.Is(err, pgerr.QueryCanceled))
}

// failingReader hands out some bytes, then fails as a client does that gives up.
type failingReader struct {
	data string
	err  error
}

func (f *failingReader) Read(p []byte) (int, error) {
	if f.data == "" {
		return 0, f.err
	}
	n := copy(p, f.data)
	f.data = f.data[n:]
	return n, nil
}

func TestCopyThatTheClientEnds(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int)")
	gaveUp := pgerr.New(pgerr.QueryCanceled, "COPY from stdin failed: enough")
	out := &capture{s: s, copyIn: &failingReader{"1\n2\n", gaveUp}}
	err := pgerr.From(s.Query(background, "copy t from stdin", out))
	require.Equal(t, []any{gaveUp.Code, gaveUp.Message, "COPY t, line 3"}, []any{err.Code, err.Message, err.Where})
	require.Equal(t, "count\n0\nSELECT 1\n", must(t, s, "select count(*) from t"))
}

// A panic ends its statement, not the session.
func TestPanicIsAnError(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int)")
	must(t, s, "begin")
	err := s.Query(background, "insert into t values (1) returning a", panicking{&capture{s: s}})
	require.Equal(t, pgerr.InternalError, pgerr.CodeOf(err))
	require.Equal(t, byte('E'), s.TxStatus())
	must(t, s, "rollback")
	require.Equal(t, "count\n0\nSELECT 1\n", must(t, s, "select count(*) from t"))
}

type panicking struct{ *capture }

func (panicking) CommandComplete(string) error { panic(errors.New("a bug")) }

// The description of a table that statements share follows the table's size, in pages of the heap and of its indexes.
func TestSharedDescriptionsAreCurrent(t *testing.T) {
	r := newRig(t)
	s, other := r.session(), r.session()
	must(t, s, "create table t (a int, b text default 'x'); create extension btree; create index on t using btree (a)")
	rows := func(s *session.Session) string {
		out := must(t, s, "explain select * from t")
		return regexp.MustCompile(`rows=\d+`).FindString(out)
	}
	few := rows(s)
	require.Equal(t, few, rows(other))
	must(t, other, "insert into t (a) select i from generate_series(1, 5000) i")
	many := rows(s)
	require.NotEqual(t, few, many)
	require.Equal(t, many, rows(other))
	require.Equal(t, "a|b\n9|x\nINSERT 0 1\n", must(t, s, "insert into t (a) values (9) returning *"))
	must(t, other, "alter table t alter b set default 'y', add check (a > 0)")
	require.Equal(t, "a|b\n9|y\nINSERT 0 1\n", must(t, s, "insert into t values (9, default) returning *"))
	require.Equal(t, pgerr.CheckViolation, pgerr.CodeOf(s.Query(background, "insert into t values (-1)", &capture{s: s})))
}
