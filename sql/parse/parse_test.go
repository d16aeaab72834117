package parse

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

func TestStatementsKeepTheirText(t *testing.T) {
	stmts, err := Parse(" select 1 ; -- nothing\n;insert into t values ('a;b');")
	require.NoError(t, err)
	require.Len(t, stmts, 2)
	require.Equal(t, "select 1", stmts[0].Text)
	require.Contains(t, stmts[1].Text, "insert into t values ('a;b')")
	none, err := Parse(" ; /* comment */ ")
	require.NoError(t, err)
	require.Empty(t, none)
}

// Each row is a text that PostgreSQL 15 refuses, with what it says.
func TestErrorsCarryCodeAndPosition(t *testing.T) {
	for _, c := range []struct {
		sql, code, message string
		position           int
	}{
		{"selec 1", "42601", `syntax error at or near "selec"`, 1},
		{"select 1 from", "42601", "syntax error at end of input", 14},
		{"select 'abc", "42601", `unterminated quoted string at or near "'abc"`, 8},
		{"select 'ä', from t", "42601", `syntax error at or near "from"`, 13},
		{"select 1; select * frm t", "42601", `syntax error at or near "frm"`, 20},
		{"select \x80", "22021", `invalid byte sequence for encoding "UTF8": 0x80`, 0},
		{"select 1\x00", "22021", `invalid byte sequence for encoding "UTF8": 0x00`, 0},
	} {
		_, err := Parse(c.sql)
		require.Error(t, err, c.sql)
		e := pgerr.From(err)
		require.Equal(t, c.code, string(e.Code), c.sql)
		require.Equal(t, c.message, e.Message, c.sql)
		require.Equal(t, c.position, e.Position, c.sql)
	}
}

func TestDepthIsBounded(t *testing.T) {
	for _, sql := range []string{
		"select " + strings.Repeat("(1+", 20000) + "1" + strings.Repeat(")", 20000),
		"select " + strings.Repeat("-(", 9000) + "1" + strings.Repeat(")", 9000),
		"select 1" + strings.Repeat("+1", 3000),
		"select " + strings.Repeat("(select ", 3000) + "1" + strings.Repeat(")", 3000),
	} {
		_, err := Parse(sql)
		require.Error(t, err)
		if strings.HasPrefix(err.Error(), "memory exhausted") { // the grammar's own stack, and PostgreSQL's word for it
			require.Equal(t, pgerr.SyntaxError, pgerr.From(err).Code)
			continue
		}
		require.Equal(t, pgerr.StatementTooComplex, pgerr.From(err).Code, err.Error())
	}
	_, err := Parse("select 1" + strings.Repeat(" and true", 5000))
	require.NoError(t, err, "chains of AND are flat")
	_, err = Parse(strings.Repeat("x", MaxBytes+1))
	require.Equal(t, pgerr.ProgramLimitExceeded, pgerr.From(err).Code)
}

func TestLocatorCountsCharacters(t *testing.T) {
	text := strings.Repeat("aäb", 3000)
	l := NewLocator(text)
	want := 1
	for i := range text {
		require.Equal(t, want, l.At(int32(i)))
		want++
	}
	require.Equal(t, 0, l.At(-1))
	require.Equal(t, 3, NewLocator("abc").At(2))
}

func TestCacheForgetsTheOldest(t *testing.T) {
	c := NewCache(2)
	once, err := c.Parse("select 1")
	require.NoError(t, err)
	require.Zero(t, c.Len(), "a text that may never come back")
	first, err := c.Parse("select 1")
	require.NoError(t, err)
	require.NotSame(t, once[0].Node, first[0].Node)
	for _, q := range []string{"select 2", "select 2", "select 1", "select 3", "select 3", "selec", "selec"} {
		_, _ = c.Parse(q)
	}
	again, err := c.Parse("select 1")
	require.NoError(t, err)
	require.Same(t, first[0].Node, again[0].Node)
	require.Equal(t, 2, c.Len())
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"select 1", "insert into t values (1,$1)", "copy t from stdin", "select '", "((((", "create table t (a int)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		stmts, err := Parse(sql)
		if err != nil {
			require.Len(t, string(pgerr.From(err).Code), 5)
			return
		}
		for _, s := range stmts {
			require.NotNil(t, s.Node)
		}
	})
}
