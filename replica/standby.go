package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/redo"
)

// TakeBaseCopy fills dir, which must not exist or be empty, with a copy of the primary and makes it a standby's directory. The
// control files come last: a copy that did not finish is no data directory.
func TakeBaseCopy(ctx context.Context, conninfo, name string, fs vfs.FS, dir string, progress func(done, total int64)) (BaseCopy, error) {
	c, id, err := fetchBase(ctx, conninfo, name, fs, dir, progress)
	if err != nil {
		return c, errors.Join(err, discardCopy(fs, dir))
	}
	if c.Label.SystemID != id.systemID || c.Label.Redo == 0 {
		return c, fmt.Errorf("base copy: its %s does not describe the primary's system %d; is the primary a Quire node?", labelName, id.systemID)
	}
	if err := engine.PrepareStandby(fs, dir, c.Label.controlFile(), c.End); err != nil {
		return c, err
	}
	return c, errors.Join(fs.SyncDir(dir), fs.SyncDir(path.Dir(dir)))
}

// discardCopy removes what a base copy that failed has left, so that the next try finds an empty directory. A process that is
// killed leaves it; IsEmpty tells the operator.
func discardCopy(fs vfs.FS, dir string) error {
	for _, sub := range []string{"base", engine.WALDir} {
		names, err := fs.ReadDir(path.Join(dir, sub))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := fs.Remove(path.Join(dir, sub, n)); err != nil {
				return err
			}
		}
		if err := fs.Remove(path.Join(dir, sub)); err != nil {
			return err
		}
	}
	return nil
}

// IsEmpty tells whether dir holds nothing yet, so that a base copy can go there. It fails for a directory that holds
// something and is no data directory, such as a copy that was interrupted.
func IsEmpty(fs vfs.FS, dir string) (bool, error) {
	names, err := fs.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(names) == 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if _, _, err := control.Read(fs, dir); errors.Is(err, control.ErrNotInitialized) {
		return false, fmt.Errorf("%s is not empty and is no data directory (an interrupted base copy?); empty it and start again: rm -r %s", dir, dir)
	}
	return false, nil
}

// StandbyConfig says whom a standby follows.
type StandbyConfig struct {
	Engine         *engine.Engine
	Conninfo       string
	Name           string
	StatusInterval time.Duration
	Timeout        time.Duration
	ConflictDelay  time.Duration // how long replay waits for a query before it cancels it; negative = for ever
	Log            zerolog.Logger
}

// A Standby replays what its primary sends.
type Standby struct {
	cfg        StandbyConfig
	receiver   atomic.Pointer[Receiver]
	consistent chan struct{} // closed when reads may begin
	conflicts  atomic.Uint64
}

// NewStandby connects to an engine that was opened as a standby.
func NewStandby(cfg StandbyConfig) *Standby {
	s := &Standby{cfg: cfg, consistent: make(chan struct{})}
	cfg.Engine.BeginStandby(redo.Hooks{Conflict: s.conflict, Drop: s.drop})
	return s
}

// Consistent is closed once the standby has replayed as far as its pages are, and reads may begin.
func (s *Standby) Consistent() <-chan struct{} { return s.consistent }

// Received is the end of what is durable here.
func (s *Standby) Received() page.LSN { return s.cfg.Engine.WAL.FlushedLSN() }

// Replayed is the end of what is applied.
func (s *Standby) Replayed() page.LSN { return s.cfg.Engine.Applier.Replayed() }

// Conflicts counts the queries that replay has cancelled.
func (s *Standby) Conflicts() uint64 { return s.conflicts.Load() }

// Run receives and replays until ctx ends. An error means that replay cannot go on; connections that break are made
// again with growing pauses.
func (s *Standby) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	received := make(chan struct{})
	go func() { defer close(received); s.follow(ctx, cancel) }()
	err := s.replay(ctx)
	cancel(err)
	<-received
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// follow keeps a connection to the primary.
func (s *Standby) follow(ctx context.Context, fatal context.CancelCauseFunc) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := s.receive(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrOtherSystem): // P4
			fatal(err)
			return
		}
		if time.Since(began) > maxPause {
			pause = firstPause
		}
		s.cfg.Log.Warn().Err(err).Dur("again_in", pause).Msg("no stream from the primary")
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		pause = min(2*pause, maxPause)
	}
}

func (s *Standby) receive(ctx context.Context) error {
	e := s.cfg.Engine
	r, err := Connect(ctx, ReceiverConfig{
		Conninfo: s.cfg.Conninfo, Name: s.cfg.Name, SystemID: e.WAL.SystemID(), Timeline: e.WAL.Timeline(), WAL: e.WAL,
		Applied: e.Applier.Replayed, StatusInterval: s.cfg.StatusInterval, Timeout: s.cfg.Timeout, Log: s.cfg.Log,
	})
	if err != nil {
		return err
	}
	s.receiver.Store(r)
	defer s.receiver.Store(nil)
	return r.Run(ctx)
}

// replay applies durable records as they come (P2).
func (s *Standby) replay(ctx context.Context) error {
	e := s.cfg.Engine
	reader := e.Reader(e.Applier.Replayed())
	defer reader.Close()
	limit := e.WAL.FlushedLSN()
	for {
		if err := s.checkConsistent(); err != nil {
			return err
		}
		reader.SetLimit(limit)
		if err := s.applyAll(ctx, reader); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if r := s.receiver.Load(); r != nil {
			r.Progress()
		}
		var err error
		if limit, err = e.WAL.WaitFlushed(ctx, limit); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

func (s *Standby) applyAll(ctx context.Context, reader *wal.Reader) error {
	for n := 1; ; n++ {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.cfg.Engine.Apply(rec); err != nil {
			return err
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *Standby) checkConsistent() error {
	select {
	case <-s.consistent:
		return nil
	default:
	}
	ok, err := s.cfg.Engine.Consistent()
	if err != nil {
		return err
	}
	if ok {
		s.cfg.Log.Info().Stringer("at", s.Replayed()).Msg("consistent; reads may begin")
		close(s.consistent)
	}
	return nil
}

// conflict runs before replay takes away what older snapshots may still need.
func (s *Standby) conflict(horizon page.LSN, rel page.RelFileNumber) error {
	return s.clear(horizon, fmt.Sprintf("rows of relation %d that the query might need must be removed", rel))
}

// drop runs before a relation's files go. Whoever reads with a snapshot from before may be reading them.
func (s *Standby) drop(rel page.RelFileNumber) error {
	return s.clear(s.Replayed(), fmt.Sprintf("relation %d has been dropped", rel))
}

// conflictPoll is how often a waiting replay looks whether the queries in its way have ended.
const conflictPoll = 5 * time.Millisecond

// clear waits until no snapshot older than horizon is in use, and cancels those that stay too long.
func (s *Standby) clear(horizon page.LSN, why string) error {
	var began time.Time
	told := map[*xact.Txn]bool{}
	for {
		txns := s.cfg.Engine.Xact.SnapshotsBelow(horizon)
		if len(txns) == 0 {
			return nil
		}
		if began.IsZero() {
			began = time.Now()
		}
		if s.cfg.ConflictDelay >= 0 && time.Since(began) >= s.cfg.ConflictDelay {
			s.cancel(txns, told, why)
		}
		time.Sleep(conflictPoll)
	}
}

func (s *Standby) cancel(txns []*xact.Txn, told map[*xact.Txn]bool, why string) {
	for _, t := range txns {
		if told[t] || t.Cancel == nil {
			continue
		}
		told[t] = true
		s.conflicts.Add(1)
		t.Cancel(pgerr.New(pgerr.SerializationFailure, "canceling statement due to conflict with recovery").
			WithDetail("User query conflicted with replay: %s.", why))
	}
}
