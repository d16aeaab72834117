package shm

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/quiredb/quire/plugins/wire"
)

// recheck bounds a sleep (S4).
const recheck = time.Second

// What an end that sleeps waits for; the value of its bell.
const (
	awake    = 0
	forBytes = 1
	forRoom  = 2 // and for bytes, if it drains
)

// A ring is one direction, with this end's own count of what it put in or took out (S2).
type ring struct {
	words
	at uint64
}

// put copies all of p into the outgoing ring, waiting for room. It wakes the other side for it, or only if there is no room left.
func (e *End) put(p []byte, rouse bool) error {
	size := len(e.out.data)
	for len(p) > 0 {
		used, err := e.used()
		if err != nil {
			return err
		}
		if used == size {
			if err := e.makeRoom(); err != nil {
				return err
			}
			continue
		}
		from := int(e.out.at % uint64(size))
		n := copy(e.out.data[from:], p[:min(len(p), size-used)])
		e.out.at, p = e.out.at+uint64(n), p[n:]
		e.out.written.Store(e.out.at)
		if len(p) == 0 && rouse || used+n == size { // a copy that ends at the end of the ring goes on at its start first
			wake(e.peer, forBytes)
		}
	}
	return nil
}

// makeRoom waits until the other side has taken something. If that is waiting for room itself, what it has to say is put aside:
// both would wait for ever otherwise. Only one side of a lane does that.
func (e *End) makeRoom() error {
	if e.drains {
		n, err := e.count()
		if err != nil {
			return err
		}
		if n > 0 {
			body, err := e.takeMessage(nil)
			if err == nil {
				e.aside = append(e.aside, body)
			}
			return err
		}
	}
	e.wait(forRoom, func() bool {
		used, err := e.used()
		if err != nil || used < len(e.out.data) {
			return false
		}
		if !e.drains {
			return true
		}
		n, err := e.count()
		return err == nil && n == 0
	})
	return nil
}

// used is the number of bytes that the other side has not taken yet.
func (e *End) used() (int, error) {
	if e.closed.Load() || e.hung.Load() {
		return 0, io.EOF
	}
	used := e.out.at - e.out.taken.Load()
	if used > uint64(len(e.out.data)) {
		return 0, fmt.Errorf("shared lane: %w: %d bytes are waiting in a ring of %d", wire.ErrProtocol, used, len(e.out.data))
	}
	return int(used), nil
}

// take fills p from the incoming ring, waiting for bytes.
func (e *End) take(p []byte) error {
	for len(p) > 0 {
		ready, err := e.count()
		if err != nil {
			return err
		}
		if ready == 0 {
			e.wait(forBytes, func() bool {
				n, err := e.count()
				return err == nil && n == 0
			})
			continue
		}
		n := copy(p[:min(len(p), ready)], e.in.data[e.in.at%uint64(len(e.in.data)):])
		e.in.at, p = e.in.at+uint64(n), p[n:]
		e.in.taken.Store(e.in.at)
		wake(e.peer, forRoom)
	}
	return nil
}

// takeMessage takes a whole message, into buf if that is large enough.
func (e *End) takeMessage(buf []byte) ([]byte, error) {
	var length [4]byte
	if err := e.take(length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > wire.HardCap {
		return nil, tooLong(int64(n))
	}
	if uint32(cap(buf)) < n {
		buf = make([]byte, n)
	}
	return buf[:n], e.take(buf[:n])
}

// count is the number of bytes that have come. The end of the other side counts only when none are left.
func (e *End) count() (int, error) {
	if e.closed.Load() {
		return 0, io.EOF
	}
	hung := e.hung.Load()
	n := e.in.written.Load() - e.in.at
	switch {
	case n > uint64(len(e.in.data)):
		return 0, fmt.Errorf("shared lane: %w: %d bytes in a ring of %d", wire.ErrProtocol, n, len(e.in.data))
	case n == 0 && hung:
		return 0, io.EOF
	}
	return int(n), nil
}

// wait returns when idle may no longer hold: it spins for as long as that pays, then it sleeps on this end's bell.
func (e *End) wait(what uint32, idle func() bool) {
	if e.spin.look(idle) {
		return
	}
	e.bell.Store(what)
	if idle() {
		futexWait(e.bell, what, recheck)
	}
	e.bell.Store(awake)
}

// wake ends the other side's sleep if it waits for as much as what has happened.
func wake(bell *atomic.Uint32, what uint32) {
	if bell.Load() >= what && bell.Swap(awake) != awake {
		futexWake(bell)
	}
}
