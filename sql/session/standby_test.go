package session_test

import (
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/session"
)

// A standby reads and refuses to write, in PostgreSQL's words.
func TestStandbyRefusesToWrite(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, "create extension bloom; create table t (a int); insert into t select generate_series from generate_series(1, 10)")
	must(t, s, "create index on t using bloom (a)")
	must(t, s, "create table altered (a int, b int); insert into altered values (1, 2); alter table altered add c int default 3, drop b; alter table altered rename c to d; comment on table altered is 'so it is'")
	want := must(t, s, "select relname, quire_relation_digest(oid::regclass) from pg_class where relkind in ('r', 'i') and relname like 't%'")
	s.Close()
	r.stop()

	f := r.engine.Control()
	require.NoError(t, engine.PrepareStandby(r.fs, "data", f, f.Checkpoint))
	eng, err := engine.Open(background, r.fs, "data", engine.Options{Frames: 512, PrivateMemory: true, Log: zerolog.Nop(), Standby: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, eng.Shutdown(background)) })
	db, err := session.Open(session.Config{Engine: eng, Log: zerolog.Nop()})
	require.NoError(t, err)
	standby, err := db.NewSession(session.SessionParams{User: "postgres", PID: 1, Superuser: true})
	require.NoError(t, err)
	t.Cleanup(standby.Close)

	// Without plugins the answer comes by sequential scan.
	must(t, standby, "set enable_seqscan = off")
	require.Equal(t, "count\n1\nSELECT 1\n", must(t, standby, "select count(*) from t where a = 7"))
	require.Equal(t, want, must(t, standby, "select relname, quire_relation_digest(oid::regclass) from pg_class where relkind in ('r', 'i') and relname like 't%'"))
	require.Equal(t, "a|d|obj_description\n1|3|so it is\nSELECT 1\n", must(t, standby, "select *, obj_description('altered'::regclass) from altered"))
	require.Equal(t, "pg_is_in_recovery|transaction_read_only\nt|on\nSELECT 1\n",
		must(t, standby, "select pg_is_in_recovery(), current_setting('transaction_read_only') as transaction_read_only"))
	for sql, message := range map[string]string{
		"insert into t values (1)":         "cannot execute INSERT in a read-only transaction",
		"update t set a = 1":               "cannot execute UPDATE in a read-only transaction",
		"delete from t":                    "cannot execute DELETE in a read-only transaction",
		"create table u (a int)":           "cannot execute CREATE TABLE in a read-only transaction",
		"alter table t add b int":          "cannot execute ALTER TABLE in a read-only transaction",
		"alter table t rename to u":        "cannot execute ALTER TABLE in a read-only transaction",
		"comment on table t is 'x'":        "cannot execute COMMENT in a read-only transaction",
		"drop index t_a_idx":               "cannot execute DROP INDEX in a read-only transaction",
		"truncate t":                       "cannot execute TRUNCATE TABLE in a read-only transaction",
		"copy t from stdin":                "cannot execute COPY FROM in a read-only transaction",
		"alter role postgres password 'x'": "cannot execute ALTER ROLE in a read-only transaction",
		"vacuum t":                         "cannot execute VACUUM during recovery",
		"analyze t":                        "cannot execute ANALYZE during recovery",
		"explain analyze delete from t":    "cannot execute DELETE in a read-only transaction",
		"select txid_current()":            "cannot assign a transaction number during recovery",
	} {
		err := standby.Query(background, sql, &capture{s: standby})
		require.EqualError(t, err, message, sql)
		require.Equal(t, pgerr.ReadOnlySQLTransaction, pgerr.CodeOf(err), sql)
	}
	err = standby.Query(background, "begin; lock table t in row exclusive mode; lock table t", &capture{s: standby})
	require.EqualError(t, err, "cannot execute LOCK TABLE during recovery")
	must(t, standby, "rollback")
	err = standby.Query(background, "select pg_current_wal_lsn()", &capture{s: standby})
	require.EqualError(t, err, "recovery is in progress")
	require.NotContains(t, must(t, standby, "select pg_last_wal_replay_lsn()"), "∅")
}
