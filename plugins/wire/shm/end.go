package shm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/quiredb/quire/plugins/wire"
)

// ErrTooLong says that a message exceeds wire.HardCap, on either side.
var ErrTooLong = errors.New("message is too long for a lane")

func tooLong(n int64) error {
	return fmt.Errorf("shared lane: %w: %d bytes, the limit is %d", ErrTooLong, n, wire.HardCap)
}

// keepBuffer is the size up to which a buffer is kept for the next message.
const keepBuffer = 256 << 10

// An End is one side's end of a lane.
type End struct {
	out, in    ring
	bell, peer *atomic.Uint32 // that this end, and that the other, sleeps on
	drains     bool           // the plugin's end
	spin       spinner
	frame      []byte   // of the message being sent
	body       []byte   // of the message being received
	aside      [][]byte // messages that came while sending
	conn       *net.UnixConn

	closed atomic.Bool   // by this side: nothing is done any more
	hung   atomic.Bool   // by the other: what is in the ring is still read
	gone   chan struct{} // closed with either
	once   sync.Once     // for gone

	mu  sync.RWMutex // held for reading while in the memory (S5)
	mem *memory      // nil once closed
}

// newEnd puts an end onto memory. Without a socket nobody says that the other side is gone but Hangup.
func newEnd(mem *memory, size int, host bool, conn *net.UnixConn) *End {
	e := &End{mem: mem, conn: conn, gone: make(chan struct{}), drains: !host}
	e.spin.budget = mostSpin
	down, up := wordsAt(mem.bytes, toPlugin, ringsAt, size), wordsAt(mem.bytes, toHost, ringsAt+size, size)
	if host {
		e.out.words, e.in.words = down, up
	} else {
		e.out.words, e.in.words = up, down
	}
	e.bell, e.peer = e.in.bell, e.out.bell
	if conn != nil {
		go e.watch()
	}
	return e
}

// watch waits for the end of the socket, on which nobody ever says anything.
func (e *End) watch() {
	_, _ = e.conn.Read(make([]byte, 1))
	e.Hangup()
	_ = e.conn.Close()
}

// Gone is closed when the other side is gone or this one was closed.
func (e *End) Gone() <-chan struct{} { return e.gone }

// Hangup says that the other side is gone. What it sent before is still received.
func (e *End) Hangup() {
	e.hung.Store(true)
	e.rouse()
}

// rouse wakes whoever of this side sleeps, so that the end is noticed.
func (e *End) rouse() {
	e.once.Do(func() { close(e.gone) })
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.mem != nil {
		e.bell.Store(awake)
		futexWake(e.bell)
	}
}

// Close ends the lane at once. It may be called often, and while the other methods run.
func (e *End) Close() {
	if !e.closed.CompareAndSwap(false, true) {
		return
	}
	e.rouse()
	if e.conn != nil {
		_ = e.conn.Close()
	}
	go func() { // it waits for those who are just leaving
		e.mu.Lock()
		defer e.mu.Unlock()
		e.mem.unmap()
		e.mem = nil
	}()
}

// Send puts a message into the ring. io.EOF says that the lane has ended.
func (e *End) Send(m proto.Message) error { return e.send(m, true) }

// Leave puts a message into the ring and wakes nobody for it: it is received with the next that is sent, or sooner. Other than that it is Send.
func (e *End) Leave(m proto.Message) error { return e.send(m, false) }

// Nudge has the other end receive what was left for it.
func (e *End) Nudge() {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.mem != nil {
		wake(e.peer, forBytes)
	}
}

func (e *End) send(m proto.Message, rouse bool) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.mem == nil {
		return io.EOF
	}
	frame, err := proto.MarshalOptions{}.MarshalAppend(append(e.frame[:0], 0, 0, 0, 0), m)
	if err != nil {
		return fmt.Errorf("shared lane: %w", err)
	}
	n := len(frame) - 4
	if n > wire.HardCap {
		return tooLong(int64(n))
	}
	binary.LittleEndian.PutUint32(frame, uint32(n))
	if e.frame = frame; cap(frame) > keepBuffer {
		e.frame = nil
	}
	return e.put(frame, rouse)
}

// Recv takes the next message out of the ring. io.EOF says that the lane has ended.
func (e *End) Recv(m proto.Message) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var body []byte
	switch {
	case len(e.aside) > 0:
		body, e.aside = e.aside[0], e.aside[1:]
	case e.mem == nil:
		return io.EOF
	default:
		var err error
		if body, err = e.takeMessage(e.body); err != nil {
			return err
		}
		if e.body = body; cap(body) > keepBuffer {
			e.body = nil
		}
	}
	if err := proto.Unmarshal(body, m); err != nil {
		return fmt.Errorf("shared lane: %w: %v", wire.ErrProtocol, err)
	}
	return nil
}
