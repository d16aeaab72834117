package session

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/settings"
)

// SessionParams say who connects and how.
type SessionParams struct {
	User, Database, ApplicationName, RemoteAddr string
	PID                                         int32
	// Params are the settings of the start-up packet.
	Params map[string]string
	// Cancel ends the running statement; pg_cancel_backend and replay conflicts call it from other goroutines.
	Cancel func(cause error)
	// Terminate ends the connection; pg_terminate_backend calls it.
	Terminate func(cause error)
	Superuser bool
}

// Session is one client's session.
type Session struct {
	db       *DB
	params   SessionParams
	settings *settings.Session
	xs       *xact.Session
	tx       *transaction // nil between transactions

	prepared     map[string]*prepared
	portals      map[string]*portal
	simpleCache  *planCache // of simple queries
	unnamedCache *planCache // of the unnamed prepared statement
	shapes       *shapeCache
	shape        *shaped // of the simple query that runs, nil if it has none

	out     Output // of the statement that runs
	multi   bool   // the query text has several statements
	env     *datum.Env
	envFrom uint64 // settings version that env was made from

	sequences    map[uint32]*taken // by OID
	lastSequence uint32            // that nextval was called for last

	planCosts *plan.Costs
	costsFrom uint64
	limits    limits
	who       identity
	activity  activity
}

// activity is what pg_stat_activity shows of a session; others read it.
type activity struct {
	mu                                  sync.Mutex
	query, state, application           string
	started, queryStart, change, xactAt time.Time
}

// NewSession starts a session for a role that has been authenticated.
func (db *DB) NewSession(p SessionParams) (*Session, error) {
	if p.Database != "" && p.Database != DatabaseName && p.Database != p.User {
		return nil, pgerr.Fatal(pgerr.InvalidCatalogName, `database "%s" does not exist`, p.Database).
			WithHint(`There is one database, "postgres"; a connection that names none, or the user's own name, reaches it too.`)
	}
	s := &Session{
		db: db, params: p, xs: db.eng.Xact.NewSession(p.PID),
		prepared: map[string]*prepared{}, portals: map[string]*portal{}, simpleCache: newPlanCache(), unnamedCache: newPlanCache(), shapes: newShapeCache(),
	}
	s.settings = db.settings.NewSession(p.Superuser, func(name, value string) {
		if name == "application_name" {
			s.activity.named(value)
		}
		if s.out != nil {
			_ = s.out.ParameterStatus(name, value)
		}
	})
	if err := s.startup(); err != nil {
		return nil, err
	}
	s.activity.named(s.settings.Text("application_name"))
	s.xs.Counts = db.eng.Stats.NewSession()
	now := time.Now()
	s.activity.started, s.activity.change, s.activity.state = now, now, "idle"
	db.mu.Lock()
	defer db.mu.Unlock()
	db.mu.sessions[p.PID] = s
	return s, nil
}

// startup applies the role's settings and those of the start-up packet.
func (s *Session) startup() error {
	s.settings.Override("session_authorization", s.params.User)
	if s.db.eng.IsStandby() {
		s.settings.Override("in_hot_standby", "on")
	}
	for name, value := range s.params.Params {
		switch name {
		case "user", "database", "replication", "options":
			continue
		}
		if err := s.settings.Startup(name, value); err != nil {
			e := pgerr.From(err)
			e.Severity = pgerr.SeverityFatal
			return e
		}
	}
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// ParameterStatus lists the settings that a client is told when it connects.
func (s *Session) ParameterStatus() []settings.Parameter { return s.settings.ParameterStatus() }

// TxStatus is 'I' outside of a transaction block, 'T' inside, 'E' inside one that has failed.
func (s *Session) TxStatus() byte {
	switch {
	case s.tx == nil || !s.tx.block:
		return 'I'
	case s.tx.failed:
		return 'E'
	}
	return 'T'
}

// Close ends the session; an open transaction is aborted.
func (s *Session) Close() {
	s.abort()
	s.xs.Counts.Close()
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if s.db.mu.sessions[s.params.PID] == s {
		delete(s.db.mu.sessions, s.params.PID)
	}
}

// notice sends a notice or warning, unless client_min_messages keeps it back.
func (s *Session) notice(n *pgerr.Error) {
	if s.out == nil {
		return
	}
	order := map[string]int{"debug5": 0, "debug4": 0, "debug3": 0, "debug2": 0, "debug1": 0, "log": 1, "notice": 2, "warning": 3, "error": 4}
	have := map[pgerr.Severity]int{pgerr.SeverityNotice: 2, pgerr.SeverityInfo: 4, pgerr.SeverityWarning: 3}[n.Severity]
	if have >= order[s.settings.Text("client_min_messages")] {
		_ = s.out.Notice(n)
	}
}

// guard runs f and turns a panic into an error (S6).
func (s *Session) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.db.cfg.Log.Error().Int32("pid", s.params.PID).Str("query", s.activity.text()).
				Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a statement panicked")
			err = pgerr.New(pgerr.InternalError, "internal error: %v", p).
				WithHint("The statement was rolled back; the server's log has the details.")
		}
	}()
	return f()
}

// fail marks the transaction as failed after an error (S3) and returns the error as the client gets it.
func (s *Session) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = s.causeOf(ctx, err)
	if s.tx != nil && s.tx.block && s.tx.txn.SubLevel() > 0 {
		if !s.tx.failed {
			s.failSub()
		}
	} else if s.tx != nil {
		s.tx.failed = true
		s.closePortals()
		s.abortTxn()
		if !s.tx.block {
			s.tx = nil
		}
	}
	return pgerr.From(err)
}

// causeOf says why a statement was ended where err only says that it was.
func (s *Session) causeOf(ctx context.Context, err error) error {
	// A commit that stands is not reported as a cancelled statement.
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, xact.ErrDurabilityPending) &&
		(errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return cause
	}
	return err
}

// datumEnv is how the session's settings read and print values.
func (s *Session) datumEnv() *datum.Env {
	v := s.settings.Version()
	if s.env != nil && s.envFrom == v {
		return s.env
	}
	env := &datum.Env{
		FloatDigits: s.settings.Int("extra_float_digits") - 1,
		ByteaEscape: s.settings.Text("bytea_output") == "escape",
		IntervalISO: s.settings.Text("IntervalStyle") == "iso_8601",
		Now:         func() time.Time { return s.txnTime() },
		Object:      s.objectByName, ObjectName: s.objectName,
	}
	if loc, ok := datum.LoadZone(s.settings.Text("TimeZone")); ok {
		env.Location = loc
	}
	switch style := s.settings.Text("DateStyle"); {
	case len(style) > 3 && style[len(style)-3:] == "DMY":
		env.DateOrder = datum.DMY
	case len(style) > 3 && style[len(style)-3:] == "YMD":
		env.DateOrder = datum.YMD
	}
	s.env, s.envFrom = env, v
	return env
}

func (s *Session) txnTime() time.Time {
	if s.tx != nil {
		return s.tx.started
	}
	return time.Now()
}

// evalContext is what expressions of one execution are evaluated with.
func (s *Session) evalContext(ctx context.Context, params []datum.Datum) *expr.EvalCtx {
	return &expr.EvalCtx{
		Context: ctx, Env: s.datumEnv(), Params: params,
		TxnTime: datum.TimestampFromTime(s.txnTime()), StmtTime: datum.TimestampFromTime(time.Now()),
		User: s.user(), SessionUser: s.identity().session, Database: DatabaseName, Schema: "public", Version: s.db.cfg.Version,
		Session: s,
	}
}

func (a *activity) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.query
}

// running reports whether a statement is being executed.
func (a *activity) running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state == "active"
}

func (a *activity) named(application string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.application = application
}

// begin notes that a statement starts.
func (a *activity) begin(query string) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.query, a.state, a.queryStart, a.change = query, "active", now, now
}

// end notes that the session waits for its client.
func (a *activity) end(status byte, xactAt time.Time) {
	state := "idle"
	switch status {
	case 'T':
		state = "idle in transaction"
	case 'E':
		state = "idle in transaction (aborted)"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state, a.change, a.xactAt = state, time.Now(), xactAt
}
