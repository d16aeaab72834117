package wal

import (
	"context"
	"fmt"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// insertion is the state behind the insertion lock: what the next record needs to know.
type insertion struct {
	mu       sync.Mutex
	prev     page.LSN // start of the last record, 0 if there is none
	received bool     // AppendRaw was used: prev is unknown
	body     []byte   // reused for building
	header   header
	code     codec
}

// Insert appends a record and returns its place [start, end). build appends the body to dst, which is empty, and returns
// it; it is told the record's own LSN and runs under the insertion lock: no locks, no I/O, no long work. A nil build
// makes an empty body. If build panics, nothing is inserted and the panic goes on.
//
// Insert does not fail and does not make anything durable. The caller asked EnsureSpace before it changed anything. If
// the log halts, positions go on but no byte of them is ever acknowledged.
func (l *Log) Insert(kind Kind, xid uint64, build func(dst []byte, lsn page.LSN) []byte) (start, end page.LSN) {
	ins := &l.insertion
	ins.mu.Lock()
	defer ins.mu.Unlock()
	if ins.received {
		panic("wal: Insert into a log that holds received bytes; it must be opened again at the end of its last record")
	}
	start = l.InsertLSN()
	body := ins.body[:0]
	if build != nil {
		body = build(body, start)
		if cap(body) > cap(ins.body) {
			ins.body = body[:0]
		}
	}
	if len(body) > l.MaxBody() || !kind.known() {
		panic(fmt.Sprintf("wal: Insert of a %v record with a body of %d bytes, at most %d are allowed", kind, len(body), l.MaxBody()))
	}
	h := &ins.header
	h.encode(&ins.code, start, ins.prev, l.FlushedLSN(), kind, xid, body)
	end = start + page.LSN(h.size+len(body))
	if l.makeRoom(end) {
		l.ring.put(start, h.bytes())
		l.ring.put(start+page.LSN(h.size), body)
	}
	ins.prev = start
	l.publish(end)
	l.counts.records.Add(1)
	return start, end
}

// MaxBody returns the largest body that Insert takes, in bytes: MaxBody the constant, or less with a small ring.
func (l *Log) MaxBody() int { return min(MaxBody, len(l.ring.buf)/2-maxHeader) }

// makeRoom waits until the ring can take bytes up to end without overwriting what is not durable (W3). It reports false
// if the log has stopped, so that there will never be room.
//
// Holds: insertion.mu.
func (l *Log) makeRoom(end page.LSN) bool {
	for uint64(end-blockFloor(l.FlushedLSN())) > uint64(len(l.ring.buf)) {
		if err := l.Flush(context.Background(), l.InsertLSN()); err != nil {
			return false
		}
	}
	return true
}

// publish makes everything below end visible to the flush leader, and wakes the background writer when half of the ring
// waits.
//
// Holds: insertion.mu.
func (l *Log) publish(end page.LSN) {
	l.inserted.Store(uint64(end))
	if uint64(end-l.FlushedLSN()) > uint64(len(l.ring.buf)/2) {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// AppendRaw puts received bytes at their place, which must be the end of what is there. Flush makes them durable. A log
// that has taken received bytes no longer takes Insert.
//
// A SpaceError means that nothing was taken.
func (l *Log) AppendRaw(at page.LSN, b []byte) error {
	ins := &l.insertion
	ins.mu.Lock()
	defer ins.mu.Unlock()
	if at != l.InsertLSN() {
		return fmt.Errorf("received WAL starts at %v, but the log ends at %v: ask the sender for the latter", at, l.InsertLSN())
	}
	if err := l.EnsureSpace(len(b)); err != nil {
		return err
	}
	ins.received = true
	for len(b) > 0 {
		n := min(len(b), len(l.ring.buf)/2)
		end := at + page.LSN(n)
		if !l.makeRoom(end) {
			return l.stopped()
		}
		l.ring.put(at, b[:n])
		l.publish(end)
		at, b = end, b[n:]
	}
	return nil
}

func blockFloor(lsn page.LSN) page.LSN { return lsn &^ (blockBytes - 1) }
func blockCeil(lsn page.LSN) page.LSN  { return blockFloor(lsn + blockBytes - 1) }
