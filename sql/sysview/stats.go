package sysview

import (
	"context"
	"math"

	"github.com/quiredb/quire/core/datum"
)

// Nothing counts scans and changes: these views have what the last VACUUM or ANALYZE counted, and names.
var (
	_ = view("pg_stat_user_tables", tableStats)
	_ = view("pg_stat_all_tables", tableStats)
	_ = view("pg_stat_user_indexes", indexStats)
	_ = view("pg_stat_all_indexes", indexStats)
)

func tableStats(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, t := range env.Catalog.Tables() {
		rows = append(rows, row(t.OID, "public", t.Name, nil, nil, nil, nil,
			nil, nil, nil, nil, int64(math.Max(t.Stats.Tuples, 0)), nil,
			nil, nil, nil, nil,
			nil, nil, nil, nil, nil,
			nil))
	}
	return rows, nil
}

func indexStats(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, x := range env.Catalog.Indexes() {
		if t := env.Catalog.TableByOID(x.Table); t != nil {
			rows = append(rows, row(t.OID, x.OID, "public", t.Name, x.Name, nil, nil, nil))
		}
	}
	return rows, nil
}

var _ = view("pg_stat_database", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var backends any
	if env.Sessions != nil {
		backends = len(env.Sessions())
	}
	return [][]datum.Datum{row(DatabaseOID, env.Database, backends, nil, nil, nil, nil,
		nil, nil, nil, nil, nil, nil, nil, nil,
		nil, nil, nil, nil, nil, nil, nil,
		nil, nil, nil, nil, nil, nil)}, nil
})

// pg_stats has a row for every column that was analysed and that the session's role may read: it shows values.
var _ = view("pg_stats", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	role := env.Catalog.Role(env.User)
	var rows [][]datum.Datum
	for _, t := range env.Catalog.Tables() {
		if role == nil || !allowed(role, ownerName(env.Catalog, t.Owner), t.ACL, letters["SELECT"]) {
			continue
		}
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Dropped || c.Distinct == 0 && c.NullFraction == 0 {
				continue
			}
			v := t.Values(i)
			var frequencies, related any
			if len(v.Common) > 0 {
				frequencies = floatArray(c.Frequencies)
			}
			if c.Correlation != 0 {
				related = float32(c.Correlation)
			}
			rows = append(rows, row("public", t.Name, c.Name, false, float32(c.NullFraction), c.Width, float32(c.Distinct),
				valuesText(c.Type.OID, v.Common), frequencies, valuesText(c.Type.OID, v.Bounds), related, nil,
				nil, nil))
		}
	}
	return rows, nil
})

// valuesText is the text of an array of some type, NULL if there is nothing in it.
func valuesText(element datum.OID, list []datum.Datum) any {
	array := datum.Lookup(datum.MustLookup(element).Array)
	if len(list) == 0 || array == nil {
		return nil
	}
	return array.String(datum.NewArray(element, list))
}

func floatArray(list []float64) datum.Datum {
	out := make([]datum.Datum, len(list))
	for i, f := range list {
		out[i] = datum.NewFloat(float64(float32(f)))
	}
	return datum.NewArray(datum.Float4, out)
}
