package clienttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// orderedValues are literals of each type that an index can order: edges, equal values that look different, and neighbours.
var orderedValues = []struct {
	name, kind string
	values     []string
}{
	{"b", "bool", []string{"true", "false"}},
	{"i2", "int2", []string{"0", "1", "-1", "32767", "-32768", "255", "256"}},
	{"i4", "int4", []string{"0", "1", "-1", "2147483647", "-2147483648", "65536"}},
	{"i8", "int8", []string{"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "4294967296"}},
	{"o", "oid", []string{"0", "1", "4294967295", "2147483648"}},
	{"f4", "float4", []string{"0", "-0", "1.5", "-1.5", "NaN", "Infinity", "-Infinity", "1e-40"}},
	{"f8", "float8", []string{"0", "-0", "1.5", "-1.5", "NaN", "Infinity", "-Infinity", "1e300", "5e-324"}},
	{"n", "numeric", []string{"0", "0.00", "1", "1.0", "-1.50", "-1.5", "1e30", "0.000000000001", "-99999999999999999999.5", "NaN", "123456789.123456789"}},
	{"t", "text", []string{"", "a", "A", "ab", "a b", "ä", "ö", "z", "€", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
	{"v", "varchar(20)", []string{"", "x", "X", "x ", "xy"}},
	{"c", "char(5)", []string{"", "a", "a ", "ab", "b", "B"}},
	{"nm", "name", []string{"a", "b", "relation", "Relation"}},
	{"by", "bytea", []string{`\x`, `\x00`, `\x0000`, `\xff`, `\x01ff`, `\x80`}},
	{"u", "uuid", []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "11111111-2222-3333-4444-555555555555"}},
	{"d", "date", []string{"2000-01-01", "1999-12-31", "-infinity", "infinity", "0044-03-15 BC", "2024-02-29"}},
	{"ts", "timestamp", []string{"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "-infinity", "infinity", "0001-01-01 00:00:00 BC"}},
	{"tz", "timestamptz", []string{"2000-01-01 00:00:00+00", "2000-01-01 01:00:00+01", "infinity", "2024-07-01 00:00:00+02"}},
	{"iv", "interval", []string{"1 day", "24 hours", "1 mon", "30 days", "-1 day", "1 mon -1 day", "00:00:00.000001", "0"}},
	{"l", "pg_lsn", []string{"0/0", "0/FFFFFFFF", "1/0", "FFFFFFFF/FFFFFFFF"}},
}

// What an index delivers in order is what a sort delivers, and what it finds is what a scan finds, for every type that has an order, in
// every direction, whether the index was built over the rows or they came after it.
func TestIndexOrderIsSortOrder(t *testing.T) {
	quire.watch(t)
	conn := quire.connect(t)
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	needBtree(t, conn)
	var columns []string
	for _, c := range orderedValues {
		columns = append(columns, c.name+" "+c.kind)
	}
	quire.table(t, "ordered", "id int, "+strings.Join(columns, ", "))
	insert := func(from, to int) {
		var rows []string
		for id := from; id < to; id++ {
			values := []string{fmt.Sprint(id)}
			for _, c := range orderedValues {
				v := "null"
				if rng.IntN(8) > 0 {
					v = "'" + c.values[rng.IntN(len(c.values))] + "'"
				}
				values = append(values, v)
			}
			rows = append(rows, "("+strings.Join(values, ", ")+")")
		}
		exec1(t, conn, "insert into ordered values "+strings.Join(rows, ", "))
	}
	insert(0, 300)
	directions := []string{"asc", "desc", "asc nulls first", "desc nulls last"}
	for i, c := range orderedValues {
		exec1(t, conn, fmt.Sprintf("create index ordered_%s on ordered using btree (%s %s, id)", c.name, c.name, directions[i%len(directions)]))
	}
	insert(300, 600)
	exec1(t, conn, "delete from ordered where id % 7 = 0")
	exec1(t, conn, "vacuum analyze ordered")
	for i, c := range orderedValues {
		dir := directions[i%len(directions)]
		back := map[string]string{"asc": "desc", "desc": "asc", "asc nulls first": "desc nulls last", "desc nulls last": "asc nulls first"}[dir]
		for _, order := range []string{c.name + " " + dir + ", id", c.name + " " + back + ", id desc"} {
			sameWays(t, conn, fmt.Sprintf("select id, %s from ordered order by %s", c.name, order), "ordered_"+c.name)
		}
		for _, v := range c.values {
			base, _, _ := strings.Cut(c.kind, "(")
			if c.kind == "char(5)" {
				base = "bpchar"
			}
			for _, op := range []string{"<", "<=", "=", ">=", ">"} {
				sameWays(t, conn, fmt.Sprintf("select id from ordered where %s %s '%s'::%s order by id", c.name, op, v, base), "")
			}
		}
		for _, test := range []string{"is null", "is not null"} {
			sameWays(t, conn, fmt.Sprintf("select id from ordered where %s %s order by id", c.name, test), "")
		}
	}
}

// needBtree makes the ordered access method known.
func needBtree(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var there bool
	require.NoError(t, conn.QueryRow(ctx, "select count(*) > 0 from pg_am where amname = 'btree'").Scan(&there))
	if !there {
		exec1(t, conn, "create access method btree type index handler btree")
	}
}

// sameWays compares the answers by an index and by a sequential scan with a sort. If index is not empty the plan must name it.
func sameWays(t *testing.T, conn *pgx.Conn, sql, index string) {
	t.Helper()
	exec1(t, conn, "set enable_seqscan = on; set enable_sort = on; set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off")
	want := answer(t, conn, sql)
	require.NotContains(t, want, "ERROR", "%s", sql)
	exec1(t, conn, "set enable_seqscan = off; set enable_sort = off; set enable_indexscan = on; set enable_bitmapscan = on; set enable_indexonlyscan = on")
	if index != "" {
		require.Contains(t, answer(t, conn, "explain "+sql), "using "+index, "%s", sql)
	}
	require.Equal(t, want, answer(t, conn, sql), "%s", sql)
}
