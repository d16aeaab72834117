package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A keeper keeps one plugin running: it is the goroutine round a Supervisor, does what that wants done, and tells it
// what came of it.
type keeper struct {
	name      string
	path      string
	cfg       *Config
	socketDir string
	tail      *tail
	gates     *gates
	combiners *combiners
	desks     *desks
	lookups   atomic.Int32 // how many a call to the last session may carry
	spanning  atomic.Bool  // and be answered with a span
	spans     *spans

	events chan Event
	ended  chan struct{} // closed when the loop has returned
	work   sync.WaitGroup

	mu struct {
		sync.Mutex
		sup     *Supervisor
		changed chan struct{} // closed and replaced with each step
		session *session
		version string // of the last process that answered
		pin     string // checksum the file must have, "" = any
		sum     string // checksum of the file that ran last
		ran     string // and of the one that gave the spans
		image   *image // verified, about to be started
		cancel  context.CancelFunc
		process fileID // of the file when it was last verified
	}
}

// fileID tells whether a file was replaced.
type fileID struct {
	dev, ino uint64
	size     int64
	changed  time.Time
}

func identify(path string) fileID {
	st, err := os.Stat(path)
	if err != nil {
		return fileID{}
	}
	id := fileID{size: st.Size(), changed: st.ModTime()}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		id.dev, id.ino = uint64(sys.Dev), sys.Ino
	}
	return id
}

func newKeeper(name, path string, cfg *Config, socketDir string) *keeper {
	k := newIdleKeeper(name, path, cfg, socketDir)
	go k.loop()
	return k
}

// newIdleKeeper makes a keeper whose loop does not run yet.
func newIdleKeeper(name, path string, cfg *Config, socketDir string) *keeper {
	k := &keeper{
		name: name, path: path, cfg: cfg, socketDir: socketDir,
		tail: newTail(name, cfg.Log, cfg.Now), gates: newGates(), combiners: newCombiners(), desks: newDesks(),
		spans:  newSpans(cfg.SpanBytes),
		events: make(chan Event, 16), ended: make(chan struct{}),
	}
	jitter := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	k.mu.sup = NewSupervisor(cfg.Policy, cfg.Now(), jitter)
	k.mu.changed = make(chan struct{})
	return k
}

// loop steps the supervisor until it has stopped for good.
func (k *keeper) loop() {
	defer close(k.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for stopping := false; ; {
		k.mu.Lock()
		state, deadline := k.mu.sup.State(), k.mu.sup.Deadline()
		k.mu.Unlock()
		if stopping && state == Stopped {
			return
		}
		wait := time.Hour
		if !deadline.IsZero() {
			wait = max(deadline.Sub(k.cfg.Now()), 0)
		}
		timer.Reset(wait)
		select {
		case ev := <-k.events:
			stopping = stopping || ev.Kind == EventStop
			k.step(ev)
		case <-timer.C:
			k.step(Event{Kind: EventTick})
		}
	}
}

// step takes one event and does what follows from it.
func (k *keeper) step(ev Event) {
	k.mu.Lock()
	before := k.mu.sup.State()
	effects := k.mu.sup.Step(k.cfg.Now(), ev)
	after, reason := k.mu.sup.State(), k.mu.sup.Reason()
	if after != before {
		close(k.mu.changed)
		k.mu.changed = make(chan struct{})
	}
	k.mu.Unlock()
	if after != before {
		k.report(before, after, reason)
	}
	for _, e := range effects {
		k.do(e)
	}
}

// report logs a change of state.
func (k *keeper) report(before, after State, reason string) {
	level := k.cfg.Log.Debug
	switch after {
	case Ready, Stopped:
		level = k.cfg.Log.Info
	case Backoff:
		level = k.cfg.Log.Warn
	case Quarantined:
		level = k.cfg.Log.Error
	}
	e := level().Str("plugin", k.name).Stringer("from", before)
	if reason != "" {
		e = e.Str("reason", reason)
	}
	e.Msgf("plugin is %v", after)
}

// tell hands an event to the loop; after its end nobody listens.
func (k *keeper) tell(ev Event) {
	select {
	case k.events <- ev:
	case <-k.ended:
	}
}

// hung asks for the end of a process whose call made no progress. No call goes there any more.
func (k *keeper) hung(gen uint64, reason string) {
	if s := k.current(gen); s != nil {
		s.doomed.Store(true)
	}
	k.tell(Event{Kind: EventHung, Gen: gen, Reason: reason})
}

// do carries an effect out. Whatever takes time does so in a goroutine of its own.
func (k *keeper) do(e Effect) {
	background := func(fn func()) {
		k.work.Add(1)
		go func() {
			defer k.work.Done()
			fn()
		}()
	}
	switch e.Kind {
	case EffectVerify:
		background(func() { k.verify(e.Gen) })
	case EffectStart:
		ctx, cancel := context.WithCancel(context.Background())
		k.mu.Lock()
		k.mu.cancel = cancel
		k.mu.Unlock()
		background(func() {
			defer cancel()
			k.start(ctx, e.Gen)
		})
	case EffectProbe:
		background(func() { k.probe(e.Gen) })
	case EffectDrain:
		background(func() { k.drain(e.Gen) })
	case EffectTerm:
		k.signal(syscall.SIGTERM)
	case EffectKill:
		k.cfg.Log.Warn().Str("plugin", k.name).Str("reason", e.Reason).Msg("killing the plugin's process")
		k.kill(e.Reason)
	case EffectAlarm:
		k.cfg.Log.Error().Str("plugin", k.name).Strs("last_lines", k.tail.last()).Str("reason", e.Reason).
			Msgf("plugin is not started again; %s", k.remedy())
	}
}

// remedy is what an operator can do about a quarantine.
func (k *keeper) remedy() string {
	return fmt.Sprintf("replace %s by a working version or restart the host", k.path)
}

func (k *keeper) verify(gen uint64) {
	k.mu.Lock()
	pin := k.mu.pin
	k.mu.process = identify(k.path)
	k.mu.Unlock()
	im, err := openImage(k.path, pin)
	if err != nil {
		k.tell(Event{Kind: EventRefused, Gen: gen, Reason: err.Error()})
		return
	}
	k.mu.Lock()
	old := k.mu.image
	k.mu.image, k.mu.sum = im, im.sum
	k.mu.Unlock()
	if old != nil {
		old.close()
	}
	k.tell(Event{Kind: EventVerified, Gen: gen})
}

func (k *keeper) start(ctx context.Context, gen uint64) {
	k.mu.Lock()
	im := k.mu.image
	k.mu.image = nil
	k.mu.Unlock()
	if im == nil {
		k.tell(Event{Kind: EventFailed, Gen: gen, Reason: "verified file was closed"})
		return
	}
	s, err := launch(ctx, launchConfig{
		name: k.name, gen: gen, image: im, socketDir: k.socketDir, timeout: k.cfg.Timeouts.Start,
		tail: k.tail, logLevel: k.cfg.Log.GetLevel().String(), pages: k.cfg.Pages,
	})
	im.close()
	if err != nil {
		var final *finalError
		k.tell(Event{Kind: EventFailed, Gen: gen, Reason: err.Error(), Final: errors.As(err, &final)})
		return
	}
	k.mu.Lock()
	k.adoptLocked(s)
	if ran := s.process.image.sum; k.mu.ran != ran { // what another program said is not its word
		k.spans.clear()
		k.mu.ran = ran
	}
	k.mu.Unlock()
	k.tell(Event{Kind: EventReady, Gen: gen})

	<-s.process.exited
	k.mu.Lock()
	if k.mu.session == s {
		k.mu.session = nil
	}
	k.mu.Unlock()
	s.close()
	k.tell(Event{Kind: EventExited, Gen: gen, Reason: s.process.exitReason()})
}

// adoptLocked makes a session the current one.
//
// Holds: k.mu.
func (k *keeper) adoptLocked(s *session) {
	k.mu.session, k.mu.version = s, s.about.Version
	k.lookups.Store(int32(s.lookups))
	k.spanning.Store(s.spans)
}

// signal reaches the process if there is one, and a start that has not got that far.
func (k *keeper) signal(sig syscall.Signal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.session != nil {
		k.mu.session.process.signal(sig)
	} else if k.mu.cancel != nil {
		k.mu.cancel()
	}
}

// kill ends the process; calls that are under way will name the reason.
func (k *keeper) kill(reason string) {
	k.mu.Lock()
	if s := k.mu.session; s != nil {
		s.doomed.Store(true)
		s.process.fail(errors.New(reason))
	}
	k.mu.Unlock()
	k.signal(syscall.SIGKILL)
}

func (k *keeper) current(gen uint64) *session {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.mu.session; s != nil && s.gen == gen {
		return s
	}
	return nil
}

// probe asks for the plugin's health, and whether calls nobody waits for any more are still running.
func (k *keeper) probe(gen uint64) {
	s := k.current(gen)
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.cfg.Timeouts.Probe)
	defer cancel()
	asked := k.cfg.Now()
	reply, err := s.client.Health(ctx, &pb.HealthRequest{})
	if err != nil {
		k.tell(Event{Kind: EventUnhealthy, Gen: gen, Reason: err.Error()})
		return
	}
	k.tell(Event{Kind: EventHealthy, Gen: gen})
	if id, late := s.overdue(reply.GetActiveCalls(), asked, k.cfg.Now(), k.cfg.Timeouts.Grace); late {
		k.hung(gen, fmt.Sprintf("call %d still runs %v after it was cancelled", id, k.cfg.Timeouts.Grace))
	}
}

func (k *keeper) drain(gen uint64) {
	if s := k.current(gen); s != nil {
		ctx, cancel := context.WithTimeout(context.Background(), k.cfg.Policy.DrainTime)
		defer cancel()
		s.lanes.nudge() // calls that have ended here end there, too
		_, _ = s.client.Drain(ctx, &pb.DrainRequest{})
	}
	k.tell(Event{Kind: EventDrained, Gen: gen})
}

// ready returns the session of the running process. It waits while the plugin is about to be ready, and asks for it to be
// started if nobody did.
func (k *keeper) ready(ctx context.Context) (*session, error) {
	k.mu.Lock()
	s, up := k.mu.session, k.mu.sup.State() == Ready
	k.mu.Unlock()
	if up && s != nil && s.alive() {
		return s, nil
	}
	patience := k.cfg.Now().Add(k.cfg.Timeouts.Ready)
	timer := time.NewTimer(k.cfg.Timeouts.Ready)
	defer timer.Stop()
	var asked uint64 // generation that was current when the file was to be looked at again
	for {
		k.mu.Lock()
		state, reason, gen, due := k.mu.sup.State(), k.mu.sup.Reason(), k.mu.sup.Generation(), k.mu.sup.Deadline()
		refused, s, changed, file := k.mu.sup.refused, k.mu.session, k.mu.changed, k.mu.process
		k.mu.Unlock()
		switch state {
		case Ready:
			if s != nil && s.alive() {
				return s, nil
			}
		case Discovered:
			k.tell(Event{Kind: EventWanted})
		case Quarantined:
			switch {
			case refused && asked == 0:
				asked = gen + 1
				k.tell(Event{Kind: EventWanted})
			case !refused && identify(k.path) != file:
				k.tell(Event{Kind: EventReset})
			case asked == 0 || gen >= asked:
				return nil, k.unavailable(state, reason, due)
			}
		case Backoff:
			if due.After(patience) {
				return nil, k.unavailable(state, reason, due)
			}
		case Draining, Stopped:
			return nil, k.unavailable(state, reason, due)
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, k.unavailable(state, reason, due)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-k.ended:
			return nil, k.unavailable(Stopped, "", due)
		}
	}
}

// lane returns a lane to the running process. One that ends at this very moment is worth another try: it was asked
// nothing yet.
func (k *keeper) lane(ctx context.Context) (*session, *lane, error) {
	for last := false; ; last = true {
		s, err := k.ready(ctx)
		if err != nil {
			return nil, nil, err
		}
		l, err := s.lanes.take()
		if err == nil {
			return s, l, nil
		}
		if last {
			return nil, nil, pgerr.New(pgerr.ExternalRoutineException, "no connection to the plugin: %w", err).
				WithHint("Repeat the statement.")
		}
	}
}

// unavailable words why there is no session, and what to do about it.
func (k *keeper) unavailable(state State, reason string, due time.Time) error {
	remedy := "Repeat the statement in a moment."
	switch state {
	case Quarantined:
		k.mu.Lock()
		refused := k.mu.sup.refused
		k.mu.Unlock()
		if refused {
			remedy = "Correct that and repeat the statement; the host looks at the file again each time."
		} else {
			remedy = "The host's log has the plugin's last lines. To try again, " + k.remedy() + "."
		}
	case Backoff:
		if in := due.Sub(k.cfg.Now()); in > time.Second {
			remedy = fmt.Sprintf("It is started again in %v.", in.Round(time.Second))
		}
	case Draining, Stopped:
		remedy = "The host is shutting down."
	}
	return unavailable(k.name, state, reason, remedy)
}

// info is the plugin's line in the list.
func (k *keeper) info() am.Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	return am.Info{
		Name: k.name, Version: k.mu.version, Path: k.path, State: k.mu.sup.State().String(), Reason: k.mu.sup.Reason(),
	}
}

// setPin says which checksum the file must have. A process of another file is stopped.
func (k *keeper) setPin(sum string) {
	k.mu.Lock()
	k.mu.pin = sum
	wrong := sum != "" && k.mu.session != nil && k.mu.session.process.image.sum != sum
	k.mu.Unlock()
	if wrong {
		k.kill("its file is not the one the access method was created with")
	}
}

// close stops the plugin and waits for its end, which the supervisor's deadlines bound.
func (k *keeper) close() {
	k.tell(Event{Kind: EventStop})
	<-k.ended
	k.work.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.image != nil {
		k.mu.image.close()
		k.mu.image = nil
	}
}
