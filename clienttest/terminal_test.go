package clienttest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A terminal is a psql that believes to talk with a person, so that it completes words.
type terminal struct {
	t      *testing.T
	master *os.File
	text   chan []byte
}

// prompt is what psql prints when it waits, and nothing else contains.
const prompt = "<ready>"

func newTerminal(t *testing.T, env []string) *terminal {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	master := os.NewFile(uintptr(fd), "ptmx")
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 500, Col: 200}))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	// One completion of many words is listed at once and without a question.
	inputrc := dir + "/inputrc"
	require.NoError(t, os.WriteFile(inputrc, []byte("set completion-query-items 0\nset page-completions off\nset show-all-if-ambiguous on\nset bell-style none\nset enable-bracketed-paste off\n"), 0o600))
	cmd := exec.CommandContext(ctx, client(t, "psql"), "-X", "-q", "-v", "PROMPT1="+prompt, "-v", "PROMPT2="+prompt)
	cmd.Env = append(env, "TERM=dumb", "HOME="+dir, "INPUTRC="+inputrc)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	require.NoError(t, cmd.Start())
	require.NoError(t, slave.Close())
	k := &terminal{t: t, master: master, text: make(chan []byte, 1000)}
	go func() {
		defer close(k.text)
		for {
			b := make([]byte, 64<<10)
			n, err := master.Read(b)
			if n > 0 {
				k.text <- b[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		_ = master.Close()
	})
	k.until(prompt)
	return k
}

// until reads until the text ends with a mark.
func (k *terminal) until(mark string) string {
	k.t.Helper()
	var got strings.Builder
	for {
		select {
		case b, ok := <-k.text:
			require.True(k.t, ok, "psql ended: %s", got.String())
			got.Write(b)
		case <-time.After(patience):
			k.t.Fatalf("psql does not print %q: %q", mark, got.String())
		}
		if strings.HasSuffix(got.String(), mark) {
			return got.String()
		}
	}
}

// complete types a line and the tabulator. It returns what becomes of the line and the words that psql offers to go on with.
func (k *terminal) complete(line string) (completed string, words []string) {
	k.t.Helper()
	// Control-A and control-K empty the line; a command of its own shows where the answer ends.
	_, err := k.master.WriteString(line + "\t\x01\x0b\\echo done\n")
	require.NoError(k.t, err)
	answer, _, _ := strings.Cut(controls.ReplaceAllString(k.until("done\r\n"+prompt), ""), "\\echo done")
	parts := strings.Split(answer, prompt)
	typed, list, several := strings.Cut(parts[0], "\r\n")
	if several { // the line again, after the list
		typed = parts[1]
	}
	typed, _, _ = strings.Cut(typed, "\r")
	words = strings.Fields(list)
	slices.Sort(words)
	return strings.TrimRight(typed, " "), words
}

// controls are what a terminal does not print.
var controls = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]|[\x07\x08]`)
