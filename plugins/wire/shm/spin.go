package shm

import "time"

// A spinner looks for a while before an end goes to sleep. It begins with what a sleep and a wake-up would cost at most; looking in vain halves
// that, success doubles it, and at the bottom it tries again now and then.
type spinner struct {
	budget  time.Duration
	skipped int
}

const (
	mostSpin  = 20 * time.Microsecond
	leastSpin = time.Microsecond
	skipSpins = 64 // waits without a spin, at the bottom
	looks     = 32 // between two looks at the clock
)

// look reports whether idle ceased to hold while it looked.
func (s *spinner) look(idle func() bool) bool {
	if s.budget < leastSpin {
		if s.skipped++; s.skipped < skipSpins {
			return false
		}
		s.skipped, s.budget = 0, leastSpin
	}
	until := time.Now().Add(s.budget)
	for n := 1; ; n++ {
		if !idle() {
			s.budget = min(2*s.budget, mostSpin)
			return true
		}
		if n%looks == 0 && time.Now().After(until) {
			s.budget /= 2
			return false
		}
	}
}
