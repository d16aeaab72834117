package sysview

import (
	"context"
	"strconv"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/settings"
)

var pgSettings = &View{
	OID: 12104, Name: "pg_settings",
	Columns: columns("name text, setting text, unit text, category text, short_desc text, extra_desc text, context text, vartype text, " +
		"source text, min_val text, max_val text, enumvals text[], boot_val text, reset_val text, sourcefile text, " +
		"sourceline integer, pending_restart boolean"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, d := range settings.All() {
			var low, high any
			if d.Type == settings.Int || d.Type == settings.Real {
				low, high = number(d.Min), number(d.Max)
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
	},
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
