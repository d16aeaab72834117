//go:build unix && !linux

package sdk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// claimStdout takes the real standard output for the handshake and puts standard error in its place (K5).
func claimStdout() (*os.File, error) {
	fd, err := unix.Dup(1)
	if err != nil {
		return nil, fmt.Errorf("duplicate descriptor 1: %w", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.Dup2(2, 1); err != nil {
		return nil, fmt.Errorf("replace descriptor 1: %w", err)
	}
	return os.NewFile(uintptr(fd), "handshake"), nil
}

// watchParent calls died when the process that started this one has ended.
func watchParent(died func()) { pollParent(os.Getppid(), died) }
