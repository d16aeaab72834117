package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// How often a plan was made anew nobody counts.
var _ = view("pg_prepared_statements", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, p := range env.Prepared {
		types := make([]datum.Datum, len(p.Types))
		for i, t := range p.Types {
			types[i] = datum.NewInt(int64(t))
		}
		rows = append(rows, row(p.Name, p.Text, p.At, datum.NewArray(datum.Regtype, types), p.FromSQL, nil, nil))
	}
	return rows, nil
})

var _ = view("pg_cursors", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, c := range env.Cursors {
		rows = append(rows, row(c.Name, c.Text, false, c.Binary, false, c.At))
	}
	return rows, nil
})
