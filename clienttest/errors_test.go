package clienttest

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// testdata/errors is the table of what goes wrong and what is said about it. A block is one message to the server:
//
//	sql     a simple query; lines after "--stdin" answer its COPY
//	params  an extended query; lines after "--params" are parameters: "t:text", "b:hex", "null"; types=(oid,…) declares their types
//	refused statements, one a line, each a feature that is not there: 0A000 naming it
//
// "pg" says that PostgreSQL 15 answers the same to the letter, "pg=code" that its SQLSTATE is the same, "why=(…)" why it is not. "keep"
// leaves the transaction as it is for the next block; otherwise it is rolled back. The answers of a file come from two
// connections that see the same blocks in the same order.
func TestErrors(t *testing.T) {
	oracle := postgres.connect(t) != nil
	datadriven.Walk(t, "testdata/errors", func(t *testing.T, path string) {
		quire.watch(t)
		ours := newTalker(t, quire.dsn())
		t.Cleanup(func() { ours.clean(t) })
		var theirs *talker
		if oracle {
			theirs = newTalker(t, postgres.dsn())
			theirs.do(t, "sql", "drop schema public cascade; create schema public", nil)
		}
		var different []string // all are told, not the first alone
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			marked, codeOnly := d.HasArg("pg"), len(argument(d, "pg")) == 1 && argument(d, "pg")[0] == "code"
			if d.Cmd == "refused" {
				return refuse(t, d, ours)
			}
			var types []uint32
			if d.HasArg("types") {
				for _, v := range argument(d, "types") {
					var oid uint32
					_, err := fmt.Sscan(v, &oid)
					require.NoError(t, err)
					types = append(types, oid)
				}
			}
			require.True(t, d.HasArg("why") || marked && !codeOnly, "%s: say why PostgreSQL's answer is another one", d.Pos)
			got := ours.do(t, d.Cmd, d.Input, types)
			if oracle && !d.Rewrite {
				want := theirs.do(t, d.Cmd, d.Input, types)
				switch {
				case codeOnly && codeOf(want) != codeOf(got):
					different = append(different, fmt.Sprintf("%s: %s\nPostgreSQL's SQLSTATE is another:\n%s", d.Pos, got, want))
				case marked && !codeOnly && want != got:
					different = append(different, fmt.Sprintf("%s: %s\nPostgreSQL:\n%s", d.Pos, got, want))
				case !marked && want == got:
					different = append(different, fmt.Sprintf("%s: PostgreSQL answers the same; mark it", d.Pos))
				}
			} else if oracle {
				theirs.do(t, d.Cmd, d.Input, types)
			}
			if !d.HasArg("keep") {
				ours.settle(t)
				if theirs != nil {
					theirs.settle(t)
				}
			}
			return got
		})
		require.Empty(t, strings.Join(different, "\n"))
	})
}

func argument(d *datadriven.TestData, key string) []string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return a.Vals
		}
	}
	return nil
}

// codeOf returns the SQLSTATE of the answer's error.
func codeOf(answer string) string {
	_, rest, ok := strings.Cut(answer, "ERROR ")
	if !ok || len(rest) < 5 {
		return ""
	}
	return rest[:5]
}

// refuse puts each line to the server and expects 0A000.
func refuse(t *testing.T, d *datadriven.TestData, ours *talker) string {
	var out strings.Builder
	for line := range strings.Lines(d.Input) {
		answer := ours.do(t, "sql", strings.TrimSpace(line), nil)
		require.Equal(t, "0A000", codeOf(answer), "%s: %s%s", d.Pos, line, answer)
		out.WriteString(answer)
		ours.settle(t)
	}
	return out.String()
}

// A talker sends messages to one server and writes down what comes back.
type talker struct {
	conn    *pgx.Conn
	notices []string
}

func newTalker(t *testing.T, dsn string) *talker {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	k := &talker{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		k.notices = append(k.notices, describe((*pgconn.PgError)(n)))
	}
	k.conn, err = pgx.ConnectConfig(ctx, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = k.conn.Close(ctx) })
	return k
}

// describe writes an error or notice with all that a client shows of it.
func describe(e *pgconn.PgError) string {
	var b strings.Builder
	b.WriteString(e.Severity)
	if e.Code != "00000" {
		b.WriteString(" " + e.Code)
	}
	if e.Position != 0 {
		fmt.Fprintf(&b, " at %d", e.Position)
	}
	fmt.Fprintf(&b, ": %s\n", e.Message)
	for _, f := range [][2]string{{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where}} {
		if f[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
		}
	}
	return b.String()
}

// do sends one message and returns notices, rows, command tags and the error.
func (k *talker) do(t *testing.T, kind, input string, types []uint32) string {
	t.Helper()
	k.notices = nil
	var out strings.Builder
	var err error
	switch kind {
	case "sql":
		if sql, data, copies := strings.Cut(input, "\n--stdin"); copies {
			var tag pgconn.CommandTag
			if data = unescape(strings.TrimPrefix(data, "\n")); !strings.Contains(sql, "format binary") {
				data += "\n"
			}
			if tag, err = k.conn.PgConn().CopyFrom(ctx, strings.NewReader(data), sql); err == nil {
				fmt.Fprintf(&out, "%s\n", tag)
			}
			break
		}
		r := k.conn.PgConn().Exec(ctx, unescape(input))
		for r.NextResult() {
			writeResult(&out, r.ResultReader())
		}
		err = r.Close()
	case "params":
		sql, list, _ := strings.Cut(input, "\n--params")
		var values [][]byte
		var formats []int16
		for line := range strings.Lines(list) {
			line = strings.TrimSuffix(line, "\n")
			v, format := []byte(nil), int16(0)
			switch {
			case line == "":
				continue
			case strings.HasPrefix(line, "t:"):
				v = []byte(unescape(line[2:]))
			case strings.HasPrefix(line, "b:"):
				b, herr := hex.DecodeString(line[2:])
				require.NoError(t, herr)
				v, format = b, 1
			}
			values, formats = append(values, v), append(formats, format)
		}
		r := k.conn.PgConn().ExecParams(ctx, sql, values, types, formats, nil)
		writeResult(&out, r)
		_, err = r.Close()
	default:
		t.Fatalf("unknown command %s", kind)
	}
	if err != nil {
		e := sqlError(t, err)
		out.WriteString(describe(e))
	}
	return strings.ReplaceAll(strings.Join(k.notices, "")+out.String(), quire.bin, "BIN")
}

func writeResult(out *strings.Builder, r *pgconn.ResultReader) {
	for r.NextRow() {
		for i, v := range r.Values() {
			if i > 0 {
				out.WriteByte('|')
			}
			if v == nil {
				out.WriteString("NULL")
			}
			if len(v) > 100 {
				fmt.Fprintf(out, "%s… (%d bytes)", v[:20], len(v))
				continue
			}
			out.Write(v)
		}
		out.WriteByte('\n')
	}
	if tag, err := r.Close(); err == nil {
		fmt.Fprintf(out, "%s\n", tag)
	}
}

var notation = regexp.MustCompile(`\{(0x[0-9a-f]{2}|[^{}]+\*[0-9]+)\}`)

// unescape turns {0xff} into that byte and {word*3} into wordwordword: what a text file cannot hold, or should not.
func unescape(s string) string {
	return notation.ReplaceAllStringFunc(s, func(m string) string {
		m = m[1 : len(m)-1]
		if b, ok := strings.CutPrefix(m, "0x"); ok && len(b) == 2 {
			v, _ := hex.DecodeString(b)
			return string(v)
		}
		i := strings.LastIndexByte(m, '*')
		n, _ := strconv.Atoi(m[i+1:])
		return strings.Repeat(m[:i], n)
	})
}

// settle ends a transaction that a block left open.
func (k *talker) settle(t *testing.T) {
	t.Helper()
	if k.conn.PgConn().TxStatus() != 'I' {
		exec1(t, k.conn, "rollback")
	}
}

// clean drops what the file made.
func (k *talker) clean(t *testing.T) {
	t.Helper()
	k.settle(t)
	rows, err := k.conn.Query(ctx, "select relname::text from pg_class where relkind = 'r' and relnamespace = 2200")
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, name := range names {
		exec1(t, k.conn, "drop table "+pgx.Identifier{name}.Sanitize())
	}
}
