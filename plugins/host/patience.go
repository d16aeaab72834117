package host

import (
	"math/rand/v2"
	"sync/atomic"
)

// mostPassed is how many occasions at most are let pass, on the average of its half, before something that was no use is tried again.
const mostPassed = 127

// patience decides how often to try what may be no use. Each disappointment doubles the number of occasions that are let pass before the next
// trial, each reward halves it. How many pass is drawn by lot, so that no rhythm of the occasions agrees with it. It is exact enough without
// a lock; the zero value tries at once.
type patience struct{ pass, left atomic.Int32 }

// due reports whether to try now.
func (p *patience) due() bool {
	if p.left.Load() <= 0 {
		return true
	}
	p.left.Add(-1)
	return false
}

func (p *patience) disappoint() { p.set(min(2*p.pass.Load()+1, mostPassed)) }

func (p *patience) reward() { p.set(p.pass.Load() / 2) }

func (p *patience) set(pass int32) {
	p.pass.Store(pass)
	p.left.Store(rand.Int32N(pass + 1))
}

// inherit takes over what was learnt elsewhere, if that is worse. It is for a patience that nobody else has yet.
func (p *patience) inherit(from *patience) {
	if n := from.pass.Load(); n > p.pass.Load() {
		p.pass.Store(n)
	}
}
