package sysview

import (
	"context"
	"strconv"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/settings"
)

var _ = view("pg_settings", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, d := range settings.All() {
		var low, high any
		if d.Type == settings.Int || d.Type == settings.Real {
			low, high = bound(d.Min), bound(d.Max)
		}
		var values []string
		if d.Type == settings.Enum {
			values = d.Values
		}
		rows = append(rows, row(d.Name, env.Settings.Text(d.Name), orNull(string(d.Unit)), nil, d.Help, nil, string(d.Context), string(d.Type),
			string(env.Settings.Source(d.Name)), low, high, values, d.Default, nil, nil,
			nil, nil))
	}
	return rows, nil
})

func bound(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
