package sdk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// claimStdout takes the real standard output for the handshake and puts standard error in its place (K5).
func claimStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("duplicate descriptor 1: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("replace descriptor 1: %w", err)
	}
	return os.NewFile(uintptr(fd), "handshake"), nil
}

// watchParent calls died when the process that started this one has ended. It sleeps on a pidfd and costs nothing.
func watchParent(died func()) {
	parent := os.Getppid()
	fd, err := unix.PidfdOpen(parent, 0)
	if err != nil {
		pollParent(parent, died)
		return
	}
	if os.Getppid() != parent { // it ended before the descriptor was open, and its number may be another's
		died()
		return
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if n == 1 {
			died()
			return
		}
		if err != nil && err != unix.EINTR {
			pollParent(parent, died)
			return
		}
	}
}
