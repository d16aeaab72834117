package crashtest

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// Every record in which a vacuum takes entries out of an index carries the commit that removed the rows, for readers on a standby;
// records of inserts carry nothing.
func TestIndexVacuumCarriesItsHorizon(t *testing.T) {
	x := fresh(t, 1)
	for _, sql := range []string{
		"CREATE TABLE t (id int, k int, tag text, pad text)", "CREATE INDEX t_i ON t USING bloom (k, tag) WITH (length = 4096)",
		"INSERT INTO t SELECT i, i, 'red', '' FROM generate_series(1, 100) i",
	} {
		require.NoError(t, x.do(0, sql))
	}
	cat, err := x.catalogNow()
	require.NoError(t, err)
	index := cat.Index("t_i").Rel

	before := x.engine.WAL.InsertLSN()
	require.NoError(t, x.do(0, "INSERT INTO t VALUES (0, 0, 'green', '')"))
	for _, body := range x.indexRecords(t, index, before) {
		for _, b := range body.Blocks {
			require.Zero(t, b.ConflictHorizon, body.Annotation)
		}
	}
	removal := x.engine.WAL.InsertLSN()
	require.NoError(t, x.do(0, "DELETE FROM t WHERE k % 3 = 0"))
	removed := x.engine.WAL.InsertLSN()
	require.NoError(t, x.do(0, "VACUUM t"))
	deletions := 0
	for _, body := range x.indexRecords(t, index, removed) {
		for _, b := range body.Blocks {
			deletions++
			require.Greater(t, b.ConflictHorizon, removal, body.Annotation)
			require.Less(t, b.ConflictHorizon, removed, body.Annotation)
		}
	}
	require.Greater(t, deletions, 1)
	require.NoError(t, x.shutdown())
}

// indexRecords returns the bodies of a relation's records from an LSN on.
func (x *node) indexRecords(t *testing.T, rel page.RelFileNumber, from page.LSN) (bodies []genericxlog.Body) {
	require.NoError(t, x.engine.WAL.Step(ctx))
	r := x.engine.Reader(from)
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return bodies
		}
		require.NoError(t, err)
		body, err := genericxlog.DecodeBody(append([]byte(nil), rec.Body...), rec.LSN)
		require.NoError(t, err)
		if body.Rel.Rel == rel && len(body.Blocks) > 0 {
			bodies = append(bodies, body)
		}
	}
}
