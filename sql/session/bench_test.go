package session_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
)

// sinkMethod is an access method that takes rows and forgets them, so that a benchmark sees the host's side alone.
type sinkMethod struct{ *fakeMethod }

func (sinkMethod) Insert(context.Context, am.Index, uint64, []am.Row) ([]am.Conflict, error) {
	return nil, nil
}

// lines is COPY input of n rows with seven integers.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%d\t%d\t%d\t%d\t%d\t%d\t%d\n", i, i*7919%1000000, i*104729%1000000, i*31%1000, i%17, i*13%100000, i*611953%1000000)
	}
	return b.Bytes()
}

const sevenColumns = "(id int not null, a int, b int, c int, d int, e int, f int)"

func BenchmarkCopyFrom(b *testing.B) {
	const rows = 100_000
	data := lines(rows)
	for _, indexed := range []bool{false, true} {
		b.Run(fmt.Sprintf("indexed=%v", indexed), func(b *testing.B) {
			r := newRig(b)
			s := r.session()
			must(b, s, "create table t "+sevenColumns)
			if indexed {
				must(b, s, "create extension bloom; create index on t using bloom (a, b, c, d, e, f)")
				r.sink()
			}
			for b.Loop() {
				require.NoError(b, s.Query(background, "copy t from stdin", &capture{s: s, copyIn: bytes.NewReader(data)}))
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkPreparedInsert(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table t "+sevenColumns+"; set synchronous_commit = off")
	require.NoError(b, s.Parse(background, "ins", "insert into t values ($1, $2, $3, $4, $5, $6, $7)", nil))
	params := values("1", "2", "3", "4", "5", "6", "7")
	out := &capture{s: s, quiet: true}
	for b.Loop() {
		require.NoError(b, s.Bind(background, "", "ins", nil, params, nil))
		require.NoError(b, s.Execute(background, "", 0, out))
		require.NoError(b, s.Sync(background))
		out.b.Reset()
	}
}

func BenchmarkPreparedPointQuery(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table t (id int, a int); insert into t select i, i from generate_series(1, 100) i")
	require.NoError(b, s.Parse(background, "q", "select a from t where id = $1", nil))
	params := values("7")
	out := &capture{s: s, quiet: true}
	for b.Loop() {
		require.NoError(b, s.Bind(background, "", "q", nil, params, nil))
		require.NoError(b, s.Execute(background, "", 0, out))
		require.NoError(b, s.Sync(background))
		out.b.Reset()
	}
}

func BenchmarkScan(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table t "+sevenColumns)
	require.NoError(b, s.Query(background, "copy t from stdin", &capture{s: s, copyIn: bytes.NewReader(lines(100_000))}))
	for _, q := range []string{
		"select count(*) from t", "select count(*) from t where a = 7", "select sum(a), avg(b) from t", "select c, count(*) from t group by c",
		"select * from t order by b limit 10",
	} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, s.Query(background, q, &capture{s: s, quiet: true}))
			}
			b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table t "+sevenColumns)
	require.NoError(b, s.Query(background, "copy t from stdin", &capture{s: s, copyIn: bytes.NewReader(lines(10_000))}))
	b.ResetTimer()
	for range b.N {
		must(b, s, "update t set a = a + 1")
		b.StopTimer()
		must(b, s, "vacuum t")
		b.StartTimer()
	}
	b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A simple query with a literal of its own each time: nothing is cached.
func BenchmarkSimpleQuery(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table t (id int, a int, b text); insert into t select i, i, 'x' from generate_series(1, 50) i")
	out := &capture{s: s, quiet: true}
	i := 0
	for b.Loop() {
		i++
		require.NoError(b, s.Query(background, fmt.Sprintf("select * from t where id = %d", i), out))
		out.b.Reset()
	}
}
