package sysview

import (
	"context"
	"time"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// The counters are those of core/pgstat. All tables that are shown are the user's: nothing counts the system's relations, which have no
// files to scan.
var (
	_ = view("pg_stat_user_tables", tableStats)
	_ = view("pg_stat_all_tables", tableStats)
	_ = view("pg_stat_user_indexes", indexStats)
	_ = view("pg_stat_all_indexes", indexStats)
)

func tableStats(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	stats := env.Engine.Stats
	for _, t := range env.Catalog.Tables() {
		r := stats.Relation(t.OID)
		searches, fetched := env.byIndexes(t)
		rows = append(rows, row(t.OID, "public", t.Name, r.Scans, r.Returned, searches, fetched,
			r.Inserted, r.Updated, r.Deleted, r.HotUpdated, r.Live, r.Dead,
			r.SinceAnalyze, r.InsertedSinceVacuum, r.LastVacuum, nil, r.LastAnalyze, nil,
			r.Vacuums, 0, r.Analyzes, 0))
	}
	return rows, nil
}

// byIndexes counts the searches in a table's indexes, and the rows fetched by way of them; NULL if it has none.
func (e *Env) byIndexes(t *catalog.Table) (searches, fetched any) {
	indexes := e.Catalog.IndexesOf(t.OID)
	if len(indexes) == 0 {
		return nil, nil
	}
	n, rows := int64(0), e.Engine.Stats.Relation(t.OID).Fetched
	for _, x := range indexes {
		r := e.Engine.Stats.Relation(x.OID)
		n += r.Scans
		rows += r.Fetched
	}
	return n, rows
}

func indexStats(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, x := range env.Catalog.Indexes() {
		if t := env.Catalog.TableByOID(x.Table); t != nil {
			r := env.Engine.Stats.Relation(x.OID)
			rows = append(rows, row(t.OID, x.OID, "public", t.Name, x.Name, r.Scans, r.Returned, r.Fetched))
		}
	}
	return rows, nil
}

var _ = view("pg_stat_database", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	d := env.Engine.Stats.Database()
	return [][]datum.Datum{row(DatabaseOID, env.Database, env.backends(), d.Commits, d.Rollbacks, d.BlocksRead, d.BlocksHit,
		d.Returned, d.Fetched, d.Inserted, d.Updated, d.Deleted, nil, d.TempFiles, d.TempBytes, d.Deadlocks,
		nil, nil, nil, nil, milliseconds(d.SessionTime), nil, nil, d.Sessions, nil, nil, nil, d.Reset)}, nil
})

// backends is the number of sessions, NULL if it is not known.
func (e *Env) backends() any {
	if e.Sessions == nil {
		return nil
	}
	return len(e.Sessions())
}

func milliseconds(d time.Duration) datum.Datum {
	return datum.NewFloat(float64(d) / float64(time.Millisecond))
}

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
