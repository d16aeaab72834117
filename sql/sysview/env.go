package sysview

import (
	"time"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/settings"
)

// Env is what views are made of: one state of the catalog, and ways to ask the rest of the server. Catalog, Engine, Settings,
// Builtins and Database are needed; whatever else is nil has no rows.
type Env struct {
	Catalog  *catalog.Catalog
	Engine   *engine.Engine
	Settings *settings.Session
	AMs      am.Registry
	Builtins *Builtins
	// PluginPID returns the process that serves an access method, 0 if there is none or it is not known.
	PluginPID func(name string) int32
	Sessions  func() []Session
	// ParseType reads the name of a type as the grammar has it.
	ParseType func(text string) (datum.OID, error)
	Senders   func() []Sender
	// Prepared are the session's prepared statements, Cursors its open cursors.
	Prepared []Prepared
	Cursors  []Cursor
	// LastValue tells where a sequence stands, and whether it was ever used.
	LastValue func(rel page.RelFileNumber) (value int64, called bool, err error)

	User      string
	Superuser bool // may see what other roles run
	Database  string
}

// Session is one row of pg_stat_activity. Zero times are shown as NULL.
type Session struct {
	PID                      int32
	User, ApplicationName    string
	Addr                     string // "host:port", or empty for a Unix socket
	BackendStart, XactStart  time.Time
	QueryStart, StateChange  time.Time
	WaitEventType, WaitEvent string // empty while it does not wait; waits for locks are found without
	State                    string // "active", "idle", "idle in transaction", …
	XID                      uint64 // 0 if the transaction has none
	Query                    string
	BackendType              string // "client backend" if empty
}

// Prepared is one row of pg_prepared_statements.
type Prepared struct {
	Name, Text string
	At         time.Time
	Types      []datum.OID
	FromSQL    bool // by PREPARE, not by the protocol
}

// Cursor is one row of pg_cursors.
type Cursor struct {
	Name, Text string
	At         time.Time
	Binary     bool
}

// Sender is one row of pg_stat_replication. LSNs and lags that the standby has not told are 0, and shown as NULL.
type Sender struct {
	PID                           int32
	User, ApplicationName, Addr   string
	Started                       time.Time
	State                         string
	Sent, Write, Flush, Replay    page.LSN
	WriteLag, FlushLag, ReplayLag time.Duration
	SyncPriority                  int32
	SyncState                     string // "async" if empty
	ReplyTime                     time.Time
}
