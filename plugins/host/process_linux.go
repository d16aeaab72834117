package host

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// The child's descriptor 3 is the verified file, and it is that descriptor that is executed (H1).
func execPath(*image) string { return "/proc/self/fd/3" }

func addImage(cmd *exec.Cmd, im *image) { cmd.ExtraFiles = []*os.File{im.file} }

// processAttributes puts a plugin into a process group of its own and has the kernel kill it with its parent (H7).
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// maxDescriptors is plenty for a plugin: its socket, its connection and the runtime's own.
const maxDescriptors = 256

// limitProcess bounds what the process may take. A process that ended meanwhile needs no limits.
func limitProcess(pid int) {
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	_ = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: maxDescriptors, Max: maxDescriptors}, nil)
}

// waitExited blocks until the process has ended, and leaves it to be reaped.
func waitExited(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return
		}
	}
}

// peerPID returns the process at the other end of a connected unix socket.
func peerPID(fd int) (int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Pid), nil
}
