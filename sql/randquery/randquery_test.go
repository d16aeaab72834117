package randquery

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEvaluateByHand(t *testing.T) {
	r := &source{number: 1, table: &tables[0], kinds: tables[0].kinds}
	u := &source{number: 2, table: &tables[2], kinds: tables[2].kinds}
	q := &Query{Limit: 2, Offset: 1, Order: []orderKey{{column: 0, desc: true}, {column: 1}}, Body: &selection{
		items: []expr{&column{1, 1, Int4}, &column{2, 0, Int2}},
		from:  []fromItem{&join{kind: "left join", left: r, right: u, on: &comparison{"=", &column{1, 1, Int4}, &column{2, 0, Int2}}}},
	}}
	require.Equal(t, "select x1.b as a, x2.a as b from r x1 left join u x2 on (x1.b = x2.a) order by 1 desc, 2 limit 2 offset 1", q.SQL())
	rows, err := q.Evaluate()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"3", "3"}, {"2", "2"}}, rows) // the NULL comes first and is skipped
	require.Equal(t, "2 rows\n2|2\n3|3\nin the order\n3|3\n2|2\n", q.Canonical(rows))
}

// Queries do not change when they are evaluated, and have one answer.
func TestEvaluateTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Generator().Draw(t, "query")
		text := q.SQL()
		a, err := q.Evaluate()
		b, again := q.Evaluate()
		require.Equal(t, err, again)
		require.Equal(t, text, q.SQL())
		if err == nil {
			require.Equal(t, q.Canonical(a), q.Canonical(b))
		}
	})
}
