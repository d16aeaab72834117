package clienttest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// own starts a host for one test, which may kill it. The test's end shuts it down and verifies its directory.
func own(t *testing.T, args ...string) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "qown") // a short path: it holds a unix socket
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h, err := newHost(quire.bin, dir, quire.user)
	require.NoError(t, err)
	h.args = append(h.args, args...)
	require.NoError(t, h.start())
	t.Cleanup(func() { require.NoError(t, h.stop()) })
	return h
}

// kill ends the host as a power failure would, as far as a process can tell.
func (h *host) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, h.cmd.Process.Kill())
	<-h.ended
}

// replica starts a standby of the host. It has no plugins.
func (h *host) replica(t *testing.T) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "qrepl")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &host{bin: h.bin, dir: dir, data: filepath.Join(dir, "data"), user: h.user}
	r.args = []string{"standby", "--primary", fmt.Sprintf("host=%s port=%d user=%s", h.dir, h.port, h.user)}
	require.NoError(t, r.start())
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	return r
}

// caughtUp waits until a replica has replayed all that the primary has logged.
func caughtUp(t *testing.T, primary, replica *pgx.Conn) {
	t.Helper()
	var want string
	require.NoError(t, primary.QueryRow(ctx, "select pg_current_wal_insert_lsn()::text").Scan(&want))
	deadline := time.Now().Add(patience)
	for {
		var there bool
		require.NoError(t, replica.QueryRow(ctx, "select pg_last_wal_replay_lsn() >= $1::pg_lsn", want).Scan(&there))
		if there {
			return
		}
		require.True(t, time.Now().Before(deadline), "the replica does not reach %s", want)
		time.Sleep(10 * time.Millisecond)
	}
}
