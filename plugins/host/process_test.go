package host

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

// hostOfPlugin is what this test binary does when it plays a host that is going to be killed.
const hostOfPlugin = "QUIRE_TEST_HOST_OF"

func init() {
	dir := os.Getenv(hostOfPlugin)
	if dir == "" {
		return
	}
	reg, err := Open(Config{Dir: dir, Log: zerolog.Nop(), SocketBase: filepath.Dir(dir)})
	if err == nil {
		_, err = reg.Lookup("hostile")
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	k := reg.mu.keepers["hostile"]
	k.mu.Lock()
	fmt.Println(k.mu.session.process.pid())
	k.mu.Unlock()
	time.Sleep(time.Hour)
}

// A plugin does not outlive a host that was killed, and the next host cleans up after both.
func TestPluginDiesWithHost(t *testing.T) {
	dir := pluginDir(t, "hostile")
	cmd := exec.Command(os.Args[0], "-test.run=none")
	cmd.Env = append(os.Environ(), hostOfPlugin+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err, line)
	require.False(t, gone(pid))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, time.Millisecond)

	left := func() []string {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(dir), socketPrefix+"*"))
		require.NoError(t, err)
		return found
	}
	require.Len(t, left(), 1)
	reg, err := Open(Config{Dir: dir, Log: zerolog.Nop(), SocketBase: filepath.Dir(dir)})
	require.NoError(t, err)
	require.Len(t, left(), 1, "the dead host's is gone, this one's is there")
	require.NoError(t, reg.Close())
	require.Empty(t, left())
}

// SIGTERM lets running calls end; SIGINT, which a terminal sends to everybody, does nothing.
func TestSignals(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	pid := r.pid("hostile")
	require.NoError(t, syscall.Kill(pid, syscall.SIGINT))
	require.NoError(t, insert(m, idx, 1, rows(0, 1)))
	require.Equal(t, pid, r.pid("hostile"))
	r.reg.mu.keepers["hostile"].mu.Lock()
	dead := r.reg.mu.keepers["hostile"].mu.session.process.dead
	r.reg.mu.keepers["hostile"].mu.Unlock()
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	<-dead
	hits, err := search(r.method("hostile"), idx)
	require.NoError(t, err)
	require.Len(t, hits, 1)
	require.NotEqual(t, pid, r.pid("hostile"))
	require.EqualValues(t, r.pid("hostile"), r.reg.PID("hostile"))
	require.Zero(t, r.reg.PID("unheard_of"))
	require.Contains(t, r.log.String(), "exit code 0")
}

// The plugin file tells a person what it is.
func TestStartedByHand(t *testing.T) {
	out, err := exec.Command(hostileBinary).CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "It is not started by hand.")
	out, err = exec.Command(hostileBinary, "--describe").CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "fill int 10..100, default 100")
	out, err = exec.Command(hostileBinary, "--frobnicate").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "Usage")
}

// Killed in the middle of everything, over and over: a statement fails or succeeds, nothing else, and the index is sound.
func TestKilledAtRandom(t *testing.T) {
	r := newRig(t, nil, "hostile")
	idx := r.index("")
	require.NoError(t, insert(r.method("hostile"), idx, 1, rows(0, 100)))
	stop := make(chan struct{})
	killer := make(chan struct{})
	var kills atomic.Int32
	go func() {
		defer close(killer)
		for {
			select {
			case <-stop:
				return
			case <-time.After(7 * time.Millisecond):
			}
			k := r.reg.mu.keepers["hostile"]
			k.mu.Lock()
			if k.mu.session != nil {
				k.mu.session.process.signal(syscall.SIGKILL)
				kills.Add(1)
			}
			k.mu.Unlock()
		}
	}()
	acknowledged := map[string]bool{}
	for i := 0; i < 150 || kills.Load() < 5; i++ {
		m, err := r.reg.Lookup("hostile")
		if err != nil {
			requireState(t, err, pgerr.ObjectNotInPrerequisiteState)
			continue
		}
		batch := rows(100+i*3, 3)
		if err := insert(m, idx, 1, batch); err != nil {
			requireState(t, err, pgerr.ExternalRoutineException, "being restarted")
			continue
		}
		for _, row := range batch {
			acknowledged[row.TID.String()] = true
		}
	}
	close(stop)
	<-killer
	require.NotEmpty(t, acknowledged)
	var m = r.method("hostile")
	var found = map[string]bool{}
	require.Eventually(t, func() bool {
		hits, err := search(m, idx)
		for _, h := range hits {
			found[h.TID.String()] = true
		}
		return err == nil
	}, 20*time.Second, time.Millisecond)
	for tid := range acknowledged {
		require.True(t, found[tid], "row %s was acknowledged", tid)
	}
	require.NoError(t, m.Check(ctx, idx, func(p string) { t.Error(p) }))
}
