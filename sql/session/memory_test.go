package session_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The answers of sorts and groupings do not depend on work_mem, and nothing stays on disk.
func TestSpilledAnswersAreTheSame(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, "create table t (a int, b text, c float8)")
	must(t, s, "insert into t select i * 7919 % 20011, case when i % 10 > 0 then md5(i::text) end, i / 7.0 from generate_series(1, 20000) i")
	queries := []string{
		"select * from t order by b desc, a",
		"select * from t order by b nulls first, c desc limit 15 offset 100",
		"select b, count(*), sum(a), avg(c), min(b), string_agg(a::text, ',' order by a) from t group by b order by b",
		"select a % 5000, count(distinct b) from t group by 1 order by 1",
		"select distinct b from t order by b",
		"select count(*) from (select a, b from t group by a, b) x",
		"select max(c) from t group by a having count(*) > 1 order by 1",
	}
	for _, q := range queries {
		must(t, s, "set work_mem = '1GB'")
		want := must(t, s, q)
		must(t, s, "set work_mem = '64kB'")
		require.Equal(t, want, must(t, s, q), q)
		must(t, s, "set enable_hashagg = off")
		require.Equal(t, want, must(t, s, q), "sorted: %s", q)
		must(t, s, "reset enable_hashagg")
	}
	plan := must(t, s, "explain (analyze, costs off, timing off) select * from t order by b")
	require.Regexp(t, regexp.MustCompile(`Sort Method: external merge  Disk: \d+kB`), plan)
	plan = must(t, s, "set enable_sort = off; explain (analyze, costs off, timing off) select b, count(*) from t group by b")
	require.Regexp(t, regexp.MustCompile(`Batches: \d\d+  Memory Usage: \d+kB  Disk Usage: \d+kB`), plan)
	left, err := r.fs.ReadDir("data/pgsql_tmp")
	require.NoError(t, err)
	require.Empty(t, left)
}

// Bitmaps beyond work_mem become lossy and stay right.
func TestLossyBitmap(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create extension bloom; create table t (a int, pad text)")
	must(t, s, "insert into t select i % 2, repeat('x', 100) from generate_series(1, 30000) i; create index on t using bloom (a)")
	must(t, s, "set enable_seqscan = off; set work_mem = '64kB'")
	require.Equal(t, "count\n15000\nSELECT 1\n", must(t, s, "select count(*) from t where a = 1"))
	require.Regexp(t, regexp.MustCompile(`Heap Blocks: exact=\d+ lossy=\d+|Heap Blocks: lossy=\d+`), must(t, s, "explain analyze select * from t where a = 1"))
}
