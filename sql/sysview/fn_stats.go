package sysview

import (
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/sql/expr"
)

// statistics are the functions behind the views of counters, which monitoring programs call too, and those that reset them.
func (r registrar) statistics() {
	r.relationCounters()
	r.databaseCounters()
	nothing := func(*Env, []datum.Datum) (datum.Datum, error) { return datum.Datum{}, nil }
	r.do("pg_stat_clear_snapshot", nothing)   // views show what is, not what was when the transaction began
	r.do("pg_stat_force_next_flush", nothing) // everything is shared when a transaction ends
	r.do("pg_stat_reset", func(e *Env, _ []datum.Datum) (datum.Datum, error) {
		if err := e.mayReset("pg_stat_reset"); err != nil {
			return datum.Datum{}, err
		}
		e.Engine.Stats.Reset()
		return datum.Datum{}, nil
	})
	r.do("pg_stat_reset_single_table_counters", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		if err := e.mayReset("pg_stat_reset_single_table_counters"); err != nil {
			return datum.Datum{}, err
		}
		e.Engine.Stats.ResetRelation(uint32(a[0].I))
		return datum.Datum{}, nil
	}, datum.OIDType)
}

// do registers a function that is called for what it does.
func (r registrar) do(name string, f function, args ...datum.OID) {
	r.r.Register(&expr.Function{Name: name, Args: args, Returns: datum.Void, Strict: true, Volatility: expr.Volatile,
		Eval: func(ctx *expr.EvalCtx, values []datum.Datum) (datum.Datum, error) {
			e, err := r.env(ctx)
			if err != nil {
				return datum.Datum{}, err
			}
			return f(e, values)
		}})
}

// mayReset refuses to let anybody but a superuser reset counters.
func (e *Env) mayReset(name string) error {
	if !e.Superuser {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for function %s", name)
	}
	return nil
}

// relationCounters are the functions that take the OID of a table or an index. Nothing counted is zero, no time is NULL.
func (r registrar) relationCounters() {
	type relation = pgstat.Relation
	for name, get := range map[string]func(relation) int64{
		"pg_stat_get_numscans":           func(s relation) int64 { return s.Scans },
		"pg_stat_get_tuples_returned":    func(s relation) int64 { return s.Returned },
		"pg_stat_get_tuples_fetched":     func(s relation) int64 { return s.Fetched },
		"pg_stat_get_tuples_inserted":    func(s relation) int64 { return s.Inserted },
		"pg_stat_get_tuples_updated":     func(s relation) int64 { return s.Updated },
		"pg_stat_get_tuples_deleted":     func(s relation) int64 { return s.Deleted },
		"pg_stat_get_tuples_hot_updated": func(s relation) int64 { return s.HotUpdated },
		"pg_stat_get_live_tuples":        func(s relation) int64 { return s.Live },
		"pg_stat_get_dead_tuples":        func(s relation) int64 { return s.Dead },
		"pg_stat_get_mod_since_analyze":  func(s relation) int64 { return s.SinceAnalyze },
		"pg_stat_get_ins_since_vacuum":   func(s relation) int64 { return s.InsertedSinceVacuum },
		"pg_stat_get_vacuum_count":       func(s relation) int64 { return s.Vacuums },
		"pg_stat_get_analyze_count":      func(s relation) int64 { return s.Analyzes },
		"pg_stat_get_autovacuum_count":   func(relation) int64 { return 0 },
		"pg_stat_get_autoanalyze_count":  func(relation) int64 { return 0 },
	} {
		r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
			return datum.NewInt(get(e.Engine.Stats.Relation(uint32(a[0].I)))), nil
		}, datum.Int8, datum.OIDType)
	}
	for name, get := range map[string]func(relation) time.Time{
		"pg_stat_get_last_vacuum_time":      func(s relation) time.Time { return s.LastVacuum },
		"pg_stat_get_last_analyze_time":     func(s relation) time.Time { return s.LastAnalyze },
		"pg_stat_get_last_autovacuum_time":  func(relation) time.Time { return time.Time{} },
		"pg_stat_get_last_autoanalyze_time": func(relation) time.Time { return time.Time{} },
	} {
		r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
			return value(get(e.Engine.Stats.Relation(uint32(a[0].I)))), nil
		}, datum.Timestamptz, datum.OIDType)
	}
}

// databaseCounters are the functions that take the OID of the database. Of another there is nothing to tell.
func (r registrar) databaseCounters() {
	type database = pgstat.Database
	for name, get := range map[string]func(database) int64{
		"pg_stat_get_db_xact_commit":     func(d database) int64 { return d.Commits },
		"pg_stat_get_db_xact_rollback":   func(d database) int64 { return d.Rollbacks },
		"pg_stat_get_db_blocks_fetched":  func(d database) int64 { return d.BlocksRead + d.BlocksHit },
		"pg_stat_get_db_blocks_hit":      func(d database) int64 { return d.BlocksHit },
		"pg_stat_get_db_tuples_returned": func(d database) int64 { return d.Returned },
		"pg_stat_get_db_tuples_fetched":  func(d database) int64 { return d.Fetched },
		"pg_stat_get_db_tuples_inserted": func(d database) int64 { return d.Inserted },
		"pg_stat_get_db_tuples_updated":  func(d database) int64 { return d.Updated },
		"pg_stat_get_db_tuples_deleted":  func(d database) int64 { return d.Deleted },
		"pg_stat_get_db_temp_files":      func(d database) int64 { return d.TempFiles },
		"pg_stat_get_db_temp_bytes":      func(d database) int64 { return d.TempBytes },
		"pg_stat_get_db_deadlocks":       func(d database) int64 { return d.Deadlocks },
		"pg_stat_get_db_sessions":        func(d database) int64 { return d.Sessions },
	} {
		r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
			if uint32(a[0].I) != DatabaseOID {
				return datum.NewInt(0), nil
			}
			return datum.NewInt(get(e.Engine.Stats.Database())), nil
		}, datum.Int8, datum.OIDType)
	}
	r.add("pg_stat_get_db_numbackends", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		if uint32(a[0].I) != DatabaseOID {
			return datum.NewInt(0), nil
		}
		return value(e.backends()), nil
	}, datum.Int4, datum.OIDType)
	r.add("pg_stat_get_db_stat_reset_time", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		if uint32(a[0].I) != DatabaseOID {
			return datum.NewNull(), nil
		}
		return value(e.Engine.Stats.Database().Reset), nil
	}, datum.Timestamptz, datum.OIDType)
}
