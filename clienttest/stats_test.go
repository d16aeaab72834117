package clienttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// The counters of pg_stat_user_tables and pg_stat_user_indexes are PostgreSQL's after the same statements.
//
//	run           statements, one message each, in the session that the test keeps; it prints the SQLSTATEs of those that fail
//	copy TABLE    COPY FROM STDIN of the lines
//	stats TABLE   what is counted of the table and its indexes; the same from PostgreSQL, where it is installed
func TestStatistics(t *testing.T) {
	quire.watch(t)
	datadriven.Walk(t, "testdata/stats", func(t *testing.T, path string) {
		ours, theirs := newCounted(quire.connect(t)), newCounted(postgres.connect(t))
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			have := ours.command(t, d)
			if theirs != nil {
				require.Equal(t, theirs.command(t, d), have, "%s: PostgreSQL's answer, and ours", d.Pos)
			}
			return have
		})
	})
}

// counted is a session whose work is counted.
type counted struct{ conn *pgx.Conn }

func newCounted(conn *pgx.Conn) *counted {
	if conn == nil {
		return nil
	}
	return &counted{conn}
}

func (c *counted) command(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "run":
		return c.run(t, d.Input)
	case "copy":
		tag, err := c.conn.PgConn().CopyFrom(context.Background(), strings.NewReader(d.Input+"\n"), "copy "+d.CmdArgs[0].Key+" from stdin")
		require.NoError(t, err)
		c.share()
		return tag.String()
	case "stats":
		return c.stats(t, d.CmdArgs[0].Key)
	}
	d.Fatalf(t, "no command %s", d.Cmd)
	return ""
}

// run executes the statements, each by itself.
func (c *counted) run(t *testing.T, input string) string {
	var out []string
	for line := range strings.Lines(input) {
		_, err := c.conn.PgConn().Exec(context.Background(), line).ReadAll()
		c.share()
		var refused *pgconn.PgError
		if errors.As(err, &refused) {
			out = append(out, fmt.Sprintf("%s: %s", strings.TrimSpace(line), refused.Code))
			continue
		}
		require.NoError(t, err, "%s", line)
	}
	return strings.Join(out, "\n")
}

// share has PostgreSQL share what it has counted, which it does once a second otherwise. In a failed block it is refused, and comes later.
func (c *counted) share() {
	_, _ = c.conn.PgConn().Exec(context.Background(), "select pg_stat_force_next_flush()").ReadAll()
}

// stats prints the counters.
func (c *counted) stats(t *testing.T, table string) string {
	out := c.lines(t, `select relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd,
		n_live_tup, n_dead_tup, n_mod_since_analyze, n_ins_since_vacuum, vacuum_count, autovacuum_count, analyze_count, autoanalyze_count,
		last_vacuum is not null as vacuumed, last_analyze is not null as analyzed, last_autovacuum is not null as autovacuumed
		from pg_stat_user_tables where relname = $1`, table)
	return out + c.lines(t, `select indexrelname, idx_scan, idx_tup_read, idx_tup_fetch from pg_stat_user_indexes where relname = $1 order by indexrelname`, table)
}

// lines prints rows: the first column, and those of the others that are not zero, false or null.
func (c *counted) lines(t *testing.T, query, arg string) string {
	rows, err := c.conn.Query(context.Background(), query, arg)
	require.NoError(t, err)
	var b strings.Builder
	for rows.Next() {
		values, err := rows.Values()
		require.NoError(t, err)
		for i, f := range rows.FieldDescriptions() {
			switch v := values[i].(type) {
			case nil:
				fmt.Fprintf(&b, " %s=null", f.Name)
			case int64:
				if v != 0 {
					fmt.Fprintf(&b, " %s=%d", f.Name, v)
				}
			case bool:
				if v {
					fmt.Fprintf(&b, " %s", f.Name)
				}
			default:
				fmt.Fprintf(&b, "%v:", v)
			}
		}
		b.WriteString("\n")
	}
	require.NoError(t, rows.Err())
	return b.String()
}
