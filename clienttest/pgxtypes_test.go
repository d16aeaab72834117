package clienttest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// A typeCase is a type and values in its text form as the server prints them; "" ends nothing and is a value like any other.
type typeCase struct {
	typ    string
	column bool // may be a column's type
	values []string
}

var typeCases = []typeCase{
	{"bool", true, []string{"t", "f"}},
	{"int2", true, []string{"0", "-1", "32767", "-32768"}},
	{"int4", true, []string{"0", "-1", "2147483647", "-2147483648"}},
	{"int8", true, []string{"0", "-1", "9223372036854775807", "-9223372036854775808"}},
	{"float4", true, []string{"0", "-0", "1.5", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity"}},
	{"float8", true, []string{"0", "-0", "0.1", "1.7976931348623157e+308", "5e-324", "NaN", "Infinity", "-Infinity"}},
	{"numeric", true, []string{"0", "0.00", "-1.50", "123456789012345678901234567890.123456789", "0.00000000000000000001", "10000", "1" + strings.Repeat("0", 50), "NaN", "Infinity", "-Infinity"}},
	{"text", true, []string{"", "a", "with 'quotes' and \"more\"", "tab\tnewline\nbackslash\\", "äöü€𝄞", strings.Repeat("long ", 1000)}},
	{"varchar", true, []string{"", "a", "€"}},
	{"varchar(5)", true, []string{"", "abcde", "äöü€𝄞"}},
	{"bytea", true, []string{`\x`, `\x00`, `\xdeadbeef`, `\x5c78`}},
	{"uuid", true, []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
	{"date", true, []string{"2000-01-01", "1999-12-31", "2024-02-29", "0044-03-15 BC", "5874897-12-31", "infinity", "-infinity"}},
	{"timestamp", true, []string{"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity"}},
	{"timestamptz", true, []string{"2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2024-07-01 12:34:56.7+00", "0044-03-15 12:00:00+00 BC", "infinity", "-infinity"}},
	{"interval", true, []string{"00:00:00", "1 year 2 mons 3 days 04:05:06.789", "-1 days +02:00:00"}},
	{"pg_lsn", true, []string{"0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"}},
	{"oid", true, []string{"0", "4294967295"}},
	{"name", true, []string{"", "abc"}},
	{"int4[]", false, []string{"{}", "{1,2,NULL}"}},
	{"text[]", false, []string{"{}", `{a,"with space",NULL,""}`}},
}

// Values of every type pass parameter, table and result, in all four combinations of text and binary.
func TestTypesRoundTrip(t *testing.T) {
	quire.watch(t)
	for _, c := range typeCases {
		t.Run(c.typ, func(t *testing.T) {
			conn := quire.connect(t).PgConn()
			read := func(sql string, format int16, param []byte, result int16) ([]byte, error) {
				r := conn.ExecParams(ctx, sql, [][]byte{param}, nil, []int16{format}, []int16{result}).Read()
				if r.Err != nil {
					return nil, r.Err
				}
				if len(r.Rows) != 1 {
					return nil, fmt.Errorf("%d rows", len(r.Rows))
				}
				return r.Rows[0][0], nil
			}
			queries := []string{"select $1::" + c.typ}
			if c.column {
				quire.table(t, "pgx_types", "id int, v "+c.typ)
			}
			for i, v := range c.values {
				for _, q := range queries {
					text, err := read(q, 0, []byte(v), 0)
					require.NoError(t, err, "%s", v)
					require.Equal(t, v, string(text))
					bin, err := read(q, 0, []byte(v), 1)
					require.NoError(t, err)
					require.NotNil(t, bin)
					back, err := read(q, 1, bin, 0)
					require.NoError(t, err, "%s: % x", v, bin)
					require.Equal(t, v, string(back), "% x", bin)
					again, err := read(q, 1, bin, 1)
					require.NoError(t, err)
					require.Equal(t, bin, again)
				}
				if !c.column {
					continue
				}
				_, err := conn.Exec(ctx, fmt.Sprintf("insert into pgx_types values (%d, '%s')", i, strings.ReplaceAll(v, "'", "''"))).ReadAll()
				require.NoError(t, err)
				bin, err := read("select v from pgx_types where id = $1", 0, fmt.Append(nil, i), 1)
				require.NoError(t, err)
				back, err := read("select v::text from pgx_types where v = $1::"+c.typ+" limit 1", 1, bin, 0)
				require.NoError(t, err, "%s is not equal to itself", v)
				if v != "0" && v != "-0" && v != "0.00" && c.typ != "varchar" {
					require.Equal(t, strings.NewReplacer().Replace(textOf(c.typ, v)), string(back))
				}
			}
			null, err := read(queries[0], 0, nil, 1)
			require.NoError(t, err)
			require.Nil(t, null)
			if c.column {
				_, err := conn.Exec(ctx, "insert into pgx_types values (1000, null)").ReadAll()
				require.NoError(t, err)
				null, err := read("select v from pgx_types where id = $1", 0, []byte("1000"), 1)
				require.NoError(t, err)
				require.Nil(t, null)
			}

			// A binary parameter of a wrong length is an error of that parameter, not of the connection.
			if c.typ != "text" && c.typ != "varchar" && c.typ != "varchar(5)" && c.typ != "name" && c.typ != "bytea" {
				_, err := read(queries[0], 1, []byte{1, 2, 3}, 0)
				require.Contains(t, []string{"22P03", "08P01"}, sqlError(t, err).Code)
				_, err = read(queries[0], 0, []byte("not a value of any type"), 0)
				require.Contains(t, []string{"22P02", "22007"}, sqlError(t, err).Code)
			}
		})
	}
}

// textOf is what v::text prints, where that differs from the value's own output.
func textOf(typ, v string) string {
	if typ == "bool" {
		return map[string]string{"t": "true", "f": "false"}[v]
	}
	return v
}

// The text and binary forms are PostgreSQL's: its own server reads what Quire wrote, and writes the same.
func TestTypesAgreeWithPostgres(t *testing.T) {
	quire.watch(t)
	theirs := postgres.connect(t)
	if theirs == nil {
		t.Skip("LOUD: there is no PostgreSQL to compare the forms of values with")
	}
	ours := quire.connect(t)
	for _, c := range typeCases {
		for _, v := range c.values {
			for format := range int16(2) {
				var got [2][]byte
				for i, conn := range []*pgx.Conn{ours, theirs} {
					r := conn.PgConn().ExecParams(ctx, "select $1::"+c.typ, [][]byte{[]byte(v)}, nil, nil, []int16{format}).Read()
					require.NoError(t, r.Err, "%s %s", c.typ, v)
					got[i] = r.Rows[0][0]
				}
				require.Equal(t, got[1], got[0], "%s %q in format %d", c.typ, v, format)
			}
		}
	}
}

type wide struct {
	B   *bool
	I2  *int16
	I4  *int32
	I8  *int64
	F4  *float32
	F8  *float64
	N   pgtype.Numeric
	T   *string
	V   *string
	By  []byte
	U   pgtype.UUID
	D   *time.Time
	Ts  *time.Time
	Tz  *time.Time
	Itv pgtype.Interval
}

// CopyFrom describes the columns, then sends COPY … BINARY; pgx's own Go types go in and come back.
func TestPgxCopyFrom(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_copy", "b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, v varchar(20), by bytea, u uuid, d date, ts timestamp, tz timestamptz, itv interval")
	conn := quire.connect(t)
	columns := []string{"b", "i2", "i4", "i8", "f4", "f8", "n", "t", "v", "by", "u", "d", "ts", "tz", "itv"}
	base := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	const rows = 5000
	row := func(i int) []any {
		if i%7 == 3 {
			return make([]any, len(columns))
		}
		at := base.Add(time.Duration(i) * 1234567 * time.Microsecond)
		return []any{i%2 == 0, int16(i), int32(-i), int64(i) << 33, float32(i) / 2, math.Sqrt(float64(i)), fmt.Sprintf("%d.%03d", i, 1+i%999), fmt.Sprint("text ", i),
			fmt.Sprint("v", i), []byte{byte(i), byte(i >> 8), 0}, fmt.Sprintf("00000000-0000-0000-0000-%012d", i), base.AddDate(0, 0, i), at, at,
			pgtype.Interval{Months: int32(i % 12), Days: int32(i % 30), Microseconds: int64(i), Valid: true}}
	}
	n, err := conn.CopyFrom(ctx, pgx.Identifier{"pgx_copy"}, columns, pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return row(i), nil }))
	require.NoError(t, err)
	require.EqualValues(t, rows, n)

	all, err := conn.Query(ctx, "select * from pgx_copy where i4 is not null order by i4 desc")
	require.NoError(t, err)
	got, err := pgx.CollectRows(all, pgx.RowToStructByName[wide])
	require.NoError(t, err)
	k := 0
	for i := range rows {
		if i%7 == 3 {
			continue
		}
		w, want := got[k], row(i)
		k++
		require.Equal(t, want[0], *w.B)
		require.Equal(t, want[1], *w.I2)
		require.Equal(t, want[2], *w.I4)
		require.Equal(t, want[3], *w.I8)
		require.Equal(t, want[4], *w.F4)
		require.Equal(t, want[5], *w.F8)
		text, err := w.N.Value()
		require.NoError(t, err)
		require.Equal(t, want[6], text)
		require.Equal(t, want[7], *w.T)
		require.Equal(t, want[8], *w.V)
		require.Equal(t, want[9], w.By)
		require.Equal(t, want[10], w.U.String())
		require.True(t, want[11].(time.Time).Equal(*w.D))
		require.True(t, want[12].(time.Time).Equal(*w.Ts))
		require.True(t, want[13].(time.Time).Equal(*w.Tz))
		require.Equal(t, want[14], w.Itv)
	}
	require.Len(t, got, k)
	var nulls int
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgx_copy where b is null and itv is null").Scan(&nulls))
	require.Equal(t, rows-k, nulls)

	t.Run("a source that fails leaves nothing", func(t *testing.T) {
		broken := errors.New("broken source")
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"pgx_copy"}, columns, pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			if i == 4000 {
				return nil, broken
			}
			return row(i), nil
		}))
		require.Error(t, err)
		var n int
		require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgx_copy").Scan(&n))
		require.Equal(t, rows, n)
	})
	t.Run("a value that does not fit names line and column", func(t *testing.T) {
		quire.table(t, "pgx_copy_short", "id int, v varchar(3)")
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"pgx_copy_short"}, []string{"id", "v"}, pgx.CopyFromRows([][]any{{1, "abc"}, {2, "abcd"}}))
		e := sqlError(t, err)
		require.Equal(t, "22001", e.Code)
		require.Equal(t, "COPY pgx_copy_short, line 2, column v", e.Where)
	})
	t.Run("out again in all formats", func(t *testing.T) {
		for _, format := range []string{"text", "csv", "binary"} {
			quire.table(t, "pgx_copy_2", "b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, v varchar(20), by bytea, u uuid, d date, ts timestamp, tz timestamptz, itv interval")
			r, w := io.Pipe()
			done := make(chan error, 1)
			out := quire.connect(t)
			go func() {
				_, err := out.PgConn().CopyTo(ctx, w, "copy pgx_copy to stdout (format "+format+")")
				_ = w.CloseWithError(err)
				done <- err
			}()
			tag, err := conn.PgConn().CopyFrom(ctx, r, "copy pgx_copy_2 from stdin (format "+format+")")
			require.NoError(t, err)
			require.NoError(t, <-done)
			require.EqualValues(t, rows, tag.RowsAffected())
			var a, b string
			const digest = "select md5(string_agg(md5(concat_ws('|', b, i2, i4, i8, f4, f8, n, t, v, by, u, d, ts, tz, itv)), '' order by i4, t)) from "
			require.NoError(t, conn.QueryRow(ctx, digest+"pgx_copy").Scan(&a))
			require.NoError(t, conn.QueryRow(ctx, digest+"pgx_copy_2").Scan(&b))
			require.Equal(t, a, b, format)
			exec1(t, conn, "drop table pgx_copy_2")
		}
	})
}
