package replica

import (
	"time"

	"github.com/quiredb/quire/core/page"
)

// A lagTracker remembers when positions were sent, to say how long their confirmation took. It keeps a bounded number
// of samples; between two of them the older one counts.
type lagTracker struct {
	samples []lagSample
	last    [3]time.Duration // write, flush, replay
}

type lagSample struct {
	lsn page.LSN
	at  time.Time
}

const maxLagSamples = 1024

func (l *lagTracker) sent(lsn page.LSN, at time.Time) {
	if len(l.samples) == maxLagSamples {
		// Thin out: every second sample is enough for twice the time.
		kept := l.samples[:0]
		for i := 0; i < maxLagSamples; i += 2 {
			kept = append(kept, l.samples[i])
		}
		l.samples = kept
	}
	l.samples = append(l.samples, lagSample{lsn, at})
}

// confirmed gives the time from sending to confirmation for the newest sample at or below each position.
func (l *lagTracker) confirmed(write, flush, replay page.LSN, now time.Time) (w, f, r time.Duration) {
	for i, upTo := range []page.LSN{write, flush, replay} {
		for _, s := range l.samples {
			if s.lsn > upTo {
				break
			}
			l.last[i] = now.Sub(s.at)
		}
	}
	low := min(write, flush, replay)
	drop := 0
	for drop < len(l.samples) && l.samples[drop].lsn <= low {
		drop++
	}
	l.samples = append(l.samples[:0], l.samples[drop:]...)
	if len(l.samples) == 0 {
		w, f, r = l.last[0], l.last[1], l.last[2]
		l.last = [3]time.Duration{}
		return w, f, r
	}
	return l.last[0], l.last[1], l.last[2]
}
