package session

import (
	"context"
	"time"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// limits are what each statement asks the settings for, read once for each version of them: the session's bounds on time and memory, and
// how its transactions begin and end.
type limits struct {
	from            uint64
	known           bool
	statement, lock time.Duration
	idle, idleInTxn time.Duration
	workMem         int64 // bytes
	isolation       xact.Isolation
	readOnly, async bool
}

// bounds returns the limits that hold now.
func (s *Session) bounds() *limits {
	if v := s.settings.Version(); !s.limits.known || s.limits.from != v {
		s.limits = limits{
			from: v, known: true,
			statement: s.settings.Duration("statement_timeout"), lock: s.settings.Duration("lock_timeout"),
			idle: s.settings.Duration("idle_session_timeout"), idleInTxn: s.settings.Duration("idle_in_transaction_session_timeout"),
			workMem: s.settings.Bytes("work_mem"), isolation: isolation(s.settings.Text("default_transaction_isolation")),
			readOnly: s.settings.Bool("default_transaction_read_only"), async: s.settings.Text("synchronous_commit") == "off",
		}
	}
	return &s.limits
}

// withTimeout bounds a statement by statement_timeout, and its waits for locks by lock_timeout.
func (s *Session) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	b := s.bounds()
	if s.tx != nil {
		s.tx.txn.Owner().Timeout = b.lock
	}
	if b.statement <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, b.statement, pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout"))
}

var (
	errIdle      = pgerr.Fatal(pgerr.IdleSessionTimeout, "terminating connection due to idle-session timeout")
	errIdleInTxn = pgerr.Fatal(pgerr.IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout")
)

// IdleLimit is how long the client may be silent now, 0 for as long as it likes, and what it is told when that has passed.
func (s *Session) IdleLimit() (time.Duration, error) {
	if s.TxStatus() == 'I' {
		return s.bounds().idle, errIdle
	}
	return s.bounds().idleInTxn, errIdleInTxn
}
