package sdk

import (
	"slices"
	"sync"

	"github.com/quiredb/quire/plugins/wire"
)

// A callTable knows the calls that run, and refuses new ones once the plugin drains.
type callTable struct {
	mu struct {
		sync.Mutex
		active  map[uint64]bool
		done    uint64
		drained chan struct{} // not nil when draining; closed when no call runs
	}
}

func newCallTable() *callTable {
	t := &callTable{}
	t.mu.active = make(map[uint64]bool)
	return t
}

// enter admits a call.
func (t *callTable) enter(id uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.drained != nil {
		return wire.ErrDraining
	}
	t.mu.active[id] = true
	return nil
}

func (t *callTable) leave(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.mu.active, id)
	t.mu.done++
	if t.mu.drained != nil && len(t.mu.active) == 0 {
		close(t.mu.drained)
	}
}

// drain refuses further calls. The channel is closed when none runs.
func (t *callTable) drain() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.drained == nil {
		t.mu.drained = make(chan struct{})
		if len(t.mu.active) == 0 {
			close(t.mu.drained)
		}
	}
	return t.mu.drained
}

// snapshot returns the calls that run, in ascending order, and the number of those that ended.
func (t *callTable) snapshot() (active []uint64, done uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id := range t.mu.active {
		active = append(active, id)
	}
	slices.Sort(active)
	return active, t.mu.done
}
