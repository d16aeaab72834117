package buffer

import (
	"sync"
	"sync/atomic"
)

// waiters wakes all goroutines that wait for a pin to go. Unpin looks at a counter only.
type waiters struct {
	count atomic.Int32
	mu    sync.Mutex
	woken chan struct{} // closed by the next wake
}

func (w *waiters) present() bool { return w.count.Load() > 0 }

// join returns a channel that the next wake closes. The caller looks at its condition again after join and before it
// waits, and calls leave in the end.
func (w *waiters) join() <-chan struct{} {
	w.count.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.woken == nil {
		w.woken = make(chan struct{})
	}
	return w.woken
}

func (w *waiters) leave() { w.count.Add(-1) }

func (w *waiters) wake() {
	if !w.present() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.woken != nil {
		close(w.woken)
		w.woken = nil
	}
}
