package host

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
)

// AttachConfig is what Attach needs. Name, Dial and Pages must be set.
type AttachConfig struct {
	Name     string
	Dial     func(ctx context.Context) (net.Conn, error) // connects to a gRPC server with sdk.NewServer's service
	Pages    PageStore
	Temp     *TempSpace // as in Config
	Log      zerolog.Logger
	Timeouts Timeouts // zero: the defaults
}

// An Attached is an am.Registry of one access method that somebody else runs: behind a debugger, or in the same process, as
// crash tests do that start thousands. Everything from the lane on is as with a supervised plugin; nothing is started, probed or
// stopped, and a call that hangs is given up but kills nobody.
type Attached struct {
	keeper  *keeper
	session *session
	once    sync.Once
}

var _ am.Registry = (*Attached)(nil)

// Attach connects and asks for the description.
func Attach(ctx context.Context, cfg AttachConfig) (*Attached, error) {
	if cfg.Timeouts == (Timeouts{}) {
		cfg.Timeouts = DefaultTimeouts()
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeouts.Start)
	defer cancel()
	k := newIdleKeeper(cfg.Name, "", &Config{
		Pages: cfg.Pages, Temp: cfg.Temp, Log: cfg.Log, Policy: DefaultPolicy(), Timeouts: cfg.Timeouts, Now: time.Now,
	}, "")
	close(k.ended) // nobody steps the supervisor
	for _, ev := range []EventKind{EventWanted, EventVerified, EventReady} {
		k.mu.sup.Step(k.cfg.Now(), Event{Kind: ev, Gen: k.mu.sup.Generation()})
	}
	p := &process{name: cfg.Name, exited: make(chan struct{})}
	s, err := connect(ctx, cfg.Name, k.mu.sup.Generation(), p, cfg.Pages, cfg.Dial)
	if err != nil {
		return nil, fmt.Errorf("attach to access method %s: %w", cfg.Name, err)
	}
	k.adoptLocked(s)
	return &Attached{keeper: k, session: s}, nil
}

// Lookup returns the method (am.Registry).
func (a *Attached) Lookup(name string) (am.Method, error) {
	if name != a.keeper.name {
		return nil, &lookupError{pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", name).
			WithHint("Only %s is attached.", a.keeper.name), am.ErrUnknown}
	}
	s, err := a.keeper.ready(context.Background())
	if err != nil {
		return nil, err
	}
	return &method{keeper: a.keeper, about: s.about}, nil
}

// List describes the method (am.Registry).
func (a *Attached) List() []am.Info { return []am.Info{a.keeper.info()} }

// Detach breaks the connection: calls under way fail as when a plugin's process ends, and later ones find it stopped.
func (a *Attached) Detach() {
	a.once.Do(func() {
		k := a.keeper
		k.mu.Lock()
		k.mu.session = nil
		k.mu.sup.Step(k.cfg.Now(), Event{Kind: EventStop})
		k.mu.sup.Step(k.cfg.Now(), Event{Kind: EventExited, Gen: k.mu.sup.Generation(), Reason: "detached"})
		k.mu.Unlock()
		a.session.process.mu.Lock()
		a.session.process.mu.exit = "detached"
		a.session.process.mu.Unlock()
		close(a.session.process.exited)
		a.session.close()
	})
}
