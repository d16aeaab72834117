package sysview

import (
	"context"
	"net"
	"slices"
	"strconv"

	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_stat_activity", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	if env.Sessions == nil {
		return nil, nil
	}
	sessions := env.Sessions()
	slices.SortFunc(sessions, func(a, b Session) int { return int(a.PID) - int(b.PID) })
	waits := lockWaits(env)
	var rows [][]datum.Datum
	for i := range sessions {
		rows = append(rows, activityRow(env, &sessions[i], waits))
	}
	return rows, nil
})

// lockWaits tells for each session that waits for a lock what kind of thing the lock is on.
func lockWaits(env *Env) map[int32]string {
	waits := map[int32]string{}
	for _, l := range env.Engine.Locks.List() {
		if !l.Granted {
			waits[l.PID] = l.Tag.Kind.String()
		}
	}
	return waits
}

func activityRow(env *Env, s *Session, waits map[int32]string) []datum.Datum {
	addr, port := hostPort(s.Addr)
	kind := s.BackendType
	if kind == "" {
		kind = "client backend"
	}
	if s.User != env.User && !env.Superuser { // what pg_stat_get_activity shows without the right to see more
		return row(DatabaseOID, env.Database, s.PID, nil, orNull(role(env.Catalog, s.User)), s.User, s.ApplicationName,
			nil, nil, nil, nil, nil,
			nil, nil, nil, nil, nil, nil,
			nil, nil, "<insufficient privilege>", nil)
	}
	waitType, wait := s.WaitEventType, s.WaitEvent
	if on, waiting := waits[s.PID]; waiting {
		waitType, wait = "Lock", on
	}
	return row(DatabaseOID, env.Database, s.PID, nil, orNull(role(env.Catalog, s.User)), s.User, s.ApplicationName,
		addr, nil, port, s.BackendStart, s.XactStart,
		s.QueryStart, s.StateChange, orNull(waitType), orNull(wait), orNull(s.State), orNull(int64(s.XID)),
		nil, nil, s.Query, kind)
}

// hostPort takes an address apart as client_addr and client_port have it: without a network the port is -1.
func hostPort(addr string) (host, port any) {
	h, p, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, -1
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		return h, nil
	}
	return h, n
}
