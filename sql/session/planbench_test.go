package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// pgbench's statements in the simple protocol, a number of its own in each: parsed, analysed and planned every time.
func BenchmarkPgbenchSimple(b *testing.B) {
	for _, q := range []string{"SELECT abalance FROM pgbench_accounts WHERE aid = %d;", "UPDATE pgbench_accounts SET abalance = abalance + 5 WHERE aid = %d;"} {
		b.Run(q[:6], func(b *testing.B) {
			s := newRig(b).session()
			must(b, s, "create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84))")
			must(b, s, "insert into pgbench_accounts select i, 1, 0, '' from generate_series(1, 8) i; set synchronous_commit = off")
			must(b, s, "create extension btree; alter table pgbench_accounts add primary key (aid); set enable_seqscan = off")
			out := &capture{s: s, quiet: true}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				require.NoError(b, s.Query(background, fmt.Sprintf(q, i%8+1), out))
				out.b.Reset()
			}
		})
	}
}
