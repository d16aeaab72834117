package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/quiredb/quire/plugins/wire"
)

// drainOutput is how long output is still read after a plugin's end: a grandchild may hold the pipe open for ever.
const drainOutput = 200 * time.Millisecond

// A process is one run of a plugin. It is the runner that go-plugin starts, and what the supervisor kills: by process
// group, so that nothing the plugin started outlives it.
type process struct {
	name      string
	image     *image
	cmd       *exec.Cmd
	socketDir string
	tail      *tail

	handshake *io.PipeReader // what go-plugin takes for standard output: one checked line
	dead      chan struct{}  // closed when the process has ended
	exited    chan struct{}  // closed when it is gone and its output read

	mu struct {
		sync.Mutex
		pid       int   // 0 before the start
		reaped    bool  // the number may be somebody else's
		killed    bool  // a SIGKILL was sent
		cause     error // of a bad handshake or a kill, for the report
		exit      string
		bySIGKILL bool // that was what ended it
	}
}

var _ runner.Runner = (*process)(nil)

// newProcess prepares a run. cmd comes from go-plugin with the handshake in its environment and nothing else (H7).
func newProcess(name string, im *image, cmd *exec.Cmd, socketDir string, out *tail, logLevel string) *process {
	p := &process{name: name, image: im, socketDir: socketDir, tail: out, dead: make(chan struct{}), exited: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: execPath(im), Args: []string{name}, Dir: "/",
		Env:         append(cmd.Env, wire.LogLevelEnv+"="+logLevel),
		SysProcAttr: processAttributes(),
	}
	addImage(p.cmd, im)
	return p
}

// Start starts the process and returns once it runs. The context bounds nothing: starting does not wait.
func (p *process) Start(context.Context) error {
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, outRead.Close(), outWrite.Close())
	}
	p.cmd.Stdout, p.cmd.Stderr = outWrite, errWrite
	handshake, line := io.Pipe()
	p.handshake = handshake

	var readers sync.WaitGroup
	started := make(chan error, 1)
	go func() {
		// A process with a parent-death signal gets it when the thread that made it ends, so this one stays until then.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = outWrite.Close()
		_ = errWrite.Close()
		if err == nil {
			p.mu.Lock()
			p.mu.pid = p.cmd.Process.Pid
			p.mu.Unlock()
			limitProcess(p.cmd.Process.Pid)
		}
		started <- err
		if err == nil {
			p.await(outRead, errRead, &readers)
		}
	}()
	readers.Add(2)
	go func() {
		defer readers.Done()
		p.readStdout(outRead, line)
	}()
	go func() {
		defer readers.Done()
		p.tail.readLines(errRead, "stderr")
	}()
	if err := <-started; err != nil {
		readers.Wait()
		_ = outRead.Close()
		_ = errRead.Close()
		if errors.Is(err, syscall.ENOEXEC) || errors.Is(err, syscall.ENOENT) {
			err = fmt.Errorf("%w: %s", err, fileHeader(p.image.path))
		}
		return &finalError{fmt.Errorf("start plugin file %s: %w", p.image.path, err)}
	}
	return nil
}

// await waits for the end of the process, takes its group along and then reaps it: until it is reaped its number
// belongs to nobody else.
func (p *process) await(outRead, errRead *os.File, readers *sync.WaitGroup) {
	waitExited(p.cmd.Process.Pid)
	close(p.dead)
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.mu.Lock()
	p.mu.reaped = true
	p.mu.Unlock()
	_ = p.cmd.Wait()
	deadline := time.Now().Add(drainOutput)
	_ = outRead.SetReadDeadline(deadline)
	_ = errRead.SetReadDeadline(deadline)
	readers.Wait()
	_ = outRead.Close()
	_ = errRead.Close()
	_ = os.RemoveAll(p.socketDir)
	p.mu.Lock()
	p.mu.exit, p.mu.bySIGKILL = describeExit(p.cmd.ProcessState)
	p.mu.Unlock()
	close(p.exited)
}

func describeExit(st *os.ProcessState) (text string, bySIGKILL bool) {
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return fmt.Sprintf("killed by signal %d (%v)", int(ws.Signal()), ws.Signal()), ws.Signal() == syscall.SIGKILL
	}
	return "exit code " + strconv.Itoa(st.ExitCode()), false
}

// exitReason says how the process ended, and why if that is known. The process has ended.
func (p *process) exitReason() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.cause != nil {
		return "process was killed: " + p.mu.cause.Error()
	}
	return "process ended: " + p.mu.exit
}

// fail notes why the process is of no use, once.
func (p *process) fail(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.cause == nil {
		p.mu.cause = cause
	}
}

func (p *process) cause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.cause
}

// signal sends a signal to the process group, if the process is still there.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.pid != 0 && !p.mu.reaped {
		p.mu.killed = p.mu.killed || sig == syscall.SIGKILL
		_ = syscall.Kill(-p.mu.pid, sig)
	}
}

// endedByItself waits a little for the process's end and reports whether nobody here killed it.
func (p *process) endedByItself() bool {
	select {
	case <-p.exited:
	case <-time.After(exitGrace):
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.mu.killed || !p.mu.bySIGKILL
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.pid
}

// The rest is what go-plugin asks of a runner.

// Wait blocks until the process is gone.
func (p *process) Wait(ctx context.Context) error {
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill kills the process group.
func (p *process) Kill(context.Context) error {
	p.signal(syscall.SIGKILL)
	return nil
}

// Stdout yields the handshake line; Stderr is read by the process itself and yields nothing.
func (p *process) Stdout() io.ReadCloser { return p.handshake }
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(eofWhen(p.exited)) }

// Name and ID are for go-plugin's messages, Diagnose is for those about failed handshakes.
func (p *process) Name() string                    { return p.name }
func (p *process) ID() string                      { return strconv.Itoa(p.pid()) }
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost accepts the address the plugin announced; checkHandshake has judged it.
func (p *process) PluginToHost(network, addr string) (string, string, error) {
	return network, addr, nil
}

// HostToPlugin has nothing to translate.
func (p *process) HostToPlugin(network, addr string) (string, string, error) {
	return network, addr, nil
}

// eofWhen is a reader that has nothing to say until a channel is closed, and then ends.
type eofWhen chan struct{}

func (c eofWhen) Read([]byte) (int, error) {
	<-c
	return 0, io.EOF
}
