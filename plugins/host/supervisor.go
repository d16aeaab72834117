package host

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// State is where a plugin stands.
//
//	Discovered ──wanted──▶ Verified ──▶ Starting ──ready──▶ Ready ──stop──▶ Draining ──▶ Stopped
//	Verified, Starting, Ready ──exit, refused, timeout──▶ Backoff ──time──▶ Verified
//	too many of these in a short time, or a file that may not or cannot run ──▶ Quarantined ──reset──▶ Discovered
//
// A plugin enters Verified while its file is being hashed, and Starting when the file may run.
type State uint8

// The states of a plugin.
const (
	Discovered State = iota
	Verified
	Starting
	Ready
	Draining
	Stopped
	Backoff
	Quarantined
)

var stateNames = [...]string{"discovered", "verified", "starting", "ready", "draining", "stopped", "backoff", "quarantined"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Policy is how patient the supervisor is.
type Policy struct {
	BackoffMin  time.Duration // pause after the first failure; doubles with each
	BackoffMax  time.Duration
	HealthyTime time.Duration // ready for so long, and earlier failures are forgotten
	CrashWindow time.Duration // CrashLimit failures within it, and the plugin is quarantined
	CrashLimit  int
	ProbeEvery  time.Duration
	ProbeMisses int           // so many probes in a row without an answer, and the process is killed
	DrainTime   time.Duration // for running calls, then SIGTERM
	TermTime    time.Duration // after SIGTERM, then SIGKILL
}

// DefaultPolicy is what the design asks for.
func DefaultPolicy() Policy {
	return Policy{
		BackoffMin: 100 * time.Millisecond, BackoffMax: 30 * time.Second,
		HealthyTime: time.Minute, CrashWindow: time.Minute, CrashLimit: 5,
		ProbeEvery: 2 * time.Second, ProbeMisses: 3,
		DrainTime: 5 * time.Second, TermTime: 2 * time.Second,
	}
}

// An Event is something that happened to a plugin. Those about a process carry its generation: one process per
// generation, and news of an earlier one is ignored.
type Event struct {
	Kind   EventKind
	Gen    uint64
	Reason string // of a refusal, a failed start, an exit or a kill
	Final  bool   // of a failed start: this file will fail again
}

// EventKind says what happened.
type EventKind uint8

// The events.
const (
	EventTick      EventKind = iota // time passed; Deadline said when
	EventWanted                     // somebody needs the access method
	EventVerified                   // the file may run
	EventRefused                    // the file may not run
	EventReady                      // the process answers
	EventFailed                     // the process did not get as far as answering
	EventExited                     // the process ended
	EventHealthy                    // a probe was answered
	EventUnhealthy                  // a probe was not
	EventHung                       // a call made no progress: the process must go
	EventDrained                    // no call runs any more
	EventStop                       // the host stops, or the plugin is to go
	EventReset                      // an operator or a new file gives it another chance
)

// An Effect is something the supervisor wants done.
type Effect struct {
	Kind   EffectKind
	Gen    uint64
	Reason string
}

// EffectKind says what is to be done.
type EffectKind uint8

// The effects.
const (
	EffectVerify EffectKind = iota // check and hash the file
	EffectStart                    // start the verified file
	EffectProbe                    // ask for its health, once
	EffectDrain                    // ask it to finish its calls
	EffectTerm                     // SIGTERM
	EffectKill                     // SIGKILL to the process group
	EffectAlarm                    // quarantined: tell the operator, with the last lines of the log
)

// A Supervisor decides when a plugin is started, probed, stopped and given up. It is a step machine: it does nothing and
// knows no clock; what it wants done it returns.
type Supervisor struct {
	policy   Policy
	jitter   *rand.Rand
	state    State
	reason   string
	gen      uint64
	since    time.Time // of the state
	deadline time.Time // when Tick is due; zero = never
	pause    time.Duration
	crashes  []time.Time // within the window
	misses   int
	stopping bool // an exit leads to Stopped
	termSent bool
	refused  bool // quarantined by the file, not by crashes
}

// NewSupervisor returns a machine in Discovered. jitter spreads the pauses of plugins that fail together.
func NewSupervisor(policy Policy, now time.Time, jitter *rand.Rand) *Supervisor {
	return &Supervisor{policy: policy, jitter: jitter, since: now}
}

// State is where the plugin stands, and Reason why if it is not Ready.
func (s *Supervisor) State() State { return s.state }

// Reason is why the plugin is not ready; it is empty when nothing is wrong.
func (s *Supervisor) Reason() string { return s.reason }

// Generation is the number of the current or last process.
func (s *Supervisor) Generation() uint64 { return s.gen }

// Deadline is when the next Tick is due, zero for never.
func (s *Supervisor) Deadline() time.Time { return s.deadline }

// Step takes an event and returns what is to be done about it.
func (s *Supervisor) Step(now time.Time, ev Event) []Effect {
	switch ev.Kind {
	case EventVerified, EventRefused, EventReady, EventFailed, EventExited, EventHealthy, EventUnhealthy, EventHung, EventDrained:
		if ev.Gen != s.gen {
			return nil
		}
	}
	switch ev.Kind {
	case EventWanted:
		if s.state == Discovered || s.state == Quarantined && s.refused {
			return s.verify(now)
		}
	case EventVerified:
		if s.state == Verified {
			s.enter(now, Starting, s.reason)
			return s.effects(EffectStart, "")
		}
	case EventRefused:
		if s.state == Verified {
			return s.refuse(now, ev.Reason)
		}
	case EventReady:
		if s.state == Starting {
			s.misses = 0
			s.enter(now, Ready, "")
			s.deadline = now.Add(s.policy.ProbeEvery)
		}
	case EventFailed, EventExited:
		return s.ended(now, ev)
	case EventHealthy:
		s.misses = 0
	case EventUnhealthy:
		return s.missed(ev.Reason)
	case EventHung:
		if s.state == Ready || s.state == Draining {
			s.reason = ev.Reason
			return s.effects(EffectKill, ev.Reason)
		}
	case EventDrained:
		return s.terminate(now)
	case EventStop:
		return s.stop(now)
	case EventReset:
		if s.state == Quarantined || s.state == Stopped || s.state == Backoff {
			s.crashes, s.pause, s.refused, s.stopping = nil, 0, false, false
			s.enter(now, Discovered, "")
		}
	case EventTick:
		return s.tick(now)
	}
	return nil
}

func (s *Supervisor) enter(now time.Time, state State, reason string) {
	s.state, s.reason, s.since, s.deadline = state, reason, now, time.Time{}
}

func (s *Supervisor) effects(kind EffectKind, reason string) []Effect {
	return []Effect{{Kind: kind, Gen: s.gen, Reason: reason}}
}

// verify begins a new generation.
func (s *Supervisor) verify(now time.Time) []Effect {
	s.gen++
	s.refused, s.termSent = false, false
	s.enter(now, Verified, s.reason)
	return s.effects(EffectVerify, "")
}

// refuse gives the file up until it is looked at again. That costs no process, so it happens whenever somebody asks.
func (s *Supervisor) refuse(now time.Time, reason string) []Effect {
	if s.stopping {
		s.enter(now, Stopped, "")
		return nil
	}
	s.refused = true
	s.enter(now, Quarantined, reason)
	return nil
}

// ended handles the end of the process, wherever it was.
func (s *Supervisor) ended(now time.Time, ev Event) []Effect {
	switch s.state {
	case Starting, Ready, Draining:
	default:
		return nil
	}
	if s.stopping {
		s.enter(now, Stopped, "")
		return nil
	}
	if ev.Final {
		s.enter(now, Quarantined, ev.Reason)
		return s.effects(EffectAlarm, ev.Reason)
	}
	reason := ev.Reason
	if s.reason != "" && s.state == Ready { // it was killed, and the cause is better known than the signal
		reason = s.reason
	}
	if s.state == Ready && now.Sub(s.since) >= s.policy.HealthyTime {
		s.crashes, s.pause = nil, 0
	}
	return s.crashed(now, reason)
}

// crashed counts a failure, and pauses or gives up.
func (s *Supervisor) crashed(now time.Time, reason string) []Effect {
	recent := s.crashes[:0]
	for _, at := range s.crashes {
		if now.Sub(at) < s.policy.CrashWindow {
			recent = append(recent, at)
		}
	}
	s.crashes = append(recent, now)
	if len(s.crashes) >= s.policy.CrashLimit {
		s.enter(now, Quarantined, reason)
		return s.effects(EffectAlarm, reason)
	}
	s.pause = min(max(2*s.pause, s.policy.BackoffMin), s.policy.BackoffMax)
	s.enter(now, Backoff, reason)
	s.deadline = now.Add(s.spread(s.pause))
	return nil
}

// spread returns d, more or less a tenth.
func (s *Supervisor) spread(d time.Duration) time.Duration {
	tenth := int64(d / 10)
	if tenth == 0 || s.jitter == nil {
		return d
	}
	return d + time.Duration(s.jitter.Int64N(2*tenth+1)-tenth)
}

// missed counts a probe without an answer.
func (s *Supervisor) missed(reason string) []Effect {
	if s.state != Ready {
		return nil
	}
	s.misses++
	if s.misses < s.policy.ProbeMisses {
		return nil
	}
	s.misses = 0
	s.reason = fmt.Sprintf("no answer to %d health probes: %s", s.policy.ProbeMisses, reason)
	return s.effects(EffectKill, s.reason)
}

// stop leads to Stopped from any state.
func (s *Supervisor) stop(now time.Time) []Effect {
	if s.stopping && s.state != Stopped {
		return nil
	}
	switch s.state {
	case Ready:
		s.stopping = true
		s.enter(now, Draining, "")
		s.deadline = now.Add(s.policy.DrainTime)
		return s.effects(EffectDrain, "")
	case Starting:
		s.stopping = true
		s.enter(now, Draining, "")
		s.termSent = true
		s.deadline = now.Add(s.policy.TermTime)
		return s.effects(EffectKill, "stopped while starting")
	case Verified: // its result finds another generation
		s.gen++
	}
	s.enter(now, Stopped, "")
	return nil
}

// terminate sends SIGTERM once the calls are over or their time is.
func (s *Supervisor) terminate(now time.Time) []Effect {
	if s.state != Draining || s.termSent {
		return nil
	}
	s.termSent = true
	s.deadline = now.Add(s.policy.TermTime)
	return s.effects(EffectTerm, "")
}

func (s *Supervisor) tick(now time.Time) []Effect {
	if s.deadline.IsZero() || now.Before(s.deadline) {
		return nil
	}
	s.deadline = time.Time{}
	switch s.state {
	case Backoff:
		return s.verify(now)
	case Ready:
		s.deadline = now.Add(s.policy.ProbeEvery)
		return s.effects(EffectProbe, "")
	case Draining:
		if !s.termSent {
			return s.terminate(now)
		}
		s.deadline = now.Add(s.policy.TermTime)
		return s.effects(EffectKill, "it did not stop after SIGTERM")
	}
	return nil
}
