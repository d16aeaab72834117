package buffer

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
)

// Config is fixed when a Pool is made.
type Config struct {
	Storage *storage.Manager
	// Frames is the number of frames of the host's own arena, 8 KiB each. At least 8: fewer than a record can lock.
	Frames int
	// ArenaFrames tells the number of frames of an access method's arena when it is made. Default: a quarter of Frames.
	ArenaFrames func(arena string) int
	// FlushWAL makes the log durable up to an LSN. Nil means that there is no log.
	FlushWAL func(upTo page.LSN) error
	// OnFatal is called when the process must stop: a failed fsync, or a page that went bad in memory. The error is
	// returned to the caller as well.
	OnFatal func(error)
	// PrivateMemory keeps the frames in ordinary memory, which the race detector sees and other processes do not.
	PrivateMemory bool
	// PinWait bounds the wait for a frame when all are pinned, and for pins on pages that are to go. Default 10 s.
	PinWait time.Duration
	// After is the clock. Default time.After.
	After func(time.Duration) <-chan time.Time
}

const minFrames = 8

func (c *Config) setDefaults() {
	c.Frames = max(c.Frames, minFrames)
	if c.ArenaFrames == nil {
		quarter := c.Frames / 4
		c.ArenaFrames = func(string) int { return quarter }
	}
	if c.FlushWAL == nil {
		c.FlushWAL = func(page.LSN) error { return nil }
	}
	if c.OnFatal == nil {
		c.OnFatal = func(error) {}
	}
	if c.PinWait <= 0 {
		c.PinWait = 10 * time.Second
	}
	if c.After == nil {
		c.After = time.After
	}
}

// A Pool is all frames of a host. Its methods may be called at the same time.
type Pool struct {
	cfg   Config
	table table

	rels struct {
		sync.RWMutex
		byFile map[page.RelFile]*relation
	}
	arenas struct {
		sync.RWMutex
		byName map[string]*arena
		ofRel  map[page.RelFileNumber]string
	}

	flushing sync.Mutex // held by FlushDirty
	batches  sync.Pool  // of *outgoing
	closed   atomic.Bool

	counters struct {
		reads, writes, evictions atomic.Int64
		dirty                    atomic.Int64
	}
}

// New returns a Pool with an empty host arena.
func New(cfg Config) (*Pool, error) {
	cfg.setDefaults()
	p := &Pool{cfg: cfg}
	p.table.init()
	p.rels.byFile = make(map[page.RelFile]*relation)
	p.arenas.byName = make(map[string]*arena)
	p.arenas.ofRel = make(map[page.RelFileNumber]string)
	p.batches.New = func() any { return newOutgoing() }
	if _, err := p.arena(""); err != nil {
		return nil, err
	}
	return p, nil
}

// Close gives the memory back. It writes nothing: FlushDirty comes before. If pins or locks are left it reports them and
// keeps the memory, since somebody may still read it.
func (p *Pool) Close() error {
	if p.closed.Swap(true) {
		return ErrClosed
	}
	if err := p.Check(); err != nil {
		return err
	}
	p.table.init()
	for _, a := range p.allArenas() {
		if err := a.memory.close(); err != nil {
			return fmt.Errorf("release buffer arena %q: %w", a.name, err)
		}
	}
	return nil
}

// fatal reports errors after which the process must not go on, and returns err.
func (p *Pool) fatal(err error) error {
	if isFatal(err) {
		p.cfg.OnFatal(err)
	}
	return err
}
