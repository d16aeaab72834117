package clienttest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// A client that vanishes in the middle of a transaction leaves nothing: its rows are gone and its locks are free.
func TestClientVanishesInTransaction(t *testing.T) {
	quire.watch(t)
	quire.table(t, "vanish", "a int")
	watcher := quire.connect(t)
	for _, last := range []string{
		"select 1",
		"insert into vanish values (2)",
		"truncate vanish",
		"savepoint s",
		"select 1/0",
		"declare c cursor for select * from vanish",
	} {
		conn, err := pgx.Connect(ctx, quire.dsn())
		require.NoError(t, err)
		exec1(t, conn, "begin")
		exec1(t, conn, "insert into vanish values (1)")
		exec1(t, conn, "update vanish set a = 3")
		_, _ = conn.PgConn().Exec(ctx, last).ReadAll()
		require.NoError(t, conn.PgConn().Conn().Close()) // no Terminate: the socket goes
		// TRUNCATE waits for whoever still holds a lock on the table.
		limited, cancel := context.WithTimeout(ctx, patience)
		_, err = watcher.PgConn().Exec(limited, "truncate vanish").ReadAll()
		cancel()
		require.NoError(t, err, "after %s", last)
		var n int
		require.NoError(t, watcher.QueryRow(ctx, "select count(*) from vanish").Scan(&n))
		require.Zero(t, n, "after %s", last)
	}
}

// A cancel request ends a COPY in either direction, and the session goes on.
func TestCancelDuringCopy(t *testing.T) {
	quire.watch(t)
	quire.table(t, "cancelled", "a int, b text")
	conn := quire.connect(t)

	// FROM: the client has sent rows and sends no more; nothing of it stays.
	rows, feed := io.Pipe()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := conn.PgConn().CopyFrom(limited, rows, "copy cancelled from stdin")
		done <- err
	}()
	for range 5000 {
		_, err := feed.Write([]byte("1\tone\n"))
		require.NoError(t, err)
	}
	watcher := quire.connect(t)
	until := func(want int) {
		for n := -1; n != want; {
			require.NoError(t, watcher.QueryRow(limited,
				"select count(*) from pg_stat_activity where query like 'copy cancelled%' and state = 'active'").Scan(&n))
		}
	}
	until(1)
	require.NoError(t, conn.PgConn().CancelRequest(limited))
	until(0) // the server does not wait for the client
	_ = feed.Close()
	var pe *pgconn.PgError
	err := <-done
	require.True(t, errors.As(err, &pe), "%v", err)
	require.Equal(t, "57014", pe.Code)
	var n int
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from cancelled").Scan(&n))
	require.Zero(t, n)

	// TO: the client has read some.
	out := writer(func() { _ = conn.PgConn().CancelRequest(limited) })
	_, err = conn.PgConn().CopyTo(limited, out, "copy (select g, repeat('x', 100) from generate_series(1, 100000000) g) to stdout")
	require.True(t, errors.As(err, &pe), "%v", err)
	require.Equal(t, "57014", pe.Code)
	exec1(t, conn, "insert into cancelled values (1, 'still here')")
}

// writer calls f when the first bytes come.
type writerFunc struct{ f func() }

func writer(f func()) io.Writer { return &writerFunc{f} }

func (w *writerFunc) Write(p []byte) (int, error) {
	if w.f != nil {
		w.f()
		w.f = nil
	}
	return len(p), nil
}
