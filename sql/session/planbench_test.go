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

// pgbench's SELECT prepared: bound and executed with a number of its own each time.
func BenchmarkPgbenchPrepared(b *testing.B) {
	s := newRig(b).session()
	must(b, s, "create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84))")
	must(b, s, "insert into pgbench_accounts select i, 1, 0, '' from generate_series(1, 8) i")
	must(b, s, "create extension btree; alter table pgbench_accounts add primary key (aid); set enable_seqscan = off")
	require.NoError(b, s.Parse(background, "P_0", "SELECT abalance FROM pgbench_accounts WHERE aid = $1;", nil))
	require.NoError(b, s.Sync(background))
	out := &capture{s: s, quiet: true}
	params := values("3")
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, s.Bind(background, "", "P_0", nil, params, nil))
		_, err := s.DescribePortal("")
		require.NoError(b, err)
		require.NoError(b, s.Execute(background, "", 0, out))
		require.NoError(b, s.Sync(background))
		out.b.Reset()
	}
}
