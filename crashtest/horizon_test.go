package crashtest

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// Before a vacuum takes the first entry out of an index, the log has a record that names the newest commit which removed one of the rows,
// so that a standby settles with older readers first. The index's own records say nothing of snapshots.
func TestIndexVacuumFollowsItsHorizon(t *testing.T) {
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
	removal := x.engine.WAL.InsertLSN()
	require.NoError(t, x.do(0, "DELETE FROM t WHERE k % 3 = 0"))
	removed := x.engine.WAL.InsertLSN()
	require.NoError(t, x.do(0, "VACUUM t"))
	var announced page.LSN
	deletions := 0
	for _, body := range x.recordsFrom(t, removed) {
		for _, b := range body.Blocks {
			if body.Rel.Rel != index {
				announced = max(announced, b.ConflictHorizon)
				continue
			}
			deletions++
			require.Greater(t, announced, removal, body.Annotation)
			require.Less(t, announced, removed, body.Annotation)
		}
	}
	require.Greater(t, deletions, 1)
	require.NoError(t, x.shutdown())
}

// recordsFrom returns the bodies of the records that change pages, from an LSN on.
func (x *node) recordsFrom(t *testing.T, from page.LSN) (bodies []genericxlog.Body) {
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
		if len(body.Blocks) > 0 {
			bodies = append(bodies, body)
		}
	}
}
