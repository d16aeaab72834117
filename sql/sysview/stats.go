package sysview

import (
	"context"
	"math"

	"github.com/quiredb/quire/core/datum"
)

// pg_stat_user_tables has what the last VACUUM or ANALYZE counted. Nothing counts scans and changes.
var pgStatUserTables = &View{
	OID: 12161, Name: "pg_stat_user_tables",
	Columns: columns("relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, idx_scan bigint, idx_tup_fetch bigint, " +
		"n_tup_ins bigint, n_tup_upd bigint, n_tup_del bigint, n_tup_hot_upd bigint, n_live_tup bigint, n_dead_tup bigint, " +
		"n_mod_since_analyze bigint, n_ins_since_vacuum bigint, last_vacuum timestamptz, last_autovacuum timestamptz, " +
		"last_analyze timestamptz, last_autoanalyze timestamptz, vacuum_count bigint, autovacuum_count bigint, analyze_count bigint, " +
		"autoanalyze_count bigint"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, t := range env.Catalog.Tables() {
			rows = append(rows, row(t.OID, "public", t.Name, nil, nil, nil, nil,
				nil, nil, nil, nil, int64(math.Max(t.Stats.Tuples, 0)), nil,
				nil, nil, nil, nil,
				nil, nil, nil, nil, nil,
				nil))
		}
		return rows, nil
	},
}

// pg_stats has a row for every column that was analysed.
var pgStats = &View{
	OID: 12053, Name: "pg_stats",
	Columns: columns("schemaname name, tablename name, attname name, inherited boolean, null_frac real, avg_width integer, n_distinct real, " +
		"most_common_vals anyarray, most_common_freqs real[], histogram_bounds anyarray, correlation real, most_common_elems anyarray, " +
		"most_common_elem_freqs real[], elem_count_histogram real[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, t := range env.Catalog.Tables() {
			for i := range t.Columns {
				c := &t.Columns[i]
				if c.Distinct == 0 && c.NullFraction == 0 {
					continue
				}
				rows = append(rows, row("public", t.Name, c.Name, false, float32(c.NullFraction), c.Width, float32(c.Distinct),
					nil, nil, nil, nil, nil,
					nil, nil))
			}
		}
		return rows, nil
	},
}
