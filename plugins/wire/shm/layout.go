package shm

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/quiredb/quire/plugins/wire"
)

// Places in the memory of a lane; the README has the ruler.
const (
	magic     = "QUIRELAN"
	version   = 1
	toPlugin  = 128  // words of the ring to the plugin
	toHost    = 1152 // words of the ring to the host
	wordTaken = 128
	wordBell  = 256
	ringsAt   = 4096

	ringSize = 128 << 10
)

func memorySize(ring int) int { return ringsAt + 2*ring }

// words are those of one ring.
type words struct {
	written, taken *atomic.Uint64
	bell           *atomic.Uint32 // of who receives from the ring
	data           []byte
}

func wordsAt(mem []byte, at, data, ring int) words {
	return words{
		written: (*atomic.Uint64)(unsafe.Pointer(&mem[at])), taken: (*atomic.Uint64)(unsafe.Pointer(&mem[at+wordTaken])),
		bell: (*atomic.Uint32)(unsafe.Pointer(&mem[at+wordBell])), data: mem[data : data+ring : data+ring],
	}
}

// greetingBytes go with the descriptor: magic, version, size of a ring. The header of the memory repeats them.
const greetingBytes = 16

func greeting(ring int) []byte {
	b := append(make([]byte, 0, greetingBytes), magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	return binary.LittleEndian.AppendUint32(b, uint32(ring))
}

// checkGreeting returns the size of a ring.
func checkGreeting(b []byte) (int, error) {
	if len(b) != greetingBytes || string(b[:8]) != magic {
		return 0, fmt.Errorf("%w: not the greeting of a shared lane", wire.ErrProtocol)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return 0, fmt.Errorf("%w: shared lane of version %d, version %d is known", wire.ErrProtocol, v, version)
	}
	ring := binary.LittleEndian.Uint32(b[12:])
	if ring == 0 || ring > 64<<20 || ring%4096 != 0 {
		return 0, fmt.Errorf("%w: shared lane with rings of %d bytes", wire.ErrProtocol, ring)
	}
	return int(ring), nil
}
