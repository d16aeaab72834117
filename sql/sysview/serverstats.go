package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// What the host counts of itself counts from its start, which stats_reset tells.
var (
	_ = view("pg_stat_bgwriter", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		a := env.Engine.Activity()
		return [][]datum.Datum{row(a.Timed, a.Requested, nil, nil, nil, nil, nil, nil, nil, a.Buffers.Allocations, a.Since)}, nil
	})
	_ = view("pg_stat_wal", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		a := env.Engine.Activity()
		flushes := int64(a.WAL.Flushes) // each writes once and syncs once
		return [][]datum.Datum{row(int64(a.WAL.Records), nil, datum.NewNumericInt(a.WALBytes), nil, flushes, flushes, nil, nil, a.Since)}, nil
	})
	// Segments are taken by clients that receive the log; the host archives none.
	_ = view("pg_stat_archiver", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		return [][]datum.Datum{row(0, nil, nil, 0, nil, nil, env.Engine.Activity().Since)}, nil
	})
)
