package clienttest

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/stretchr/testify/require"
)

func openPq(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", quire.dsn())
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func pqError(t *testing.T, err error) *pq.Error {
	t.Helper()
	var e *pq.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestPqQueries(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pq_t", "id int, name text, at timestamptz, f float8, b bytea, ok bool")
	db := openPq(t)
	at := time.Date(2024, 2, 29, 12, 30, 0, 123456000, time.UTC)
	ins, err := db.Prepare("insert into pq_t values ($1, $2, $3, $4, $5, $6)")
	require.NoError(t, err)
	for i := range 20 {
		res, err := ins.Exec(i, sql.NullString{String: fmt.Sprint("n", i), Valid: i%2 == 0}, at.Add(time.Duration(i)*time.Hour), float64(i)/3, []byte{byte(i), 0, 255}, i%2 == 0)
		require.NoError(t, err)
		n, err := res.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}
	require.NoError(t, ins.Close())
	rows, err := db.Query("select id, name, at, f, b, ok from pq_t where id >= $1 order by id", 10)
	require.NoError(t, err)
	defer rows.Close()
	types, err := rows.ColumnTypes()
	require.NoError(t, err)
	require.Equal(t, "TIMESTAMPTZ", types[2].DatabaseTypeName())
	i := 10
	for ; rows.Next(); i++ {
		var id int
		var name sql.NullString
		var when time.Time
		var f float64
		var b []byte
		var ok bool
		require.NoError(t, rows.Scan(&id, &name, &when, &f, &b, &ok))
		require.Equal(t, i, id)
		require.Equal(t, i%2 == 0, name.Valid)
		require.True(t, at.Add(time.Duration(i)*time.Hour).Equal(when))
		require.Equal(t, float64(i)/3, f)
		require.Equal(t, []byte{byte(i), 0, 255}, b)
		require.Equal(t, i%2 == 0, ok)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 20, i)

	e := pqError(t, db.QueryRow("select nosuch from pq_t").Scan(new(int)))
	require.Equal(t, pqerror.Code("42703"), e.Code)
	require.Equal(t, "8", e.Position)
	require.Equal(t, "undefined_column", e.Code.Name())
	var n int
	require.NoError(t, db.QueryRow("select count(*) from pq_t where id = any($1)", pq.Array([]int64{1, 2, 3, 99})).Scan(&n))
	require.Equal(t, 3, n)
	require.ErrorIs(t, db.QueryRow("select id from pq_t where id = -1").Scan(&n), sql.ErrNoRows)

	// A result that is not read to its end.
	many, err := db.Query("select g from generate_series(1, 1000000) g")
	require.NoError(t, err)
	require.True(t, many.Next())
	require.NoError(t, many.Close())
	require.NoError(t, db.Ping())
}

func TestPqCopyIn(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pq_copy", "id int, name text, at timestamptz, b bytea")
	db := openPq(t)
	load := func(rows int, bad bool) error {
		tx, err := db.Begin()
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		st, err := tx.Prepare("copy pq_copy (id, name, at, b) from stdin")
		require.NoError(t, err)
		for i := range rows {
			var name any = fmt.Sprintf("tab\t nl\n back\\ %d", i)
			if i%3 == 0 {
				name = nil
			}
			var id any = i
			if bad && i == rows-1 {
				id = "x"
			}
			if _, err := st.Exec(id, name, time.Unix(int64(i), 0), []byte{byte(i), 0}); err != nil {
				return err
			}
		}
		if _, err := st.Exec(); err != nil {
			return err
		}
		if err := st.Close(); err != nil {
			return err
		}
		return tx.Commit()
	}
	require.NoError(t, load(3000, false))
	e := pqError(t, load(100, true))
	require.Equal(t, pqerror.Code("22P02"), e.Code)
	require.Equal(t, `COPY pq_copy, line 100, column id: "x"`, e.Where)
	var n, named int
	require.NoError(t, db.QueryRow(`select count(*), count(*) filter (where name = e'tab\t nl\n back\\ ' || id) from pq_copy`).Scan(&n, &named))
	require.Equal(t, 3000, n)
	require.Equal(t, 2000, named)
}

func TestPqTransactions(t *testing.T) {
	quire.watch(t)
	quire.table(t, "pq_tx", "id int")
	db := openPq(t)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	require.NoError(t, err)
	var level, readOnly string
	require.NoError(t, tx.QueryRow("show transaction_isolation").Scan(&level))
	require.NoError(t, tx.QueryRow("show transaction_read_only").Scan(&readOnly))
	require.Equal(t, []string{"repeatable read", "on"}, []string{level, readOnly})
	_, err = tx.Exec("insert into pq_tx values (1)")
	require.Equal(t, pqerror.Code("25006"), pqError(t, err).Code)
	_, err = tx.Exec("select 1")
	require.Equal(t, pqerror.Code("25P02"), pqError(t, err).Code)
	require.NoError(t, tx.Rollback())

	tx, err = db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("insert into pq_tx values (1), (2)")
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	var n int
	require.NoError(t, db.QueryRow("select count(*) from pq_tx").Scan(&n))
	require.Zero(t, n)
}

// Goroutines move money between accounts; the sum stays, and what each saw as committed is there.
func TestPqConcurrent(t *testing.T) {
	quire.watch(t)
	const accounts, workers, moves = 10, 8, 40
	quire.table(t, "pq_bank", "id int, balance int")
	quire.table(t, "pq_journal", "worker int, move int")
	db := openPq(t)
	db.SetMaxOpenConns(workers + 1)
	_, err := db.Exec("insert into pq_bank select g, 1000 from generate_series(0, $1 - 1) g", accounts)
	require.NoError(t, err)
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	for w := range workers {
		wg.Go(func() { errs <- transfers(db, w, accounts, moves) })
	}
	for range 20 {
		var sum int
		require.NoError(t, db.QueryRow("select sum(balance) from pq_bank").Scan(&sum))
		require.Equal(t, accounts*1000, sum)
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	var sum, journal, distinct int
	require.NoError(t, db.QueryRow("select sum(balance) from pq_bank").Scan(&sum))
	require.NoError(t, db.QueryRow("select count(*), count(distinct worker * 1000 + move) from pq_journal").Scan(&journal, &distinct))
	require.Equal(t, []int{accounts * 1000, workers * moves, workers * moves}, []int{sum, journal, distinct})
}

// transfers does one worker's moves, each until it commits: a deadlock's victim tries again.
func transfers(db *sql.DB, worker, accounts, moves int) error {
	for m := 0; m < moves; {
		err := transfer(db, worker, m, accounts)
		var e *pq.Error
		switch {
		case err == nil:
			m++
		case errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001"):
		default:
			return err
		}
	}
	return nil
}

func transfer(db *sql.DB, worker, move, accounts int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	from, to := (worker*7+move*3)%accounts, (worker*3+move*7+1)%accounts
	if _, err := tx.Exec("update pq_bank set balance = balance - $1 where id = $2", move+1, from); err != nil {
		return err
	}
	if _, err := tx.Exec("update pq_bank set balance = balance + $1 where id = $2", move+1, to); err != nil {
		return err
	}
	if _, err := tx.Exec("insert into pq_journal values ($1, $2)", worker, move); err != nil {
		return err
	}
	return tx.Commit()
}

// Isolation levels as database/sql names them: read uncommitted is read committed, serializable is refused.
func TestPqIsolationLevels(t *testing.T) {
	quire.watch(t)
	db := openPq(t)
	for level, want := range map[sql.IsolationLevel]string{
		sql.LevelDefault: "read committed", sql.LevelReadUncommitted: "read committed", sql.LevelReadCommitted: "read committed",
		sql.LevelRepeatableRead: "repeatable read",
	} {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
		require.NoError(t, err, level)
		var got string
		require.NoError(t, tx.QueryRow("show transaction_isolation").Scan(&got))
		require.Equal(t, want, got)
		require.NoError(t, tx.Commit())
	}
	_, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	require.Equal(t, pqerror.Code("0A000"), pqError(t, err).Code)
	require.NoError(t, db.Ping())
}

// Notifications are not there: the listener hears so, and its connection goes on.
func TestPqListenIsRefused(t *testing.T) {
	quire.watch(t)
	l, err := pq.NewListenerConn(quire.dsn(), make(chan *pq.Notification, 1))
	require.NoError(t, err)
	defer l.Close()
	answered, err := l.Listen("x")
	require.True(t, answered)
	require.Equal(t, pqerror.Code("0A000"), pqError(t, err).Code)
	require.NoError(t, l.Ping())
}
