package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

var errCanceled = errors.New("canceling statement due to user request")

// A script runs owners as goroutines of which at most one moves at a time, so that its output is always the same.
type script struct {
	m       *Manager
	fire    chan time.Time
	owners  map[string]*actor
	letters []string
}

type actor struct {
	name    string
	owner   Owner
	done    chan error
	pending bool
	cancel  context.CancelCauseFunc
}

func newScript() *script {
	s := &script{owners: map[string]*actor{}, fire: make(chan time.Time)}
	s.m = NewWithTimer(func(time.Duration) <-chan time.Time { return s.fire })
	return s
}

func (s *script) actor(name string) *actor {
	a := s.owners[name]
	if a == nil {
		a = &actor{name: name, owner: Owner{PID: int32(len(s.owners) + 1)}}
		s.owners[name] = a
		s.letters = append(s.letters, name)
	}
	return a
}

var modesByName = func() map[string]Mode {
	out := map[string]Mode{}
	for m := AccessShare; m <= AccessExclusive; m++ {
		out[strings.TrimSuffix(m.String(), "Lock")] = m
	}
	return out
}()

func parseTag(t *testing.T, s string) Tag {
	var id uint64
	switch {
	case strings.HasPrefix(s, "x"):
		_, err := fmt.Sscanf(s, "x%d", &id)
		require.NoError(t, err)
		return Transaction(id)
	case strings.HasPrefix(s, "t"):
		_, err := fmt.Sscanf(s, "t%d", &id)
		require.NoError(t, err)
		return Relation(uint32(id))
	}
	return Name("relation", s)
}

func (s *script) run(t *testing.T, line string, out *strings.Builder) {
	f := strings.Fields(line)
	if f[0] == "list" {
		for _, i := range s.m.List() {
			state := "waits for"
			if i.Granted {
				state = "has"
			}
			fmt.Fprintf(out, "%s: %s %s %v\n", i.Tag, s.letters[i.PID-1], state, i.Mode)
		}
		return
	}
	a := s.actor(f[0])
	switch f[1] {
	case "lock", "wait":
		require.False(t, a.pending, "%s is already waiting", a.name)
		tag, mode := parseTag(t, f[2]), modesByName[f[3]]
		require.NotZero(t, mode, f[3])
		ctx, cancel := context.WithCancelCause(context.Background())
		a.cancel, a.done, a.pending = cancel, make(chan error, 1), true
		a.owner.Timeout = 0
		if len(f) > 4 && f[4] == "timeout" {
			a.owner.Timeout = 3 * time.Second
		}
		go func() {
			if f[1] == "lock" {
				a.done <- s.m.Acquire(ctx, &a.owner, tag, mode)
			} else {
				a.done <- s.m.WaitFor(ctx, &a.owner, tag, mode)
			}
		}()
		for len(a.done) == 0 {
			if _, waits := s.m.Waiting(&a.owner); waits {
				fmt.Fprintf(out, "%s waits\n", a.name)
				break
			}
			runtime.Gosched()
		}
	case "try":
		fmt.Fprintln(out, s.m.TryAcquire(&a.owner, parseTag(t, f[2]), modesByName[f[3]]))
	case "release":
		s.m.Release(&a.owner, parseTag(t, f[2]), modesByName[f[3]])
	case "end":
		s.m.ReleaseAll(&a.owner)
	default:
		t.Fatalf("unknown step %q", line)
	}
	s.report(out)
}

// report prints which requests came to an end with this step.
func (s *script) report(out *strings.Builder) {
	for _, name := range s.letters {
		a := s.owners[name]
		if !a.pending {
			continue
		}
		if _, waits := s.m.Waiting(&a.owner); waits && len(a.done) == 0 {
			continue
		}
		err := <-a.done
		a.pending = false
		if err == nil {
			fmt.Fprintf(out, "%s granted\n", name)
			continue
		}
		fmt.Fprintf(out, "%s: ERROR: %v\n", name, err)
		if e := pgerr.From(err); e.Detail != "" {
			fmt.Fprintf(out, "  %s %s\n", e.Code, strings.ReplaceAll(e.Detail, "\n", "\n  "))
		}
	}
}

func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := newScript()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "reset" {
				s = newScript()
				return ""
			}
			var out strings.Builder
			for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
				if strings.HasSuffix(line, " expire") || strings.HasSuffix(line, " cancel") {
					// These reach a goroutine of their own: wait until it has reacted.
					a := s.actor(strings.Fields(line)[0])
					s.react(t, line, a, &out)
					continue
				}
				s.run(t, line, &out)
			}
			return out.String()
		})
	})
}

func (s *script) react(t *testing.T, line string, a *actor, out *strings.Builder) {
	if strings.HasSuffix(line, "cancel") {
		a.cancel(errCanceled)
	} else {
		s.fire <- time.Time{}
	}
	err := <-a.done
	a.done <- err
	s.report(out)
}

func TestConflictsAreSymmetric(t *testing.T) {
	for a := AccessShare; a <= AccessExclusive; a++ {
		for b := AccessShare; b <= AccessExclusive; b++ {
			require.Equal(t, a.Conflicts(b), b.Conflicts(a), "%v %v", a, b)
		}
	}
}

// Many goroutines take random locks in random order; the deadlock check alone must keep all of them moving, and two
// owners must never hold conflicting modes.
func TestNobodyWaitsForever(t *testing.T) {
	m := New()
	var deadlocks, grants int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewSource(int64(g)))
			for range 300 {
				o := &Owner{PID: int32(g)}
				for range 4 {
					mode := AccessShare + Mode(rng.Intn(int(AccessExclusive)))
					err := m.Acquire(context.Background(), o, Relation(uint32(rng.Intn(4))), mode)
					mu.Lock()
					if err != nil {
						require.True(t, pgerr.Is(err, pgerr.DeadlockDetected), "%v", err)
						deadlocks++
					} else {
						grants++
					}
					mu.Unlock()
					if err != nil {
						break
					}
					checkNoConflict(t, m)
				}
				m.ReleaseAll(o)
			}
		}()
	}
	wg.Wait()
	require.Empty(t, m.List())
	require.NotZero(t, grants)
	t.Logf("%d grants, %d deadlocks", grants, deadlocks)
}

func checkNoConflict(t *testing.T, m *Manager) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		for i, a := range e.holders {
			for _, b := range e.holders[i+1:] {
				for mode := AccessShare; mode <= AccessExclusive; mode++ {
					if a.modes.has(mode) && conflicts[mode]&b.modes != 0 {
						t.Errorf("%v: conflicting holders", e.tag)
					}
				}
			}
		}
	}
}

func BenchmarkTransaction(b *testing.B) {
	m := New()
	ctx := context.Background()
	b.ReportAllocs()
	o := &Owner{}
	for i := range b.N {
		_ = m.Acquire(ctx, o, Relation(1), RowExclusive)
		_ = m.Acquire(ctx, o, Transaction(uint64(i)), Exclusive)
		m.ReleaseAll(o)
	}
}

func TestMarks(t *testing.T) {
	m := New()
	var a, b Owner
	require.NoError(t, m.Acquire(t.Context(), &a, Relation(1), RowShare))
	mark := m.Mark(&a)
	require.NoError(t, m.Acquire(t.Context(), &a, Relation(1), AccessExclusive))
	require.NoError(t, m.Acquire(t.Context(), &a, Relation(2), Share))
	require.NoError(t, m.Acquire(t.Context(), &a, Tuple(1, 0, 1), Exclusive))
	m.Release(&a, Tuple(1, 0, 1), Exclusive)
	require.False(t, m.TryAcquire(&b, Relation(1), RowShare))
	m.ReleaseSince(&a, mark, Tag{})
	require.True(t, m.Holds(&a, Relation(1), RowShare))
	require.False(t, m.Holds(&a, Relation(1), AccessExclusive))
	require.True(t, m.TryAcquire(&b, Relation(1), RowShare))
	require.True(t, m.TryAcquire(&b, Relation(2), AccessExclusive))
	m.ReleaseAll(&a)
	m.ReleaseAll(&b)
	require.Empty(t, m.List())
}

func TestTooManyRows(t *testing.T) {
	m := New()
	m.maxRows = 2
	var a, b Owner
	for off := range uint16(2) {
		ok, err := m.TryRow(&a, Row(1, 0, off+1), Share)
		require.NoError(t, err)
		require.True(t, ok)
	}
	ok, err := m.TryRow(&b, Row(1, 0, 1), Share) // locked already, takes no room
	require.NoError(t, err)
	require.True(t, ok)
	_, err = m.TryRow(&b, Row(1, 0, 3), Exclusive)
	require.True(t, pgerr.Is(err, pgerr.OutOfMemory), "%v", err)
	m.ReleaseAll(&a)
	ok, err = m.TryRow(&b, Row(1, 0, 3), Exclusive)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, m.RowsLocked())
	m.ReleaseAll(&b)
	require.False(t, m.RowsLocked())
	require.Empty(t, m.List())
}
