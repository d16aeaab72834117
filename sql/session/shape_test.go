package session_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/sql/randquery"
	"github.com/quiredb/quire/sql/session"
)

// shapeSchema has a column of each kind that treats constants in a way of its own.
const shapeSchema = `create extension btree; create extension tree;
create table t (id int primary key, s smallint, i int, l bigint, n numeric(6,2), f float8, v varchar(4), c char(3), x text, d date, b bool, check (i < 90000));
create table u (id int, k int, w text default 'w');
create index on t using tree (s); create index on t using tree (l); create index on t using tree (x);
insert into t select g, g, g * 3, g * 5, g / 2.0, g, 'v' || g, g::text, 'x' || g, date '2020-01-01' + g, g % 2 = 0 from generate_series(1, 40) g;
insert into u select g, g % 7, 'w' || g from generate_series(1, 30) g`

// shapeForms are statements with holes for constants, those of pgbench's scripts among them.
var shapeForms = []string{
	"select i from t where id = ?", "SELECT x FROM t WHERE id = ?;", "update t set i = i + ? where id = ?", "update t set l = l - ?, s = ? where id = ?",
	"insert into t (id, s, i, l, n, f) values (?, ?, ?, ?, ?, ?)", "insert into t (id, v, c, x, d, b) values (?, ?, ?, ?, ?, ?) returning id + ?, *",
	"insert into u values (?, ?), (?, ?)", "insert into u values (?, ?, ?)", "insert into t (id, i) values (?, ?) on conflict (id) do update set i = t.i + ? where t.i < ?",
	"select * from t where s = ? order by id", "select * from t where l > ? and l <= ? order by id", "select * from t where n between ? and ? order by id",
	"select * from t where v = ? or c = ? or x <> ? order by id", "select * from t where x < ? and b = ? order by id", "select * from t where d > ? order by id",
	"select id + ?, l * ?, n / ?, f - ?, ? from t where id < ? order by id", "select -?, - ?, +?, ?-?, i -? from t where id = ?", "select ?", "select ?, ? from u where id = ?",
	"select * from t join u on t.id = u.id and u.k > ? left join u w on w.id = ? where t.i > ? order by t.id, u.id, w.id",
	"select i from t order by ?", "select i + ? from t order by i + ?", "select i from t order by 1 limit ?", "select i + ?, count(*) from t group by i + ? order by 1",
	"select distinct i + ? from t where l < ? order by 1", "select count(*) from t group by i having count(*) > ? order by 1",
	"select i from t where i in (?, ?) order by 1", "select x from t where x like ? order by 1", "select case when i > ? then ? else ? end from t order by 1",
	"select coalesce(i + ?, ?), abs(i * ?), round(n, ?), substr(x, ?) from t order by id", "select (i + ?)::text, ?::text, n::numeric(5,?) from t order by id",
	"select i from t where id = (select max(id) - ? from u where k = ?)", "select interval ? from t", "select i from t where i is not distinct from ? order by 1",
	"select sum(i + ?) from t where not (l = ? or i % ? = ?)", "select i from t where ? = ? order by id", "select \"i\" from \"t\" where \"id\" = ?",
	"delete from u where k = ? and w = ? returning id * ?", "update t set v = ?, c = ?, n = ?, d = ? where id = ?", "update u set w = w || ? where id = ?",
	"update t set i = u.k + ? from u where u.id = t.id and u.id = ?", "select i from t where id = ? for update", "select i from t where id < ? order by i limit ?", "select i, interval '1 day' * ? from t where x = ?\n? and d > ?::date order by 1", "select i from nosuch where id = ?", "select j from t where id = ?",
}

// shapeConstants go into the holes: what has a shape, what changes it, and what has none.
var shapeConstants = []string{
	"0", "1", "2", "3", "7", "11", "25", "007", "-1", "- 4", "-7", "40000", "-40000", "90001", "2147483647", "-2147483647", "2147483648", "-2147483648", "4294967296", "-4294967297",
	"9223372036854775807", "9223372036854775808", "1.5", "-0.25", "3.00", "12345.678", "99999999.5", ".5", "1.", "1e2", "1_000", "'a'", "'v3'", "'5'", "'x7'", "'-3'", "'it''s'", "'ä€𝄞'", "''",
	"'abcdef'", "'2020-02-01'", "'2020-02-30'", "'t'", "'x'\n'y'", "'x7'\n''", "'now'::timestamp - now()", "E'x'", "'\\'", "null", "true", "$1", "-- x\n1", "/* x */ 2",
}

// shapeTwins are two sessions of databases with the same contents. Every text the second one gets ends with a comment, so that it has no
// shape; nothing else differs.
type shapeTwins struct{ shaped, plain *session.Session }

func newShapeTwins(t *testing.T, schema string) shapeTwins {
	w := shapeTwins{newRig(t).session(), newRig(t).session()}
	must(t, w.shaped, schema)
	must(t, w.plain, schema)
	return w
}

func (w shapeTwins) same(t require.TestingT, sql string) {
	answer := func(s *session.Session, sql string) []string {
		lines := strings.Split(run(s, sql), "\n")
		slices.Sort(lines[1:])
		return lines
	}
	require.Equal(t, answer(w.plain, sql+" --"), answer(w.shaped, sql), sql)
}

// A statement has the answer, or the error at the place, that it has without the memory of shapes.
func TestShapesAnswerTheSame(t *testing.T) {
	w := newShapeTwins(t, shapeSchema)
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom(shapeForms).Draw(t, "form")
		tame := rapid.IntRange(3, 25).Draw(t, "tame")
		for i := range 12 {
			if i == 8 && rapid.Bool().Draw(t, "change") {
				change := rapid.SampledFrom([]string{"create index on u using tree (k)", "alter table t add if not exists more int", "set enable_indexscan = off",
					"reset all", "begin", "rollback", "alter table u alter w type varchar(2)", "alter table u alter w type text", "set datestyle = 'sql, dmy'", "analyze"}).Draw(t, "what")
				w.same(t, change)
			}
			sql := regexp.MustCompile(`\?`).ReplaceAllStringFunc(form, func(string) string {
				return rapid.SampledFrom(shapeConstants[:min(len(shapeConstants), 2*tame)]).Draw(t, "constant")
			})
			w.same(t, sql)
		}
		w.same(t, "select * from t order by id")
		w.same(t, "select * from u order by id, k, w")
	})
	w.same(t, "rollback")
}

// Random queries have the same answers with other numbers in them, met for the first time and later.
func TestShapesOfRandomQueries(t *testing.T) {
	w := newShapeTwins(t, randquery.Schema+";"+randquery.Rows)
	number := regexp.MustCompile(`\b\d+\b`)
	rapid.Check(t, func(t *rapid.T) {
		sql := randquery.Generator().Draw(t, "query").SQL()
		for range 8 {
			w.same(t, sql)
			sql = number.ReplaceAllStringFunc(sql, func(string) string { return fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "number")) })
		}
	})
}

// What pgbench sends is planned six times, not for each of its numbers; what it does is not changed by that.
func TestShapesOfPgbench(t *testing.T) {
	w := newShapeTwins(t, `create extension btree;
create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84)); create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
insert into pgbench_accounts select i, 1, 0, '' from generate_series(1, 1000) i; alter table pgbench_accounts add primary key (aid); analyze`)
	for i := range 20 {
		delta := i*37%100 - 50
		for _, sql := range []string{
			"BEGIN;", fmt.Sprintf("UPDATE pgbench_accounts SET abalance = abalance + %d WHERE aid = %d;", delta, i*7+1),
			fmt.Sprintf("SELECT abalance FROM pgbench_accounts WHERE aid = %d;", i*7+1),
			fmt.Sprintf("INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (%d, %d, %d, %d, CURRENT_TIMESTAMP);", i, i, i, delta), "END;",
		} {
			w.same(t, sql)
		}
	}
	w.same(t, "select * from pgbench_accounts where aid < 200 order by aid")
	w.same(t, "select tid, bid, aid, delta from pgbench_history order by tid")
	require.Equal(t, 5, session.GenericShapes(w.shaped), "both signs of the numbers that are added have a shape")
}

// Constants that cannot be parameters divide a shape: each set of them has a plan.
func TestShapesKeepWhatIsNoParameter(t *testing.T) {
	w := newShapeTwins(t, shapeSchema)
	for i := range 30 {
		w.same(t, fmt.Sprintf("select i + %d, i from t where id in (1, 2) or id > %d order by 2 limit %d", i, i, i%3))
	}
	require.Equal(t, 3, session.GenericShapes(w.shaped))
}
