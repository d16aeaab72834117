package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
)

// Config is what a Registry needs. Dir, Pages and Log must be set; zero values of the rest mean the defaults.
type Config struct {
	Dir        string // plugin directory
	Pages      PageStore
	SpanBytes  int64      // what the spans of each access method may take; default DefaultSpanBytes
	Temp       *TempSpace // for builds; nil means that they get no temporary files
	Log        zerolog.Logger
	SocketBase string // where the private socket directory is made; default os.TempDir()
	Policy     Policy
	Timeouts   Timeouts
	Now        func() time.Time
}

// A Registry finds access methods in a directory and keeps those that are used running. It is an am.Registry.
type Registry struct {
	cfg     Config
	sockets *socketBase
	mu      struct {
		sync.Mutex
		keepers map[string]*keeper
		pins    map[string]string
		closed  bool
	}
}

var _ am.Registry = (*Registry)(nil)

// Open looks the directory over. Plugins are started when somebody asks for them.
func Open(cfg Config) (*Registry, error) {
	if cfg.Policy == (Policy{}) {
		cfg.Policy = DefaultPolicy()
	}
	if cfg.Timeouts == (Timeouts{}) {
		cfg.Timeouts = DefaultTimeouts()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("plugin directory %s: %w", cfg.Dir, err)
	}
	cfg.Dir = dir
	if _, err := scanDir(dir); err != nil {
		return nil, err
	}
	sockets, err := newSocketBase(cfg.SocketBase)
	if err != nil {
		return nil, err
	}
	r := &Registry{cfg: cfg, sockets: sockets}
	r.mu.keepers = make(map[string]*keeper)
	r.mu.pins = make(map[string]string)
	if err := r.Rescan(); err != nil {
		return nil, errors.Join(err, sockets.close())
	}
	return r, nil
}

// Rescan takes note of new files. Plugins whose file is gone stay in the list: their next start says so.
func (r *Registry) Rescan() error {
	found, err := scanDir(r.cfg.Dir)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.closed {
		return nil
	}
	for name, path := range found {
		r.addLocked(name, path)
	}
	return nil
}

func (r *Registry) addLocked(name, path string) *keeper {
	k := r.mu.keepers[name]
	if k == nil {
		k = newKeeper(name, path, &r.cfg, r.sockets.dir)
		k.mu.pin = r.mu.pins[name]
		r.mu.keepers[name] = k
	}
	return k
}

// Lookup returns a method whose plugin is ready, starting it if need be (am.Registry). It may wait for a plugin that is
// about to be ready, and does not for one that is not.
func (r *Registry) Lookup(name string) (am.Method, error) {
	return r.LookupContext(context.Background(), name)
}

// LookupContext is Lookup that ends with ctx.
func (r *Registry) LookupContext(ctx context.Context, name string) (am.Method, error) {
	k, err := r.find(name)
	if err != nil {
		return nil, err
	}
	s, err := k.ready(ctx)
	if err != nil {
		return nil, err
	}
	return &method{keeper: k, about: s.about}, nil
}

// find returns the keeper of a name, looking into the directory again if it is new. A pinned name is known even without
// a file.
func (r *Registry) find(name string) (*keeper, error) {
	r.mu.Lock()
	k, pinned := r.mu.keepers[name], r.mu.pins[name] != ""
	r.mu.Unlock()
	if k != nil {
		return k, nil
	}
	if err := r.Rescan(); err != nil {
		return nil, unavailable(name, Stopped, err.Error(), "Correct the plugin directory.")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch k := r.mu.keepers[name]; {
	case k != nil:
		return k, nil
	case r.mu.closed:
		return nil, unavailable(name, Stopped, "", "The host is shutting down.")
	case pinned:
		return r.addLocked(name, filepath.Join(r.cfg.Dir, name)), nil
	}
	return nil, r.unknownLocked(name)
}

func (r *Registry) unknownLocked(name string) error {
	e := pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", name)
	names := slices.Sorted(maps.Keys(r.mu.keepers))
	if len(names) == 0 {
		return &lookupError{e.WithHint("The plugin directory %s holds no plugin.", r.cfg.Dir), am.ErrUnknown}
	}
	return &lookupError{e.WithHint("The plugin directory %s holds %s.", r.cfg.Dir, strings.Join(names, ", ")), am.ErrUnknown}
}

// List describes every plugin, by name (am.Registry).
func (r *Registry) List() []am.Info {
	r.mu.Lock()
	keepers := slices.Collect(maps.Values(r.mu.keepers))
	r.mu.Unlock()
	infos := make([]am.Info, len(keepers))
	for i, k := range keepers {
		infos[i] = k.info()
	}
	slices.SortFunc(infos, func(a, b am.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos
}

// PID is the process that serves an access method now, 0 if there is none.
func (r *Registry) PID(name string) int32 {
	r.mu.Lock()
	k := r.mu.keepers[name]
	r.mu.Unlock()
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.session == nil {
		return 0
	}
	return int32(k.mu.session.process.pid())
}

// A File is a plugin's file as it is on disk.
type File struct {
	Path   string
	SHA256 string // hexadecimal
	Size   int64
}

// Inspect verifies and hashes a plugin's file without starting it. CREATE ACCESS METHOD stores the checksum.
func (r *Registry) Inspect(name string) (File, error) {
	k, err := r.find(name)
	if err != nil {
		return File{}, err
	}
	im, err := openImage(k.path, "")
	if err != nil {
		return File{}, unavailable(name, Quarantined, err.Error(), "Correct that and repeat the statement.")
	}
	defer im.close()
	return File{Path: im.path, SHA256: im.sum, Size: im.size}, nil
}

// Pin says which checksum a plugin's file must have from its next start on; "" allows any. A running process of another
// file is stopped. The catalog's pins are set when the host opens and when access methods are created or dropped.
func (r *Registry) Pin(name, sha256 string) {
	sha256 = strings.ToLower(sha256)
	r.mu.Lock()
	if sha256 == "" {
		delete(r.mu.pins, name)
	} else {
		r.mu.pins[name] = sha256
	}
	k := r.mu.keepers[name]
	r.mu.Unlock()
	if k != nil {
		k.setPin(sha256)
	}
}

// Reset gives a quarantined plugin another chance.
func (r *Registry) Reset(name string) error {
	k, err := r.find(name)
	if err == nil {
		k.tell(Event{Kind: EventReset})
	}
	return err
}

// LastLines are the last lines a plugin logged, the oldest first.
func (r *Registry) LastLines(name string) []string {
	r.mu.Lock()
	k := r.mu.keepers[name]
	r.mu.Unlock()
	if k == nil {
		return nil
	}
	return k.tail.last()
}

// Close stops all plugins: running calls are given time, then the processes end. It returns when all have.
func (r *Registry) Close() error {
	r.mu.Lock()
	if r.mu.closed {
		r.mu.Unlock()
		return nil
	}
	r.mu.closed = true
	keepers := slices.Collect(maps.Values(r.mu.keepers))
	r.mu.Unlock()
	var wg sync.WaitGroup
	for _, k := range keepers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			k.close()
		}()
	}
	wg.Wait()
	return r.sockets.close()
}
