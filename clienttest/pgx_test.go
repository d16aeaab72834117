package clienttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// sqlError runs what must fail and returns its error with all fields.
func sqlError(t *testing.T, err error) *pgconn.PgError {
	t.Helper()
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	return e
}

func TestPgxConnects(t *testing.T) {
	quire.watch(t)
	t.Run("over the socket without a password", func(t *testing.T) {
		conn := quire.connect(t)
		require.NoError(t, conn.Ping(ctx))
		require.Equal(t, "UTF8", conn.PgConn().ParameterStatus("client_encoding"))
		require.Equal(t, "on", conn.PgConn().ParameterStatus("integer_datetimes"))
		require.Equal(t, "on", conn.PgConn().ParameterStatus("standard_conforming_strings"))
		require.Contains(t, conn.PgConn().ParameterStatus("server_version"), "15")
	})
	tcp := fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres sslmode=disable password=", quire.port, quire.user)
	t.Run("over TCP with SCRAM", func(t *testing.T) {
		require.NoError(t, connect(t, tcp+"'"+password+"'").Ping(ctx))
	})
	for _, c := range []struct{ name, dsn, code string }{
		{"wrong password", tcp + "wrong", "28P01"},
		{"unknown database", quire.dsn() + " dbname=other", "3D000"},
		{"unknown role", fmt.Sprintf("host=127.0.0.1 port=%d user=nosuch dbname=postgres sslmode=disable password=x", quire.port), "28P01"},
		{"unknown parameter", quire.dsn() + " nosuchparameter=1", "42704"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := pgx.Connect(ctx, c.dsn)
			require.Equal(t, c.code, sqlError(t, err).Code)
		})
	}
}

// Each of pgx's ways to run a query gives the same rows: they differ in messages, parameter formats and result formats.
func TestPgxQueryModes(t *testing.T) {
	quire.watch(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			conn := quire.connect(t)
			for range 3 { // the second time, a cached statement
				rows, err := conn.Query(ctx, "select g, 'n' || g from generate_series($1::int, $2::int) g order by 1", mode, 3, 5)
				require.NoError(t, err)
				got, err := pgx.CollectRows(rows, pgx.RowToMap)
				require.NoError(t, err)
				require.Equal(t, []map[string]any{{"g": int32(3), "?column?": "n3"}, {"g": int32(4), "?column?": "n4"}, {"g": int32(5), "?column?": "n5"}}, got)
			}
			var null *string
			require.NoError(t, conn.QueryRow(ctx, "select $1::text", mode, nil).Scan(&null))
			require.Nil(t, null)
			_, err := conn.Exec(ctx, "select 1 / $1::int", mode, 0)
			require.Equal(t, "22012", sqlError(t, err).Code)
			require.NoError(t, conn.QueryRow(ctx, "select 'alive'", mode).Scan(&null))
		})
	}
}

func TestPgxPrepared(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_prepared", "id int, name text")
	conn := quire.connect(t)
	sd, err := conn.Prepare(ctx, "ins", "insert into pgx_prepared values ($1, $2)")
	require.NoError(t, err)
	require.Equal(t, []uint32{23, 25}, sd.ParamOIDs)
	require.Empty(t, sd.Fields)
	for i := range 10 {
		tag, err := conn.Exec(ctx, "ins", i, fmt.Sprint("name ", i))
		require.NoError(t, err)
		require.Equal(t, "INSERT 0 1", tag.String())
	}
	sd, err = conn.Prepare(ctx, "sel", "select id, name as n, id * 2 from pgx_prepared where id >= $1 and name like $2 order by id")
	require.NoError(t, err)
	require.Equal(t, []uint32{23, 25}, sd.ParamOIDs)
	require.Equal(t, []string{"id", "n", "?column?"}, []string{sd.Fields[0].Name, sd.Fields[1].Name, sd.Fields[2].Name})
	require.NotZero(t, sd.Fields[0].TableOID)
	require.Equal(t, []uint16{1, 2, 0}, []uint16{sd.Fields[0].TableAttributeNumber, sd.Fields[1].TableAttributeNumber, sd.Fields[2].TableAttributeNumber})
	rows, _ := conn.Query(ctx, "sel", 8, "name%")
	ids, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (id int, err error) { return id, r.Scan(&id, nil, nil) })
	require.NoError(t, err)
	require.Equal(t, []int{8, 9}, ids)

	// A prepared statement outlives a failed one, and is gone when deallocated.
	_, err = conn.Prepare(ctx, "bad", "select nosuch from pgx_prepared")
	require.Equal(t, "42703", sqlError(t, err).Code)
	require.NoError(t, conn.Deallocate(ctx, "sel"))
	_, err = conn.PgConn().ExecPrepared(ctx, "sel", [][]byte{[]byte("1"), []byte("x")}, nil, nil).Close()
	require.Equal(t, "26000", sqlError(t, err).Code)

	// What a statement was prepared for changes under it: it is planned again, or says that its result would have another shape.
	_, err = conn.Prepare(ctx, "star", "select * from pgx_prepared where id = $1")
	require.NoError(t, err)
	other := quire.connect(t)
	exec1(t, other, "drop table pgx_prepared; create table pgx_prepared (id int, name text, more text)")
	_, err = conn.Exec(ctx, "ins", 77, "again")
	require.NoError(t, err)
	_, err = conn.PgConn().ExecPrepared(ctx, "star", [][]byte{[]byte("1")}, nil, nil).Close()
	require.Equal(t, "0A000", sqlError(t, err).Code)
	require.Equal(t, "cached plan must not change result type", sqlError(t, err).Message)
}

func TestPgxBatch(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_batch", "id int, v int")
	conn := quire.connect(t)
	b := &pgx.Batch{}
	for i := range 100 {
		b.Queue("insert into pgx_batch values ($1, $2)", i, i*i)
	}
	b.Queue("update pgx_batch set v = v + 1 where id < $1", 50)
	b.Queue("select sum(v) from pgx_batch")
	res := conn.SendBatch(ctx, b)
	for range 100 {
		tag, err := res.Exec()
		require.NoError(t, err)
		require.EqualValues(t, 1, tag.RowsAffected())
	}
	tag, err := res.Exec()
	require.NoError(t, err)
	require.EqualValues(t, 50, tag.RowsAffected())
	var sum int64
	require.NoError(t, res.QueryRow().Scan(&sum))
	require.NoError(t, res.Close())
	require.EqualValues(t, 328350+50, sum)

	// One failure undoes the whole batch, and what follows it is skipped to the Sync.
	b = &pgx.Batch{}
	b.Queue("insert into pgx_batch values (1000, 0)")
	b.Queue("select 1 / v from pgx_batch where id = 0 and v = $1 - 1 + 1", 1)
	b.Queue("insert into pgx_batch values (1001, $1)", 0)
	b.Queue("select 1 / (v - v) from pgx_batch")
	err = conn.SendBatch(ctx, b).Close()
	require.Equal(t, "22012", sqlError(t, err).Code)
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgx_batch").Scan(&sum))
	require.EqualValues(t, 100, sum)

	// A pipeline with several Syncs: each is a transaction of its own.
	p := conn.PgConn().StartPipeline(ctx)
	p.SendQueryParams("insert into pgx_batch values (2000, 0)", nil, nil, nil, nil)
	require.NoError(t, p.Sync())
	p.SendQueryParams("insert into pgx_batch values (2001, 1/(random() * 0)::int)", nil, nil, nil, nil)
	p.SendQueryParams("insert into pgx_batch values (2002, 0)", nil, nil, nil, nil)
	require.NoError(t, p.Sync())
	p.SendQueryParams("insert into pgx_batch values (2003, 0)", nil, nil, nil, nil)
	require.NoError(t, p.Sync())
	require.Equal(t, "22012", sqlError(t, p.Close()).Code)
	require.NoError(t, conn.QueryRow(ctx, "select sum(id) from pgx_batch where id >= 2000").Scan(&sum))
	require.EqualValues(t, 4003, sum)
}

func TestPgxTransactions(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_tx", "id int, v int")
	conn := quire.connect(t)
	other := quire.connect(t)
	count := func(c interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}) (n int) {
		require.NoError(t, c.QueryRow(ctx, "select count(*) from pgx_tx").Scan(&n))
		return n
	}
	require.NoError(t, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into pgx_tx values (1, 1), (2, 2)")
		require.NoError(t, err)
		require.Equal(t, 2, count(tx))
		require.Equal(t, 0, count(other))
		require.Equal(t, byte('T'), conn.PgConn().TxStatus())
		return nil
	}))
	require.Equal(t, 2, count(other))

	boom := errors.New("boom")
	require.ErrorIs(t, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "delete from pgx_tx")
		require.NoError(t, err)
		return boom
	}), boom)
	require.Equal(t, 2, count(other))

	t.Run("a failed transaction refuses what follows", func(t *testing.T) {
		tx, err := conn.Begin(ctx)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "insert into pgx_tx values (3, 1/0)")
		require.Equal(t, "22012", sqlError(t, err).Code)
		require.Equal(t, byte('E'), conn.PgConn().TxStatus())
		_, err = tx.Exec(ctx, "select 1")
		require.Equal(t, "25P02", sqlError(t, err).Code)
		require.ErrorIs(t, tx.Commit(ctx), pgx.ErrTxCommitRollback)
		require.Equal(t, byte('I'), conn.PgConn().TxStatus())
	})
	t.Run("repeatable read keeps its snapshot and refuses a lost update", func(t *testing.T) {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
		require.NoError(t, err)
		require.Equal(t, 2, count(tx))
		_, err = other.Exec(ctx, "insert into pgx_tx values (3, 3)")
		require.NoError(t, err)
		_, err = other.Exec(ctx, "update pgx_tx set v = 100 where id = 1")
		require.NoError(t, err)
		require.Equal(t, 2, count(tx))
		_, err = tx.Exec(ctx, "update pgx_tx set v = 200 where id = 1")
		require.Equal(t, "40001", sqlError(t, err).Code)
		require.NoError(t, tx.Rollback(ctx))
	})
	t.Run("read only", func(t *testing.T) {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "delete from pgx_tx")
		require.Equal(t, "25006", sqlError(t, err).Code)
		require.NoError(t, tx.Rollback(ctx))
	})
	t.Run("serializable is refused", func(t *testing.T) {
		_, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
		require.Equal(t, "0A000", sqlError(t, err).Code)
		require.Equal(t, byte('I'), conn.PgConn().TxStatus())
	})
	t.Run("a deadlock ends one of the two", func(t *testing.T) {
		a, err := conn.Begin(ctx)
		require.NoError(t, err)
		b, err := other.Begin(ctx)
		require.NoError(t, err)
		_, err = a.Exec(ctx, "update pgx_tx set v = 0 where id = 1")
		require.NoError(t, err)
		_, err = b.Exec(ctx, "update pgx_tx set v = 0 where id = 2")
		require.NoError(t, err)
		got := make(chan error, 2)
		go func() { _, err := a.Exec(ctx, "update pgx_tx set v = 1 where id = 2"); _ = a.Rollback(ctx); got <- err }()
		go func() { _, err := b.Exec(ctx, "update pgx_tx set v = 1 where id = 1"); _ = b.Rollback(ctx); got <- err }()
		errs := []error{<-got, <-got}
		if errs[0] == nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		require.NoError(t, errs[1])
		e := sqlError(t, errs[0])
		require.Equal(t, "40P01", e.Code)
		require.Contains(t, e.Detail, "waits for")
	})
}

func TestPgxCancel(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_cancel", "id int")
	conn := quire.connect(t)

	// A context that ends makes pgx close the connection; the server must notice.
	pid := quire.connect(t).PgConn()
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := pid.Exec(short, "select pg_sleep(60)").ReadAll()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool {
		var n int
		require.NoError(t, conn.QueryRow(ctx, "select count(*) from pg_stat_activity where pid = $1", pid.PID()).Scan(&n))
		return n == 0
	}, patience, 5*time.Millisecond, "the abandoned session is still there")

	// A cancel request leaves the connection usable. Each of these would run for minutes.
	for _, sql := range []string{
		"select pg_sleep(600)",
		"select count(*) from generate_series(1, 100000000000)",
		"insert into pgx_cancel select * from generate_series(1, 100000000000)",
		"select g from generate_series(1, 100000000) g order by md5(g::text)",
	} {
		t.Run(sql, func(t *testing.T) {
			done := make(chan error, 1)
			go func() { _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); done <- err }()
			watcher := quire.connect(t)
			require.Eventually(t, func() bool {
				var n int
				require.NoError(t, watcher.QueryRow(ctx, "select count(*) from pg_stat_activity where pid = $1 and state = 'active'", conn.PgConn().PID()).Scan(&n))
				return n == 1
			}, patience, time.Millisecond)
			for {
				require.NoError(t, conn.PgConn().CancelRequest(ctx))
				select {
				case err = <-done:
				case <-time.After(100 * time.Millisecond): // the request may have come between two statements
					continue
				}
				break
			}
			e := sqlError(t, err)
			require.Equal(t, "57014", e.Code)
			require.Equal(t, "canceling statement due to user request", e.Message)
		})
	}
	var n int
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from pgx_cancel").Scan(&n))
	require.Zero(t, n, "a cancelled insert left rows")

	exec1(t, conn, "set statement_timeout = '20ms'")
	_, err = conn.Exec(ctx, "select pg_sleep(60)")
	e := sqlError(t, err)
	require.Equal(t, "57014", e.Code)
	require.Equal(t, "canceling statement due to statement timeout", e.Message)
}

func TestPgxErrorFields(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pgx_errors", "id int not null, name text")
	conn := quire.connect(t)
	fail := func(sql string, args ...any) *pgconn.PgError {
		_, err := conn.Exec(ctx, sql, args...)
		return sqlError(t, err)
	}
	e := fail("select nam from pgx_errors")
	require.Equal(t, "42703", e.Code)
	require.Equal(t, "ERROR", e.Severity)
	require.Equal(t, `column "nam" does not exist`, e.Message)
	require.Equal(t, `Perhaps you meant to reference the column "pgx_errors.name".`, e.Hint)
	require.EqualValues(t, 8, e.Position)
	e = fail("insert into pgx_errors values ($1, $2)", nil, "x")
	require.Equal(t, "23502", e.Code)
	require.Equal(t, "Failing row contains (null, x).", e.Detail)
	require.Equal(t, "pgx_errors", e.TableName)
	require.Equal(t, "id", e.ColumnName)
	require.Equal(t, "public", e.SchemaName)
	e = fail("select 'äöü' || nosuch")
	require.EqualValues(t, 17, e.Position, "positions count characters, not bytes")

	// Notices arrive beside the answer.
	cfg, err := pgx.ParseConfig(quire.dsn())
	require.NoError(t, err)
	var notices []string
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		notices = append(notices, n.Severity+" "+n.Code+" "+n.Message)
	}
	c, err := pgx.ConnectConfig(ctx, cfg)
	require.NoError(t, err)
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "drop table if exists nosuch")
	require.NoError(t, err)
	_, err = c.Exec(ctx, "commit")
	require.NoError(t, err)
	require.Equal(t, []string{`NOTICE 00000 table "nosuch" does not exist, skipping`, "WARNING 25P01 there is no transaction in progress"}, notices)
}
