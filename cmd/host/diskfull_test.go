package main_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// smallDisk mounts a file system of so many bytes for one test.
func (s *site) smallDisk(bytes int) string {
	s.t.Helper()
	if os.Geteuid() != 0 {
		s.t.Skip("LOUD: only root may mount a file system: a full disk was not tested with a real process")
	}
	dir := s.path("disk")
	require.NoError(s.t, os.Mkdir(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		s.t.Skipf("LOUD: mount a tmpfs: %v: a full disk was not tested with a real process", err)
	}
	s.t.Cleanup(func() { require.NoError(s.t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// A full disk costs the statements that need space. Reads go on, the host stays up, and with space again so do writes.
func TestDiskFull(t *testing.T) {
	s := newSite(t)
	disk := s.smallDisk(160 << 20)
	n := s.serving("disk/d", "-c", "max_wal_size=64MB", "-c", "wal_keep_size=0")
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, a text)", "insert into t select i, repeat('x', 400) from generate_series(1, 1000) i")

	// Something else fills the disk.
	ballast := disk + "/ballast"
	f, err := os.Create(ballast)
	require.NoError(t, err)
	fill := func() {
		chunk := make([]byte, 64<<10)
		for len(chunk) > 0 {
			if _, err := f.Write(chunk); err != nil {
				require.ErrorIs(t, err, syscall.ENOSPC)
				chunk = chunk[:len(chunk)/2]
			}
		}
	}
	fill()
	committed := 1000
	var pe *pgconn.PgError
	eventually(t, "a statement is refused for want of space", func() bool {
		fill()
		_, err := conn.PgConn().Exec(t.Context(), fmt.Sprintf("insert into t select i, repeat('y', 400) from generate_series(%d, %d) i", committed+1, committed+1000)).ReadAll()
		if err == nil {
			committed += 1000
			return false
		}
		require.True(t, errors.As(err, &pe), "%v; %s", err, n.log())
		return true
	})
	t.Logf("after %d rows: %s %s; %s %s", committed, pe.Code, pe.Message, pe.Detail, pe.Hint)
	require.Equal(t, "53100", pe.Code, "%s", pe.Message)
	require.Contains(t, pe.Message, n.dir, "the message names the place")
	require.False(t, n.ended())
	for range 3 {
		require.Equal(t, fmt.Sprint(committed), query(t, conn, "select count(*) from t"))
		require.Equal(t, "53100", refused(t, conn, "insert into t select i, repeat('y', 400) from generate_series(1, 1000) i").Code)
	}
	require.Equal(t, fmt.Sprint(committed), query(t, n.connect(), "select count(*) from t"), "a new session")

	require.NoError(t, f.Close())
	require.NoError(t, os.Remove(ballast))
	exec1(t, conn, "insert into t select i, 'z' from generate_series(1, 10) i", "checkpoint")
	require.Equal(t, fmt.Sprint(committed+10), query(t, conn, "select count(*) from t"))
	n.stop()
	n.start()
	require.Equal(t, fmt.Sprint(committed+10), query(t, n.connect(), "select count(*) from t"))
	n.stop()
	requireSound(t, n.dir)
}

// A disk that fills while the host is killed and started again: recovery needs no more than is there, or says so.
func TestDiskFullAtStart(t *testing.T) {
	s := newSite(t)
	disk := s.smallDisk(160 << 20)
	n := s.serving("disk/d", "-c", "max_wal_size=64MB", "-c", "wal_keep_size=0")
	exec1(t, n.connect(), "create table t (id int8)", "insert into t select i from generate_series(1, 5000) i")
	n.kill()
	f, err := os.Create(disk + "/ballast")
	require.NoError(t, err)
	defer f.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := f.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	n.launch()
	up := false
	eventually(t, "it answers or ends", func() bool {
		up = strings.Contains(n.log(), "ready for connections")
		return up || n.ended()
	})
	if up {
		require.Equal(t, "5000", query(t, n.connect(), "select count(*) from t"))
		n.kill()
	} else {
		t.Logf("%s", n.log())
		require.Contains(t, n.log(), "no space left on device")
		require.Equal(t, 1, n.wait())
	}
	require.NoError(t, os.Remove(disk+"/ballast"))
	require.NoError(t, f.Truncate(0))
	n.start()
	require.Equal(t, "5000", query(t, n.connect(), "select count(*) from t"))
	n.stop()
	requireSound(t, n.dir)
}

// The log may be what does not find room. Then too the statement fails before it has changed anything.
func TestLogFull(t *testing.T) {
	s := newSite(t)
	disk := s.smallDisk(160 << 20)
	n := s.serving("disk/d", "-c", "max_wal_size=1GB", "-c", "wal_keep_size=0")
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, n int8, a text)", "insert into t select i, 0, repeat('x', 900) from generate_series(1, 2000) i")
	churn := func() error {
		_, err := conn.PgConn().Exec(t.Context(), "update t set n = n + 1").ReadAll()
		if err == nil {
			_, err = conn.PgConn().Exec(t.Context(), "vacuum t").ReadAll()
		}
		return err
	}
	for range 3 {
		require.NoError(t, churn()) // the table has all the room it needs from now on
	}
	f, err := os.Create(disk + "/ballast")
	require.NoError(t, err)
	defer f.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := f.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	var pe *pgconn.PgError
	for range 100 {
		if err := churn(); err != nil {
			require.True(t, errors.As(err, &pe), "%v; %s", err, n.log())
			break
		}
	}
	require.NotNil(t, pe, "a hundred times the table's size went into a full disk")
	t.Logf("%s %s; %s", pe.Code, pe.Message, pe.Hint)
	require.Equal(t, "53100", pe.Code)
	require.Contains(t, pe.Message, "pg_wal")
	require.Equal(t, "2000 t", query(t, conn, "select count(*), min(n) = max(n) from t"))
	require.NoError(t, f.Truncate(0))
	for range 2 {
		require.NoError(t, churn())
	}
	require.Equal(t, "2000 t", query(t, conn, "select count(*), min(n) = max(n) from t"))
	n.kill()
	n.start()
	require.Equal(t, "2000 t", query(t, n.connect(), "select count(*), min(n) = max(n) from t"))
	n.stop()
	requireSound(t, n.dir)
}
