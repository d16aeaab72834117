package session_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// skewed makes two tables. In both one key has many rows, in r most of them; some rows have none, and the others are spread.
const skewed = `create table l (k int, v int, pad text);
create table r (k int, v int, pad text);
insert into l select case when i % 20 = 0 then 7 when i % 50 = 1 then null else i % 900 end, i, repeat('l', i % 400) from generate_series(1, 700) i;
insert into r select case when i % 8 > 0 then 7 when i % 24 = 0 then null else i % 1100 end, i, repeat('r', i % 360) from generate_series(1, 1400) i`

// memoryUsed are the kilobytes that the hash tables of an EXPLAIN ANALYZE took.
var memoryUsed = regexp.MustCompile(`Batches: (\d+)  Memory Usage: (\d+)kB`)

// Hash joins have the same rows with little memory as with enough, however their keys are spread, and keep within it.
func TestSpilledJoins(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, skewed)
	must(t, s, "analyze; set enable_nestloop = off")
	spilled := 0
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
		a, b := "l", "r"
		if rapid.Bool().Draw(t, "swapped") {
			a, b = b, a
		}
		on := pick("key", "a.k = b.k", "a.k = b.k and a.v % 4 = b.v % 4", "a.k % 90 = b.k % 110", "a.k + 0 = b.k", "a.k = b.k and a.v % 7 < b.v % 5", "a.v = b.v")
		left := fmt.Sprintf("(select * from %s where v %% %d <> 0) a", a, rapid.IntRange(2, 40).Draw(t, "part"))
		right := b + " b"
		counts := "count(*), count(a.v), count(b.v), sum(a.v), sum(b.v), sum(a.v::int8 * b.v), min(a.pad), max(b.pad)"
		var q string
		switch kind := pick("kind", "join", "left join", "right join", "full join", "exists", "not exists"); kind {
		case "exists", "not exists":
			q = fmt.Sprintf("select count(*), sum(a.v), min(a.pad) from %s where %s (select from %s where %s)", left, kind, right, on)
		default:
			q = fmt.Sprintf("select %s from %s %s %s on %s", counts, left, kind, right, on)
		}
		must(t, s, "set work_mem = '1GB'")
		want := must(t, s, q)
		limit := rapid.SampledFrom([]int{64, 100, 200}).Draw(t, "work_mem")
		must(t, s, fmt.Sprintf("set work_mem = %d", limit))
		require.Equal(t, want, must(t, s, q), q)
		plan := must(t, s, "explain (analyze, costs off, timing off) "+q)
		require.Contains(t, plan, "Hash Cond", q)
		for _, m := range memoryUsed.FindAllStringSubmatch(plan, -1) {
			kb, err := strconv.Atoi(m[2])
			require.NoError(t, err)
			require.LessOrEqual(t, kb, 2*limit+1, plan)
			if m[1] != "1" {
				spilled++
			}
		}
	})
	if !t.Failed() {
		require.Positive(t, spilled)
	}
	left, err := r.fs.ReadDir("data/pgsql_tmp")
	require.NoError(t, err)
	require.Empty(t, left)
}

// One key may have more rows than fit on both sides: they are joined in turns. A join that is not read to its end leaves nothing behind.
func TestJoinOfOneHugeKey(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, "create table l (k int, v int); insert into l select 1, i from generate_series(1, 300) i")
	must(t, s, "create table r (k int, v int); insert into r select 1, i from generate_series(1, 5000) i")
	must(t, s, "analyze; set enable_nestloop = off; set work_mem = 64")
	for _, c := range []struct{ query, want string }{
		{"select count(*), sum(l.v), sum(r.v) from l join r on l.k = r.k", "1500000|225750000|3750750000"},
		{"select count(*), count(r.v) from l left join r on l.k = r.k and r.v = l.v + 4800", "300|200"},
		{"select count(*), count(l.v), count(r.v) from l full join r on l.k = r.k and r.v = l.v + 4800", "5100|300|5000"},
		{"select count(*), count(l.v) from l right join r on l.k = r.k and r.v = l.v * 10", "5000|300"},
		{"select count(*), sum(v) from l where exists (select from r where r.k = l.k and r.v = l.v + 4800)", "200|20100"},
		{"select count(*), sum(v) from l where not exists (select from r where r.k = l.k and r.v = l.v + 4800)", "100|25050"},
		{"select count(*) from r where not exists (select from l where r.k = l.k and r.v % 300 + 1 <> l.v)", "0"},
	} {
		lines := strings.Split(must(t, s, c.query), "\n")
		require.Equal(t, c.want, lines[1], c.query)
	}
	require.Equal(t, "v\n4800\nSELECT 1\n", must(t, s, "select r.v from l join r on l.k = r.k order by r.v desc offset 60000 limit 1"))
	run(s, "select l.v from l join r on l.k = r.k limit 3")
	left, err := r.fs.ReadDir("data/pgsql_tmp")
	require.NoError(t, err)
	require.Empty(t, left)
}

// INTERSECT and EXCEPT have the same rows with little memory as with enough.
func TestSpilledSetOperations(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, skewed)
	rapid.Check(t, func(t *rapid.T) {
		arm := func(name string) string {
			columns := rapid.SampledFrom([]string{"k, v", "v, pad", "k, pad", "v % 900, null::text", "k, v / 2"}).Draw(t, name)
			return fmt.Sprintf("select %s from %s where v %% %d <> 1", columns, rapid.SampledFrom([]string{"l", "r"}).Draw(t, name), rapid.IntRange(2, 9).Draw(t, name))
		}
		left := arm("left")
		right := arm("right")
		if columns := func(q string) string { return strings.SplitN(q, " from ", 2)[0] }; strings.Contains(left, ", v") != strings.Contains(right, ", v") {
			right = columns(left) + strings.TrimPrefix(right, columns(right)) // columns of other types do not go together
		}
		op := rapid.SampledFrom([]string{"intersect", "intersect all", "except", "except all"}).Draw(t, "operation")
		q := fmt.Sprintf("%s %s %s order by 1, 2", left, op, right)
		must(t, s, "set work_mem = '1GB'")
		want := must(t, s, q)
		must(t, s, "set work_mem = '64kB'")
		require.Equal(t, want, must(t, s, q), q)
	})
	require.Equal(t, "count\n20000\nSELECT 1\n", must(t, s, "select count(*) from (select generate_series(1, 30000) except all select generate_series(20001, 40000)) x"))
	require.Equal(t, "count\n10000\nSELECT 1\n", must(t, s, "select count(*) from (select generate_series(1, 30000) intersect select generate_series(20001, 40000)) x"))
	run(s, "select generate_series(1, 30000) except all select 1 limit 3")
	left, err := r.fs.ReadDir("data/pgsql_tmp")
	require.NoError(t, err)
	require.Empty(t, left)
}
