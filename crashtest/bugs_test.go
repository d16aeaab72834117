package crashtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// fresh opens a node on a new directory, with the access method known.
func fresh(t *testing.T, n int) *node {
	fs, err := newDirectory()
	require.NoError(t, err)
	x, err := openNode(fs, options(), n)
	require.NoError(t, err)
	require.NoError(t, x.do(0, "CREATE EXTENSION bloom"))
	return x
}

// Maintenance that finds nothing new writes nothing, and so commits no transaction; it used to commit transaction number 0, which works
// once.
func TestMaintenanceWithoutNewsWritesNothing(t *testing.T) {
	x := fresh(t, 1)
	for _, sql := range []string{
		"CREATE TABLE t (id int, k int, tag text, pad text)", "INSERT INTO t VALUES (1, 1, 'a', 'b')",
		"CREATE INDEX t_i ON t USING bloom (k)", "VACUUM t", "ANALYZE t",
	} {
		require.NoError(t, x.do(0, sql))
	}
	before := x.engine.WAL.InsertLSN()
	for range 3 {
		require.NoError(t, x.do(0, "VACUUM t"))
		require.NoError(t, x.do(0, "ANALYZE t"))
	}
	require.Equal(t, before, x.engine.WAL.InsertLSN())
	require.NoError(t, x.shutdown())
}
