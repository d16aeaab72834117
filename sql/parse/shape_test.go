package parse

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func TestShape(t *testing.T) {
	for _, c := range []struct{ query, key string }{
		{"select a1 + 5 from t where b = 'x' and c > -2.50;", "select a1 + # from t where b = ' and c > -.;"},
		{"select 2147483647, 2147483649, 007", "select #, @, #"},
		{"select \"a 1\" from t\n", "select \"a 1\" from t\n"},
		{"select 'it''s' || 'ä$1'", "select ' || '"},
		{"select 2147483648", ""}, {"select 9223372036854775807", ""}, {"select 1e5", ""}, {"select 0x10", ""}, {"select 1_000", ""}, {"select 5.", ""}, {"select .5", ""},
		{"select 1.2.3", ""}, {"select 1a", ""}, {"select $1", ""}, {"select $$a$$", ""}, {"select E'a'", ""}, {"select 'a\\b'", ""}, {"select 'a", ""}, {"select \"a", ""},
		{"select 1 -- x", ""}, {"select 1 /* x */", ""}, {"select 1; select 2", ""}, {"select \"ä\"", ""}, {"select ä", ""}, {"select '\xff'", ""}, {"select '\x01'", ""},
		{"select '" + strings.Repeat("x", maxShapeBytes) + "'", ""}, {"select 1" + strings.Repeat(",1", maxShapeConstants), ""},
	} {
		var s Shape
		key := ""
		if s.Scan(c.query) {
			key = strings.NewReplacer("\x01", "#", "\x02", "@", "\x03", ".", "\x04", "'").Replace(string(s.Key))
		}
		require.Equal(t, c.key, key, c.query)
	}
}

// Texts of one shape have one tree but for their constants.
func FuzzShape(f *testing.F) {
	for _, q := range []string{
		"select a1 + 5 from t where b = 'x' and c > -2.50;", "update t set a = -7, b = 'it''s' where c between 3 and 4", "insert into t values (1, 'a'), (- 2, 'b') returning a * 2",
		"select - -5 + a from t order by 1 limit 5", "select interval '1' day, 'a'\n'b', u&'x', float(5) '7'", "select a from t where \"b\"'c' = 2::numeric(5,1)", "select a>-1.5e from t",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		var a, b Shape
		if !a.Scan(q) {
			return
		}
		other := []byte(q)
		for _, c := range a.Constants {
			for i := c.At; i < len(other) && i < c.At+len(c.Text); i++ {
				switch ch := other[i]; {
				case ch >= '1' && ch <= '9':
					other[i] = '1' + (ch-'1'+3)%9
				case c.Kind == String && ch >= 'a' && ch <= 'z':
					other[i] = 'a' + (ch-'a'+7)%26
				}
			}
		}
		if !b.Scan(string(other)) || string(a.Key) != string(b.Key) {
			return // a number has become another kind of number
		}
		x, errX := Parse(q)
		y, errY := Parse(string(other))
		require.Equal(t, errX == nil, errY == nil, "%s\n%s", q, other)
		if errX != nil || len(x) != 1 || len(y) != 1 {
			return
		}
		tx, ty := MakeTemplate(x[0], a.Constants), MakeTemplate(y[0], b.Constants)
		require.Equal(t, tx == nil, ty == nil, "%s\n%s", q, other)
		if tx != nil {
			require.True(t, len(tx.Kept) > 0 || proto.Equal(tx.Node, ty.Node), "%s\n%s", q, other)
			require.Equal(t, tx.Params, ty.Params)
			require.Equal(t, tx.Kept, ty.Kept)
		}
	})
}
