package session

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/sysview"
)

// of is the session that evaluates a function.
func of(ec *expr.EvalCtx) *Session { return ec.Session.(*Session) }

// registerFunctions adds what depends on the server or on the session.
func (db *DB) registerFunctions() {
	db.registerWAL()
	db.registerSizes()
	db.registerSession()
	sysview.Register(db.registry, func(ec *expr.EvalCtx) (*sysview.Env, error) { return of(ec).viewEnv() })
	db.registerSequences()
	db.registerIndexChecks()
}

func fn(name string, returns datum.OID, v expr.Volatility, args ...datum.OID) *expr.Function {
	return &expr.Function{Name: name, Args: args, Returns: returns, Strict: true, Volatility: v}
}

// registerWAL adds the functions about positions in the log.
func (db *DB) registerWAL() {
	lsn := func(name string, standby bool, f func() (page.LSN, bool)) {
		x := fn(name, datum.PgLSN, expr.Volatile)
		x.Eval0 = func(*expr.EvalCtx) (datum.Datum, error) {
			if standby != db.eng.IsStandby() {
				if standby {
					return datum.NewNull(), nil
				}
				return datum.Datum{}, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "recovery is in progress").
					WithHint("WAL control functions cannot be executed during recovery.")
			}
			v, ok := f()
			if !ok {
				return datum.NewNull(), nil
			}
			return datum.NewLSN(uint64(v)), nil
		}
		db.registry.Register(x)
	}
	// The write position is the insert position: there is no copy of the log between the buffer and the file that could be asked about.
	lsn("pg_current_wal_lsn", false, func() (page.LSN, bool) { return db.eng.WAL.InsertLSN(), true })
	lsn("pg_current_wal_insert_lsn", false, func() (page.LSN, bool) { return db.eng.WAL.InsertLSN(), true })
	lsn("pg_current_wal_flush_lsn", false, func() (page.LSN, bool) { return db.eng.WAL.FlushedLSN(), true })
	lsn("pg_last_wal_replay_lsn", true, func() (page.LSN, bool) { return db.eng.Applier.Replayed(), true })
	lsn("pg_last_wal_receive_lsn", true, func() (page.LSN, bool) {
		if db.cfg.Receiver == nil {
			return db.eng.Applier.Replayed(), true
		}
		v := page.LSN(db.cfg.Receiver())
		return v, v != 0
	})
	x := fn("pg_is_in_recovery", datum.Bool, expr.Volatile)
	x.Eval0 = func(*expr.EvalCtx) (datum.Datum, error) { return datum.NewBool(db.eng.IsStandby()), nil }
	db.registry.Register(x)
}

// registerSizes adds the functions about relations.
func (db *DB) registerSizes() {
	size := func(name string, f func(cat *catalog.Catalog, r relation) ([]page.RelFileNumber, error)) {
		x := fn(name, datum.Int8, expr.Volatile, datum.Regclass)
		x.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
			cat, r, ok, err := of(ec).relation(uint32(a.I))
			if err != nil || !ok {
				return datum.NewNull(), err
			}
			files, err := f(cat, r)
			if err != nil {
				return datum.Datum{}, err
			}
			total := int64(0)
			for _, rel := range files {
				n, err := db.eng.Pool.Length(mainFile(rel))
				if err != nil {
					return datum.Datum{}, err
				}
				total += int64(n) * page.Size
			}
			return datum.NewInt(total), nil
		}
		db.registry.Register(x)
	}
	own := func(_ *catalog.Catalog, r relation) ([]page.RelFileNumber, error) {
		return []page.RelFileNumber{r.rel}, nil
	}
	indexes := func(cat *catalog.Catalog, r relation) ([]page.RelFileNumber, error) {
		var out []page.RelFileNumber
		for _, i := range cat.IndexesOf(r.oid) {
			out = append(out, i.Rel)
		}
		return out, nil
	}
	size("pg_relation_size", own)
	size("pg_table_size", own)
	size("pg_indexes_size", indexes)
	size("pg_total_relation_size", func(cat *catalog.Catalog, r relation) ([]page.RelFileNumber, error) {
		rest, err := indexes(cat, r)
		return append(rest, r.rel), err
	})
	x := fn("quire_relation_digest", datum.Text, expr.Volatile, datum.Regclass)
	x.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		_, r, ok, err := of(ec).relation(uint32(a.I))
		if err != nil || !ok {
			return datum.NewNull(), err
		}
		sum, _, err := db.eng.RelationDigest(mainFile(r.rel))
		return datum.NewText(hex.EncodeToString(sum[:])), err
	}
	check := fn("quire_check", datum.Text, expr.Volatile, datum.Regclass)
	check.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		s := of(ec)
		if _, _, ok, err := s.relation(uint32(a.I)); err != nil || !ok {
			return datum.NewNull(), err
		}
		var problems []string
		err := db.maintain.Check(ec.Context, s.tx.txn, uint32(a.I), func(problem string) { problems = append(problems, problem) })
		return datum.NewText(strings.Join(problems, "\n")), err
	}
	db.registry.Register(x, check)
}

// relation is anything that has a file.
type relation struct {
	oid  uint32
	name string
	rel  page.RelFileNumber
}

// relation finds a table, an index, a sequence or a system relation by OID.
func (s *Session) relation(oid uint32) (*catalog.Catalog, relation, bool, error) {
	cat, err := s.catalog()
	if err != nil {
		return nil, relation{}, false, err
	}
	if t := cat.TableByOID(oid); t != nil {
		return cat, relation{oid, t.Name, t.Rel}, true, nil
	}
	if i := cat.IndexByOID(oid); i != nil {
		return cat, relation{oid, i.Name, i.Rel}, true, nil
	}
	if q := cat.SequenceByOID(oid); q != nil {
		return cat, relation{oid, q.Name, q.Rel}, true, nil
	}
	for _, r := range sysview.SystemRelations() {
		if uint32(r.Rel) == oid {
			return cat, relation{oid, r.Name, r.Rel}, true, nil
		}
	}
	return cat, relation{}, false, nil
}

// catalog is the newest state, inside the transaction if there is one.
func (s *Session) catalog() (*catalog.Catalog, error) {
	if s.tx != nil && !s.tx.txn.Ended() {
		return s.db.cat.Current(s.tx.txn)
	}
	t := s.xs.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }() // it has written nothing
	return s.db.cat.Current(t)
}

// objectByName resolves the name in a literal of a reg type.
func (s *Session) objectByName(kind datum.OID, name string) (datum.OID, error) {
	env, err := s.viewEnv()
	if err != nil {
		return 0, err
	}
	return env.Object(kind, name)
}

// objectName prints a value of a reg type.
func (s *Session) objectName(kind, oid datum.OID) (string, bool) {
	env, err := s.viewEnv()
	if err != nil {
		return "", false
	}
	return env.ObjectName(kind, oid)
}

// registerSession adds the functions about sessions and their settings.
func (db *DB) registerSession() {
	pid := fn("pg_backend_pid", datum.Int4, expr.Stable)
	pid.Eval0 = func(ec *expr.EvalCtx) (datum.Datum, error) { return datum.NewInt(int64(of(ec).params.PID)), nil }
	current := fn("current_setting", datum.Text, expr.Stable, datum.Text)
	current.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		v, err := of(ec).showOne(a.S)
		return datum.NewText(v), err
	}
	missing := fn("current_setting", datum.Text, expr.Stable, datum.Text, datum.Bool)
	missing.Eval2 = func(ec *expr.EvalCtx, a, b datum.Datum) (datum.Datum, error) {
		v, err := of(ec).showOne(a.S)
		if b.Bool() && pgerr.Is(err, pgerr.UndefinedObject) {
			return datum.NewNull(), nil
		}
		return datum.NewText(v), err
	}
	set := fn("set_config", datum.Text, expr.Volatile, datum.Text, datum.Text, datum.Bool)
	set.Strict = false
	set.Eval = func(ec *expr.EvalCtx, args []datum.Datum) (datum.Datum, error) { return of(ec).setConfig(args) }
	sleep := fn("pg_sleep", datum.Void, expr.Volatile, datum.Float8)
	sleep.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		return datum.Datum{}, pgSleep(ec.Context, a.Float())
	}
	txid := func(name string, assign bool) *expr.Function {
		x := fn(name, datum.Int8, expr.Stable)
		x.Eval0 = func(ec *expr.EvalCtx) (datum.Datum, error) {
			t := of(ec).tx.txn
			if !assign && !t.HasXID() {
				return datum.NewNull(), nil
			}
			id, err := t.TopXID()
			return datum.NewInt(int64(id)), err
		}
		return x
	}
	db.registry.Register(pid, current, missing, set, sleep, txid("txid_current", true), txid("txid_current_if_assigned", false),
		txid("pg_current_xact_id", true), txid("pg_current_xact_id_if_assigned", false),
		db.signal("pg_cancel_backend", func(s *Session) bool {
			if s.params.Cancel == nil {
				return false
			}
			s.params.Cancel(pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request"))
			return true
		}),
		db.signal("pg_terminate_backend", func(s *Session) bool {
			if s.params.Terminate == nil {
				return false
			}
			s.params.Terminate(pgerr.Fatal(pgerr.AdminShutdown, "terminating connection due to administrator command"))
			return true
		}))
}

func (s *Session) setConfig(args []datum.Datum) (datum.Datum, error) {
	if args[0].Null {
		return datum.Datum{}, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
	}
	name := args[0].S
	local := !args[2].Null && args[2].Bool()
	if args[1].Null {
		if err := s.settings.Reset(name); err != nil {
			return datum.Datum{}, err
		}
	} else if err := s.setOne(name, args[1].S, local); err != nil {
		return datum.Datum{}, err
	}
	v, err := s.showOne(name)
	return datum.NewText(v), err
}

func pgSleep(ctx context.Context, seconds float64) error {
	if !(seconds > 0) {
		return nil
	}
	timer := time.NewTimer(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// signal makes a function that does something to another session. A role that is no superuser reaches its own sessions only.
func (db *DB) signal(name string, act func(*Session) bool) *expr.Function {
	x := fn(name, datum.Bool, expr.Volatile, datum.Int4)
	x.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		self, other := of(ec), db.session(int32(a.I))
		if other == nil {
			self.notice(pgerr.Warn(pgerr.Warning, "PID %s is not a server process", strconv.FormatInt(a.I, 10)))
			return datum.NewBool(false), nil
		}
		if !self.superuser() && other.params.User != self.user() {
			return datum.Datum{}, pgerr.New(pgerr.InsufficientPrivilege, "must be a superuser to signal a session of another role")
		}
		return datum.NewBool(act(other)), nil
	}
	return x
}
