package session

import (
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/maintain"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/settings"
	"github.com/quiredb/quire/sql/sysview"
)

// DatabaseName is the one database of a directory.
const DatabaseName = "postgres"

// Config is what a DB works with.
type Config struct {
	Engine *engine.Engine
	// AMs finds access methods; nil means that there are none.
	AMs am.Registry
	Log zerolog.Logger
	// Settings are the server-wide values; nil means the defaults.
	Settings *settings.Store
	Version  string // what version() answers
	// Pin finds the plugin behind a handler's name and lays its file down by SHA-256, which CREATE ACCESS METHOD stores. Nil: the
	// name alone is stored.
	Pin func(handler string) (plugin, sha256 string, err error)
	// Repin takes a Pin back: the file must have this SHA-256 again.
	Repin func(plugin, sha256 string)
	// Replication gives the rows of pg_stat_replication; nil means none.
	Replication func() []sysview.Sender
	// PluginPID gives the process that serves an access method, for quire_plugins; nil means that it is not known.
	PluginPID func(name string) int32
	// Receiver gives the newest received LSN on a standby; nil means the replayed one.
	Receiver func() uint64
	// TempDir holds what work_mem cannot; empty means pgsql_tmp below the data directory.
	TempDir string
}

// DB is an open database: everything its sessions share.
type DB struct {
	cfg      Config
	eng      *engine.Engine
	cat      *catalog.Store
	ams      am.Registry
	settings *settings.Store
	maintain *maintain.Deps
	registry *expr.Registry
	builtins *sysview.Builtins
	parser   *parse.Cache
	temp     *exec.TempSpace

	mu struct {
		sync.Mutex
		sessions map[int32]*Session
	}
}

// parsedTexts is how many query texts are remembered in parsed form.
const parsedTexts = 1000

// Open makes a DB on an open engine.
func Open(cfg Config) (*DB, error) {
	if cfg.Settings == nil {
		cfg.Settings = settings.NewStore()
	}
	if cfg.AMs == nil {
		cfg.AMs = noMethods{}
	}
	if cfg.TempDir == "" {
		cfg.TempDir = path.Join(cfg.Engine.Dir, "pgsql_tmp")
	}
	db := &DB{
		cfg: cfg, eng: cfg.Engine, cat: cfg.Engine.Catalog, ams: cfg.AMs, settings: cfg.Settings,
		registry: expr.NewRegistry(), parser: parse.NewCache(parsedTexts),
	}
	db.maintain = &maintain.Deps{Engine: db.eng, AMs: db.ams, Log: cfg.Log, Database: DatabaseName}
	db.mu.sessions = map[int32]*Session{}
	var err error
	if db.temp, err = exec.NewTempSpace(cfg.Engine.FS, cfg.TempDir); err != nil {
		return nil, err
	}
	db.temp.Removed = db.eng.Stats.TempFile
	db.registerFunctions()
	db.builtins = sysview.NewBuiltins(db.registry)
	return db, nil
}

// noMethods is the registry of a host without a plugin directory: whatever the catalog knows of exists and cannot be used.
type noMethods struct{}

func (noMethods) Lookup(name string) (am.Method, error) {
	return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, `access method "%s" is not available: this server runs without plugins`, name).
		WithHint("Start it with --plugin-dir.").Because(am.ErrUnavailable)
}
func (noMethods) List() []am.Info { return nil }

// Close ends the use of a DB whose sessions are closed.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if n := len(db.mu.sessions); n > 0 {
		return fmt.Errorf("sql: %d sessions are open at shutdown", n)
	}
	return nil
}

// session finds a session by its number, nil if there is none.
func (db *DB) session(pid int32) *Session {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.mu.sessions[pid]
}

// planEnv is what statements of the session are resolved with.
func (s *Session) planEnv(src plan.Source) *plan.Env {
	return &plan.Env{Source: src, Registry: s.db.registry, Datum: s.datumEnv(), Eval: s.evalContext(context.Background(), nil)}
}
