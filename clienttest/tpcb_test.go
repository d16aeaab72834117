package clienttest

import (
	"bytes"
	"errors"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// tpcbScale is pgbench's scale: a hundred thousand accounts, ten tellers and a branch for each unit of it.
const tpcbScale = 10

// pgbench makes its tables as it does everywhere and runs TPC-B in all three modes. The host is killed in the middle of one more run,
// started again, and carries on. What pgbench counted is there, the sums agree, on a replica without plugins too, and every
// index is whole.
func TestPgbenchTPCB(t *testing.T) {
	client(t, "pgbench")
	h := own(t)
	initialize(t, h, "dtgvp", tpcbScale)
	replica := h.replica(t)
	conn := h.connect(t)

	counted := 0
	for _, mode := range []string{"simple", "extended", "prepared"} {
		out, code := h.tpcb(t, "-M", mode, "-t", "50").wait(t)
		require.Zero(t, code, "%s", out)
		require.Equal(t, 8*50, count(t, out), mode)
		counted += 8 * 50
		require.Equal(t, counted, agree(t, conn), mode)
	}
	out, code := h.tpcb(t, "-M", "prepared", "-S", "-t", "100").wait(t)
	require.Zero(t, code, "%s", out)
	require.Equal(t, 8*100, count(t, out))

	run := h.tpcb(t, "-M", "prepared", "-t", "1000000")
	for rows := 0; rows < counted+400; {
		require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgbench_history").Scan(&rows))
		require.NoError(t, run.running())
	}
	h.kill(t)
	out, code = run.wait(t)
	require.Equal(t, 2, code, "%s", out)
	counted += count(t, out)
	require.NoError(t, h.start())

	conn = h.connect(t)
	there := agree(t, conn)
	require.GreaterOrEqual(t, there, counted, "transactions that were committed are gone")
	require.LessOrEqual(t, there, counted+8, "each client had one transaction in doubt, no more")
	out, code = h.tpcb(t, "-M", "prepared", "-t", "50").wait(t)
	require.Zero(t, code, "%s", out)
	require.Equal(t, there+8*50, agree(t, conn))
	whole(t, conn, 3)

	follower := replica.connect(t)
	caughtUp(t, conn, follower)
	require.Equal(t, there+8*50, agree(t, follower))
}

// initialize makes pgbench's tables by the steps given and looks at them.
func initialize(t *testing.T, h *host, steps string, scale int) {
	t.Helper()
	_, errs, code := h.run(t, "", "pgbench", "-i", "-I", steps, "-s", strconv.Itoa(scale))
	require.Zero(t, code, "%s", errs)
	require.NotContains(t, errs, "ERROR")
	require.NotContains(t, errs, "WARNING")
	conn := h.connect(t)
	for table, rows := range map[string]int{"branches": 1, "tellers": 10, "accounts": 100000, "history": 0} {
		var n int
		require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgbench_"+table).Scan(&n))
		require.Equal(t, scale*rows, n, table)
	}
	whole(t, conn, 3)
}

// whole checks every index that there is; there must be as many as the caller knows of.
func whole(t *testing.T, conn *pgx.Conn, indexes int) {
	t.Helper()
	// A check that finds something is an error.
	rows, err := conn.Query(ctx, "select relname::text, quire_check(oid::regclass) from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace")
	require.NoError(t, err)
	n := 0
	var name, problems string
	_, err = pgx.ForEachRow(rows, []any{&name, &problems}, func() error {
		n++
		require.Empty(t, problems, name)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, indexes, n)
}

// agree compares the sums over pgbench's tables with one another, in one snapshot, and returns the rows of its history.
func agree(t *testing.T, conn *pgx.Conn) int {
	t.Helper()
	var accounts, tellers, branches, deltas, rows int
	require.NoError(t, conn.QueryRow(ctx, `select (select sum(abalance) from pgbench_accounts), (select sum(tbalance) from pgbench_tellers),
		(select sum(bbalance) from pgbench_branches), coalesce(sum(delta), 0), count(*) from pgbench_history`).Scan(&accounts, &tellers, &branches, &deltas, &rows))
	require.Equal(t, []int{deltas, deltas, deltas}, []int{accounts, tellers, branches}, "accounts, tellers, branches")
	return rows
}

// A benchRun is a pgbench of eight clients at work.
type benchRun struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan struct{}
}

func (h *host) tpcb(t *testing.T, args ...string) *benchRun {
	t.Helper()
	r := &benchRun{ended: make(chan struct{})}
	r.cmd = exec.Command(client(t, "pgbench"), append([]string{"-n", "-c", "8", "-j", "2"}, args...)...)
	r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = h.env(), &r.out, &r.out
	require.NoError(t, r.cmd.Start())
	go func() { _ = r.cmd.Wait(); close(r.ended) }()
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); <-r.ended })
	return r
}

func (r *benchRun) running() error {
	select {
	case <-r.ended:
		return errors.New("pgbench has ended: " + r.out.String())
	default:
		return nil
	}
}

// wait returns what pgbench printed and its exit code.
func (r *benchRun) wait(t *testing.T) (string, int) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(2 * patience):
		t.Fatal("pgbench does not end")
	}
	return r.out.String(), r.cmd.ProcessState.ExitCode()
}

// count returns how many transactions pgbench says were committed.
func count(t *testing.T, out string) int {
	t.Helper()
	m := processed.FindStringSubmatch(out)
	require.NotNil(t, m, "%s", out)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}
