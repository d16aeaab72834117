package sysview

import (
	"context"
	"slices"
	"time"

	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_stat_replication", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	if env.Senders == nil {
		return nil, nil
	}
	senders := env.Senders()
	slices.SortFunc(senders, func(a, b Sender) int { return int(a.PID) - int(b.PID) })
	var rows [][]datum.Datum
	for i := range senders {
		s := &senders[i]
		addr, port := hostPort(s.Addr)
		sync := s.SyncState
		if sync == "" {
			sync = "async"
		}
		r := row(s.PID, orNull(role(env.Catalog, s.User)), s.User, s.ApplicationName, addr, nil,
			port, s.Started, nil, s.State, s.Sent, s.Write,
			s.Flush, s.Replay, nil, nil, nil, s.SyncPriority,
			sync, s.ReplyTime)
		for n, lag := range []time.Duration{s.WriteLag, s.FlushLag, s.ReplayLag} {
			if lag > 0 {
				r[14+n] = datum.NewInterval(datum.IntervalValue{Micros: lag.Microseconds()})
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
})
