package clienttest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

var (
	randomSeed    = flag.Uint64("seed", 0, "seed of the random queries; 0 takes one from the clock")
	randomQueries = flag.Int("queries", 300, "number of random queries")
)

const randomColumns = "id int8, i2 int2, i4 int4, i8 int8, t text, b bool, f8 float8, n numeric(12,3), d date, tz timestamptz"

// Random queries over one table, put to Quire and to a PostgreSQL 15: the same rows in the same order, or an error with the same SQLSTATE.
func TestRandomQueries(t *testing.T) {
	quire.watch(t)
	theirs := postgres.connect(t)
	if theirs == nil {
		t.Skip("LOUD: there is no PostgreSQL to compare the answers of random queries with")
	}
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d; again with: go test ./clienttest -run RandomQueries -seed %d -queries %d", seed, seed, *randomQueries)
	g := &generator{rng: rand.New(rand.NewPCG(seed, 1))}

	quire.table(t, "r", randomColumns)
	ours := quire.connect(t)
	exec1(t, theirs, "drop table if exists r; create table r ("+randomColumns+")")
	t.Cleanup(func() {
		c, err := pgx.Connect(ctx, postgres.dsn())
		require.NoError(t, err)
		defer c.Close(ctx)
		exec1(t, c, "drop table r")
	})
	for _, sql := range append(g.rows(200), "set timezone = 'UTC'", "set extra_float_digits = 1") {
		exec1(t, ours, sql)
		exec1(t, theirs, sql)
	}
	var different []string
	failed, early := 0, 0
	for i := range *randomQueries {
		sql := g.query()
		got, want := answer(t, ours, sql), answer(t, theirs, sql)
		if strings.HasPrefix(want, "ERROR") {
			failed++
		}
		switch {
		case got == want:
		case dataException(got) || dataException(want): // which of several parts is evaluated first, or at all, is nobody's promise
			early++
		default:
			a, b := firstDifference(got, want)
			different = append(different, fmt.Sprintf("query %d: %s\n  Quire:      %s\n  PostgreSQL: %s", i, sql, a, b))
		}
	}
	t.Logf("%d queries, %d of them errors; %d where one side found the error and the other another or none", *randomQueries, failed, early)
	require.Less(t, early, *randomQueries/10+1)
	require.Less(t, failed, *randomQueries/2+1, "the generator makes too little sense")
	require.Empty(t, strings.Join(different, "\n"))
}

// dataException reports whether an answer is an error about values, class 22.
func dataException(answer string) bool { return strings.HasPrefix(answer, "ERROR 22") }

// firstDifference returns the first lines that differ.
func firstDifference(a, b string) (string, string) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i], y[i]
		}
	}
	return fmt.Sprintf("%d lines", len(x)), fmt.Sprintf("%d lines", len(y))
}

// answer is the result as text, or the SQLSTATE.
func answer(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return "ERROR " + sqlError(t, err).Code + " " + sqlError(t, err).Message
	}
	return render(results[0])
}

func render(r *pgconn.Result) string {
	var b strings.Builder
	for _, f := range r.FieldDescriptions {
		fmt.Fprintf(&b, "%s:%d ", f.Name, f.DataTypeOID)
	}
	for _, row := range r.Rows {
		b.WriteByte('\n')
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			if v == nil {
				b.WriteString("NULL")
				continue
			}
			b.Write(v)
		}
	}
	return b.String()
}
