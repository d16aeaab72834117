package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// A node is one quire process and the directory it serves.
type node struct {
	name string // "primary" or "replica"
	args []string
	bin  string
	sock string
	port int
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has been waited for
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// start runs the process, its log appended to the node's file, and waits until it answers.
func (n *node) start(ctx context.Context) error {
	logFile, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	n.cmd = exec.Command(n.bin, n.args...)
	n.cmd.Stderr = logFile
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches the demo, which stops the nodes in order
	if err := n.cmd.Start(); err != nil {
		return err
	}
	n.done = make(chan struct{})
	cmd, done := n.cmd, n.done
	go func() { _ = cmd.Wait(); close(done) }()
	return n.waitReady(ctx)
}

func (n *node) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		conn, err := n.connect(ctx)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-n.done:
			return fmt.Errorf("%s ended while starting: %s", n.name, n.lastLines())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w; its log ends: %s", n.name, err, n.lastLines())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (n *node) lastLines() string {
	b, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

func (n *node) url() string {
	u, err := user.Current()
	name := "quire"
	if err == nil {
		name = u.Username
	}
	return fmt.Sprintf("host=%s port=%d user=%s dbname=postgres", n.sock, n.port, name)
}

func (n *node) connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, n.url()) }

// kill ends the process as a power cut would end it for the program: at once.
func (n *node) kill() error {
	if err := n.cmd.Process.Kill(); err != nil {
		return err
	}
	<-n.done
	return nil
}

// stop asks for a fast shutdown.
func (n *node) stop() {
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.done:
	case <-time.After(30 * time.Second):
		fmt.Printf("   %s did not stop within 30 s; killing it\n", n.name)
		_ = n.kill()
	}
}

// pluginPID finds the process of an access method among the node's children.
func (n *node) pluginPID(plugin string) (int, error) {
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range entries {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (comm) state ppid …; comm may hold blanks and brackets.
		text := string(b)
		end := strings.LastIndexByte(text, ')')
		fields := strings.Fields(text[end+1:])
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(n.cmd.Process.Pid) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if strings.Contains(string(cmdline), plugin) || strings.Contains(exe, plugin) {
			return pid, nil
		}
	}
	return 0, errors.New("no process of plugin " + plugin + " among the children of " + n.name)
}
