package host

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var eventNames = map[string]EventKind{
	"tick": EventTick, "wanted": EventWanted, "verified": EventVerified, "refused": EventRefused, "ready": EventReady,
	"failed": EventFailed, "exited": EventExited, "healthy": EventHealthy, "unhealthy": EventUnhealthy, "hung": EventHung,
	"drained": EventDrained, "stop": EventStop, "reset": EventReset,
}

var effectNames = [...]string{"verify", "start", "probe", "drain", "SIGTERM", "SIGKILL", "alarm"}

// TestSupervisor plays stories with a fake clock: a line is a time, "now" for that of the line before or "due" for
// the machine's own deadline, and an event; the answer is what is to be done and where the plugin stands.
func TestSupervisor(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	datadriven.Walk(t, "testdata/supervisor", func(t *testing.T, path string) {
		s := NewSupervisor(DefaultPolicy(), start, nil)
		now := start
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "step", d.Cmd)
			var out strings.Builder
			for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
				f := strings.Fields(line)
				require.GreaterOrEqual(t, len(f), 2, line)
				switch f[0] {
				case "now":
				case "due":
					require.False(t, s.Deadline().IsZero(), "nothing is due")
					now = s.Deadline()
				default:
					at, err := time.ParseDuration(f[0])
					require.NoError(t, err)
					now = start.Add(at)
				}
				kind, ok := eventNames[f[1]]
				require.True(t, ok, line)
				ev := Event{Kind: kind, Gen: s.Generation()}
				for _, word := range f[2:] {
					switch word {
					case "old":
						ev.Gen--
					case "final":
						ev.Final = true
					default:
						ev.Reason = strings.ReplaceAll(word, "-", " ")
					}
				}
				effects := s.Step(now, ev)
				fmt.Fprintf(&out, "%v %s: %v", now.Sub(start), f[1], s.State())
				if s.Reason() != "" {
					fmt.Fprintf(&out, " (%s)", s.Reason())
				}
				for _, e := range effects {
					fmt.Fprintf(&out, " → %s", effectNames[e.Kind])
				}
				if !s.Deadline().IsZero() {
					fmt.Fprintf(&out, " … %v", s.Deadline().Sub(start))
				}
				out.WriteByte('\n')
			}
			return out.String()
		})
	})
}

// Whatever happens in whatever order: there is never more than one process, one that runs is always asked to go before the
// machine is Stopped, and between two starts lies at least the first pause once failures have begun.
func TestSupervisorNeverLosesAProcess(t *testing.T) {
	kinds := make([]EventKind, 0, len(eventNames))
	for k := EventTick; k <= EventReset; k++ {
		kinds = append(kinds, k)
	}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s := NewSupervisor(DefaultPolicy(), now, nil)
		running := map[uint64]bool{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40000).Draw(t, "ms")) * time.Millisecond)
			ev := Event{Kind: rapid.SampledFrom(kinds).Draw(t, "event"), Gen: s.Generation(), Reason: "because"}
			ev.Final = rapid.Bool().Draw(t, "final")
			switch ev.Kind {
			case EventReady, EventFailed, EventExited: // said only by a process that was started
				if !running[ev.Gen] {
					continue
				}
				if ev.Kind != EventReady {
					delete(running, ev.Gen)
				}
			}
			for _, e := range s.Step(now, ev) {
				switch e.Kind {
				case EffectStart:
					if len(running) > 0 {
						t.Fatalf("started %d beside %v", e.Gen, running)
					}
					running[e.Gen] = true
				case EffectKill, EffectTerm, EffectDrain, EffectProbe:
					if !running[e.Gen] {
						t.Fatalf("effect %d for the process %d, which does not run", e.Kind, e.Gen)
					}
				}
			}
			switch s.State() {
			case Discovered, Verified, Stopped, Backoff, Quarantined:
				if len(running) > 0 {
					t.Fatalf("in %v with %v running", s.State(), running)
				}
			}
			if d := s.Deadline(); s.State() == Backoff && d.Sub(now) > DefaultPolicy().BackoffMax {
				t.Fatalf("pause of %v", d.Sub(now))
			}
		}
	})
}
