package lock

import (
	"cmp"
	"slices"
)

// Info is one row of pg_locks.
type Info struct {
	Tag     Tag
	Mode    Mode
	PID     int32
	Granted bool
}

// List returns every lock held or waited for, ordered by tag, with holders before waiters and waiters in queue order.
func (m *Manager) List() []Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Info
	for _, e := range m.entries {
		for _, h := range e.holders {
			for mode := AccessShare; mode <= AccessExclusive; mode++ {
				if h.modes.has(mode) {
					out = append(out, Info{Tag: e.tag, Mode: mode, PID: h.owner.PID, Granted: true})
				}
			}
		}
		for _, w := range e.waiters {
			out = append(out, Info{Tag: e.tag, Mode: w.mode, PID: w.owner.PID})
		}
	}
	slices.SortStableFunc(out, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.Tag.Kind, b.Tag.Kind), cmp.Compare(a.Tag.ID, b.Tag.ID),
			cmp.Compare(a.Tag.Sub, b.Tag.Sub), cmp.Compare(a.Tag.Name, b.Tag.Name))
	})
	return out
}

// Waiting reports whether o waits for a lock now, and for what.
func (m *Manager) Waiting(o *Owner) (Info, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.waiting == nil {
		return Info{}, false
	}
	return Info{Tag: o.waiting.entry.tag, Mode: o.waiting.mode, PID: o.PID}, true
}
