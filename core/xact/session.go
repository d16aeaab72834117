package xact

import (
	"slices"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
)

// A Session is a client's thread of transactions: it sees its own commits at once, whether or not they are durable yet. It belongs to
// one goroutine.
type Session struct {
	m *Manager
	// PID is the session's number as clients know it; deadlock details name it.
	PID int32
	// LockTimeout bounds each wait for a lock; 0 means no bound.
	LockTimeout time.Duration
	// Counts is what the session counts for the statistics, nil for nothing. Transactions share it when they end.
	Counts *pgstat.Session

	own []ownCommit // ascending by number and by LSN; snapshots share the array, so entries never change
}

// NewSession returns a session without transactions.
func (m *Manager) NewSession(pid int32) *Session { return &Session{m: m, PID: pid} }

// remember notes an own commit that is not visible to others yet, of a transaction and its subtransactions.
func (s *Session) remember(xids []XID, lsn page.LSN, changedCatalog bool) {
	c := ownCommit{lsn: lsn}
	if changedCatalog {
		c.catalog = lsn
	} else if n := len(s.own); n > 0 {
		c.catalog = s.own[n-1].catalog
	}
	if len(s.own)+len(xids) > cap(s.own) {
		s.recent()
	}
	for _, c.xid = range xids {
		s.own = append(s.own, c)
	}
}

// recent forgets what everybody sees by now and returns the rest.
func (s *Session) recent() []ownCommit {
	if len(s.own) == 0 {
		return nil
	}
	visible := s.m.visibility.advance()
	for len(s.own) > 0 && s.own[0].lsn <= visible {
		s.own = s.own[1:]
	}
	return slices.Clip(s.own)
}
