package shm

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/quiredb/quire/plugins/wire"
)

// Supported says whether lanes can share memory on this system.
const Supported = true

// seals fix the size (S1).
const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// handover bounds how long a plugin waits for the descriptor.
const handover = 10 * time.Second

// memory is a mapping.
type memory struct{ bytes []byte }

func (m *memory) unmap() { _ = unix.Munmap(m.bytes) }

// create makes and maps the memory of a lane, with its header.
func create(ring int) (*memory, *os.File, error) {
	fd, err := unix.MemfdCreate("quire-lane", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("shared lane: memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "quire-lane")
	fail := func(what string, err error) (*memory, *os.File, error) {
		return nil, nil, errors.Join(fmt.Errorf("shared lane: %s: %w", what, err), file.Close())
	}
	if err := unix.Ftruncate(fd, int64(memorySize(ring))); err != nil {
		return fail("size", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return fail("seal", err)
	}
	bytes, err := unix.Mmap(fd, 0, memorySize(ring), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fail("map", err)
	}
	copy(bytes, greeting(ring))
	return &memory{bytes}, file, nil
}

// Offer makes a lane and hands it over through a connected socket, which it takes over. The descriptor of an arena, if there is
// one, goes with it. It is the host's part.
func Offer(conn *net.UnixConn, arena *os.File) (*End, error) {
	mem, file, err := create(ringSize)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	fds := []int{int(file.Fd())}
	if arena != nil {
		fds = append(fds, int(arena.Fd()))
	}
	_, _, err = conn.WriteMsgUnix(greeting(ringSize), unix.UnixRights(fds...), nil)
	if err := errors.Join(err, file.Close()); err != nil {
		mem.unmap()
		return nil, errors.Join(fmt.Errorf("hand a shared lane over: %w", err), conn.Close())
	}
	return newEnd(mem, ringSize, true, conn), nil
}

// Accept takes a lane that was offered through a socket, which it takes over, and the descriptor of the arena, nil if none came.
// It is the plugin's part.
func Accept(conn *net.UnixConn) (*End, *os.File, error) {
	fail := func(err error) (*End, *os.File, error) {
		return nil, nil, errors.Join(fmt.Errorf("take a shared lane: %w", err), conn.Close())
	}
	b, files, err := receive(conn)
	if err != nil {
		return fail(err)
	}
	defer files[0].Close()
	mem, ring, err := mapLane(b, files[0])
	if err != nil {
		if files[1] != nil {
			_ = files[1].Close()
		}
		return fail(err)
	}
	return newEnd(mem, ring, false, conn), files[1], nil
}

// receive takes the greeting and the descriptors: the lane's, and perhaps the arena's.
func receive(conn *net.UnixConn) (b []byte, files [2]*os.File, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(handover)); err != nil {
		return nil, files, err
	}
	b = make([]byte, greetingBytes)
	oob := make([]byte, unix.CmsgSpace(2*4))
	n, oobn, _, _, err := conn.ReadMsgUnix(b, oob)
	if err != nil {
		return nil, files, err
	}
	files, err = descriptors(oob[:oobn])
	if err != nil {
		return nil, files, err
	}
	return b[:n], files, conn.SetReadDeadline(time.Time{})
}

// mapLane maps the memory of a lane that was greeted with b.
func mapLane(b []byte, file *os.File) (*memory, int, error) {
	fd := int(file.Fd())
	ring, err := checkGreeting(b)
	if err != nil {
		return nil, 0, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, 0, err
	}
	if st.Size != int64(memorySize(ring)) {
		return nil, 0, fmt.Errorf("%w: memory of %d bytes for rings of %d", wire.ErrProtocol, st.Size, ring)
	}
	bytes, err := unix.Mmap(fd, 0, memorySize(ring), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, 0, fmt.Errorf("map: %w", err)
	}
	return &memory{bytes}, ring, nil
}

// descriptors takes one or two descriptors out of a control message.
func descriptors(oob []byte) (files [2]*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return files, fmt.Errorf("%w: %d control messages with the greeting: %v", wire.ErrProtocol, len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) < 1 || len(fds) > len(files) {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
		return files, fmt.Errorf("%w: %d descriptors with the greeting: %v", wire.ErrProtocol, len(fds), err)
	}
	for i, fd := range fds {
		unix.CloseOnExec(fd)
		files[i] = os.NewFile(uintptr(fd), "from the host")
	}
	return files, nil
}

// mapRead maps a file for reading, whole.
func mapRead(file *os.File) ([]byte, error) {
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return unix.Mmap(int(file.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
}

// PeerPID is the process at the other end of a socket.
func PeerPID(conn *net.UnixConn) (pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peerErr error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); peerErr == nil {
			pid = int(cred.Pid)
		}
	})
	return pid, errors.Join(err, peerErr)
}

// Pair returns both ends of a lane within this process, for tests: nobody says when one of them is gone.
func Pair() (host, plugin *End, err error) {
	mem, file, err := create(ringSize)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	again, err := unix.Mmap(int(file.Fd()), 0, memorySize(ringSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		mem.unmap()
		return nil, nil, err
	}
	return newEnd(mem, ringSize, true, nil), newEnd(&memory{again}, ringSize, false, nil), nil
}

// futexWait sleeps until the word is woken, if it has the value, and no longer than d. The call gives up its processor to other goroutines.
func futexWait(word *atomic.Uint32, value uint32, d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 0 /* FUTEX_WAIT */, uintptr(value), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// futexWake wakes one sleeper, in whatever process.
func futexWake(word *atomic.Uint32) {
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 1 /* FUTEX_WAKE */, 1, 0, 0, 0)
}
