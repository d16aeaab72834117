package expr_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// The files in testdata/eval hold expressions and what PostgreSQL 15 makes of each: the type and value, or the error. To ask a
// server again: go test ./sql/expr -run Golden -postgres 'host=/tmp user=postgres dbname=postgres'. Its
// encoding must be UTF8, its locale C.UTF-8. Lines that start with "set " change a setting for the rest of the file.
var postgres = flag.String("postgres", "", "connection string of a PostgreSQL 15 whose answers become the golden files")

// A golden file lists questions, each followed by its answer, indented.
type golden struct {
	dir string
	// ours answers with this package, theirs asks a server.
	ours   func(env *datum.Env, question string) string
	theirs func(t *testing.T, conn *pgconn.PgConn, question string) string
}

func (g golden) run(t *testing.T) {
	files, err := filepath.Glob("testdata/" + g.dir + "/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) { g.file(t, file) })
	}
}

func (g golden) file(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	env := &datum.Env{}
	answer := func(question string) string { return g.ours(env, question) }
	if *postgres != "" {
		conn, err := pgconn.Connect(context.Background(), *postgres)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		answer = func(question string) string { return g.theirs(t, conn, question) }
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") { // an answer
			continue
		}
		out.WriteString(line + "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "--"):
			continue
		case strings.HasPrefix(line, "set "):
			applySetting(t, env, line)
			if *postgres != "" {
				answer(line)
			}
			continue
		}
		for part := range strings.Lines(answer(line)) {
			out.WriteString("  " + strings.TrimSuffix(part, "\n") + "\n")
		}
	}
	if *postgres != "" {
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
		return
	}
	require.Equal(t, string(text), out.String())
}

func TestGolden(t *testing.T) { golden{dir: "eval", ours: ours, theirs: theirs}.run(t) }

func applySetting(t *testing.T, env *datum.Env, line string) {
	name, value, _ := strings.Cut(strings.TrimPrefix(line, "set "), " to ")
	value = strings.Trim(value, "'")
	switch strings.ToLower(name) {
	case "timezone":
		loc, ok := datum.LoadZone(value)
		require.True(t, ok, line)
		env.Location = loc
	case "datestyle":
		env.DateOrder = map[string]datum.DateOrder{"ISO, MDY": datum.MDY, "ISO, DMY": datum.DMY, "ISO, YMD": datum.YMD}[value]
	case "extra_float_digits":
		_, err := fmt.Sscan(value, &env.FloatDigits)
		require.NoError(t, err)
		env.FloatDigits--
	case "bytea_output":
		env.ByteaEscape = value == "escape"
	case "intervalstyle":
		env.IntervalISO = value == "iso_8601"
	default:
		t.Fatalf("unknown setting: %s", line)
	}
}

// ours evaluates twice, as it stands and simplified: both must agree.
func ours(env *datum.Env, query string) string {
	f := newFromSQL(env)
	e, err := f.parse(query)
	if err != nil {
		return errorText(err)
	}
	ctx := expr.NewContext()
	ctx.Env, ctx.Version = env, "PostgreSQL 15"
	one := evaluate(ctx, e)
	if two := evaluate(ctx, f.Simplify(e, ctx)); one != two && expr.MaxVolatility(e) != expr.Volatile {
		return fmt.Sprintf("%s\nbut simplified\n%s", one, two)
	}
	return one
}

func evaluate(ctx *expr.EvalCtx, e expr.Expr) string {
	if call, ok := e.(*expr.Call); ok && call.Fn.Set != nil {
		return evaluateSet(ctx, call)
	}
	d, err := expr.Compile(e)(ctx, nil)
	if err != nil {
		return errorText(err)
	}
	return show(ctx.Env, e.Type(), d)
}

func evaluateSet(ctx *expr.EvalCtx, call *expr.Call) string {
	var args []datum.Datum
	for _, a := range call.Args {
		d, err := expr.Compile(a)(ctx, nil)
		if err != nil {
			return errorText(err)
		}
		args = append(args, d)
	}
	var lines []string
	next, err := expr.Rows(ctx, call.Fn, args)
	for err == nil {
		var d datum.Datum
		var ok bool
		if d, ok, err = next(); err == nil && !ok {
			if len(lines) == 0 {
				return "no rows"
			}
			return strings.Join(lines, "\n")
		}
		if err == nil {
			lines = append(lines, show(ctx.Env, call.Type(), d))
		}
	}
	return errorText(err)
}

func show(env *datum.Env, t datum.Type, d datum.Datum) string {
	name := datum.Type{OID: t.OID, Mod: -1}.String()
	if d.Null {
		return name + " NULL"
	}
	text := string(datum.MustLookup(t.OID).AppendTextIn(env, nil, d))
	return name + " " + strings.ReplaceAll(text, "\n", "\\n")
}

func errorText(err error) string {
	e := pgerr.From(err)
	return errorLines(string(e.Code), e.Message, e.Detail, e.Hint)
}

func errorLines(code, message, detail, hint string) string {
	s := "ERROR " + code + " " + message
	if detail != "" {
		s += "\nDETAIL " + detail
	}
	if hint != "" {
		s += "\nHINT " + hint
	}
	return s
}

func serverError(t *testing.T, err error) string {
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	return errorLines(e.Code, e.Message, e.Detail, e.Hint)
}

func theirs(t *testing.T, conn *pgconn.PgConn, query string) string {
	if !strings.HasPrefix(query, "set ") {
		query = "SELECT " + query
	}
	results, err := conn.Exec(context.Background(), query).ReadAll()
	if err != nil {
		return serverError(t, err)
	}
	var lines []string
	for _, r := range results {
		for _, row := range r.Rows {
			name := datum.Type{OID: datum.OID(r.FieldDescriptions[0].DataTypeOID), Mod: -1}.String()
			if row[0] == nil {
				lines = append(lines, name+" NULL")
			} else {
				lines = append(lines, name+" "+strings.ReplaceAll(string(row[0]), "\n", "\\n"))
			}
		}
	}
	if len(lines) == 0 {
		return "no rows"
	}
	return strings.Join(lines, "\n")
}
