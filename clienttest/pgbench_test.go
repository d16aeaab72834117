package clienttest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// benchScript updates an account, writes history and looks an account up through the bloom index. Keys above the table's miss.
const benchScript = `\set aid random(1, 2000)
\set tag random(1, 300)
\set delta random(-500, 500)
BEGIN;
UPDATE bench_accounts SET balance = balance + :delta WHERE aid = :aid;
SELECT balance FROM bench_accounts WHERE tag = :tag AND aid = :aid;
INSERT INTO bench_history (aid, delta, at) VALUES (:aid, :delta, CURRENT_TIMESTAMP);
INSERT INTO bench_accounts (aid, tag, balance) VALUES (:aid + 10000, :tag, 0);
END;
`

// readScript finds rows by both columns of the index.
const readScript = `\set tag random(1, 300)
SELECT count(*), sum(balance) FROM bench_accounts WHERE tag = :tag;
`

var processed = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
var failedTx = regexp.MustCompile(`number of failed transactions: (\d+)`)

// Eight clients write through a bloom index; afterwards the rows are those of the transactions that pgbench counted, and the index
// finds what a sequential scan finds.
func TestPgbench(t *testing.T) {
	client(t, "pgbench")
	for _, mode := range []string{"simple", "extended", "prepared"} {
		t.Run(mode, func(t *testing.T) {
			quire.watch(t)
			quire.table(t, "bench_accounts", "aid int, tag int, balance int")
			quire.table(t, "bench_history", "aid int, delta int, at timestamptz")
			conn := quire.connect(t)
			exec1(t, conn, `create access method bloom type index handler bloom`)
			t.Cleanup(func() {
				c, err := pgx.Connect(ctx, quire.dsn())
				require.NoError(t, err)
				defer c.Close(ctx)
				exec1(t, c, "drop table bench_accounts; drop access method bloom")
			})
			exec1(t, conn, `insert into bench_accounts select g, g % 300 + 1, 0 from generate_series(1, 2000) g;
				create index bench_idx on bench_accounts using bloom (tag, aid) with (length = 40);
				analyze bench_accounts`)

			done := pgbench(t, mode, benchScript, 50)
			require.Equal(t, 8*50, done)
			require.Equal(t, 8*50, pgbench(t, mode, readScript, 50))

			var accounts, history, balance, deltas int
			require.NoError(t, conn.QueryRow(ctx, "select count(*), sum(balance) from bench_accounts").Scan(&accounts, &balance))
			require.NoError(t, conn.QueryRow(ctx, "select count(*), sum(delta) from bench_history").Scan(&history, &deltas))
			require.Equal(t, 2000+done, accounts)
			require.Equal(t, done, history)
			require.Equal(t, deltas, balance)
			sameByIndexAndScan(t, conn)
			exec1(t, conn, "delete from bench_accounts where aid % 3 = 0")
			exec1(t, conn, "vacuum bench_accounts")
			sameByIndexAndScan(t, conn)
		})
	}
}

// sameByIndexAndScan compares answers for every tag with the index and without.
func sameByIndexAndScan(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	answers := func(index bool) (out []string) {
		exec1(t, conn, fmt.Sprintf("set enable_seqscan = %t; set enable_bitmapscan = %t; set enable_indexscan = %t", !index, index, index))
		for tag := range 301 {
			sql := fmt.Sprintf("select aid, balance from bench_accounts where tag = %d order by 1, 2", tag)
			if tag == 7 {
				plan, err := conn.PgConn().Exec(ctx, "explain (costs off) "+sql).ReadAll()
				require.NoError(t, err)
				text := ""
				for _, r := range plan[0].Rows {
					text += string(r[0]) + "\n"
				}
				if index {
					require.Contains(t, text, "Bitmap Index Scan on bench_idx")
				} else {
					require.Contains(t, text, "Seq Scan on bench_accounts")
				}
			}
			res, err := conn.PgConn().Exec(ctx, sql).ReadAll()
			require.NoError(t, err)
			out = append(out, fmt.Sprintf("%d %s", tag, res[0].Rows))
		}
		return out
	}
	require.Equal(t, answers(false), answers(true))
}

// pgbench runs a script with eight clients and returns how many transactions it counted; none may fail.
func pgbench(t *testing.T, mode, script string, transactions int) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.sql")
	require.NoError(t, os.WriteFile(file, []byte(script), 0o600))
	// -n: without it pgbench vacuums its own four tables, which are not here.
	out, errs, code := quire.run(t, "", "pgbench", "-n", "-M", mode, "-c", "8", "-j", "2", "-t", strconv.Itoa(transactions), "-f", file)
	require.Zero(t, code, "%s", errs)
	require.NotContains(t, errs, "ERROR")
	m := failedTx.FindStringSubmatch(out)
	require.NotNil(t, m, "%s", out)
	require.Equal(t, "0", m[1])
	n, err := strconv.Atoi(processed.FindStringSubmatch(out)[1])
	require.NoError(t, err)
	return n
}

// Without -n pgbench first vacuums and truncates its tables; a transaction that fails with 40001 or 40P01 is tried again.
func TestPgbenchVacuumsAndRetries(t *testing.T) {
	client(t, "pgbench")
	quire.watch(t)
	quire.table(t, "pgbench_branches", "bid int, bbalance int")
	quire.table(t, "pgbench_tellers", "tid int, bid int, tbalance int")
	quire.table(t, "pgbench_accounts", "aid int, bid int, abalance int")
	quire.table(t, "pgbench_history", "tid int, bid int, aid int, delta int, mtime timestamp")
	conn := quire.connect(t)
	exec1(t, conn, "insert into pgbench_branches values (1, 0); insert into pgbench_history values (1, 1, 1, 1, now())")
	file := filepath.Join(t.TempDir(), "script.sql")
	require.NoError(t, os.WriteFile(file, []byte("begin isolation level repeatable read;\nselect bbalance from pgbench_branches;\n"+
		"update pgbench_branches set bbalance = bbalance + 1 where bid = 1;\ncommit;\n"), 0o600))
	out, errs, code := quire.run(t, "", "pgbench", "-M", "prepared", "-c", "8", "-j", "2", "-t", "25", "--max-tries=1000", "-f", file)
	require.Zero(t, code, "%s", errs)
	require.Contains(t, out, "number of transactions actually processed: 200/200")
	require.Contains(t, errs, "starting vacuum...end.")
	var balance, history int
	require.NoError(t, conn.QueryRow(ctx, "select bbalance from pgbench_branches").Scan(&balance))
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgbench_history").Scan(&history))
	require.Equal(t, []int{200, 0}, []int{balance, history})
}
