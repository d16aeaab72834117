package shm

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pair(t testing.TB) (host, plugin *End) {
	if !Supported {
		t.Skip("LOUD: lanes in shared memory need Linux")
	}
	host, plugin, err := Pair()
	require.NoError(t, err)
	t.Cleanup(func() {
		host.Close()
		plugin.Close()
	})
	return host, plugin
}

func problem(n int) *pb.PluginMessage {
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Problem{Problem: &pb.Problem{Text: string(bytes.Repeat([]byte("x"), n))}}}
}

func rowsOf(n int) *pb.HostMessage {
	return &pb.HostMessage{Kind: &pb.HostMessage_Rows{Rows: &pb.Rows{Packed: bytes.Repeat([]byte{7}, n)}}}
}

// Messages of all sizes, from empty to several times the ring, arrive whole and in order.
func TestMessagesArrive(t *testing.T) {
	host, plugin := pair(t)
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, ringSize - 100, ringSize, ringSize + 1, 3 * ringSize, wire.HardCap - 100}
	for range 3000 {
		sizes = append(sizes, rng.IntN(500))
	}
	done := make(chan error)
	go func() {
		for range sizes {
			var m pb.HostMessage
			if err := plugin.Recv(&m); err != nil {
				done <- err
				return
			}
			if err := plugin.Send(problem(len(m.GetRows().GetPacked()))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for _, n := range sizes {
		require.NoError(t, host.Send(rowsOf(n)))
		var m pb.PluginMessage
		require.NoError(t, host.Recv(&m))
		require.Len(t, m.GetProblem().GetText(), n)
	}
	require.NoError(t, <-done)
	require.ErrorIs(t, host.Send(rowsOf(wire.HardCap+1)), ErrTooLong)
}

// Both sides send more than the rings hold before either receives: the plugin puts aside what comes.
func TestBothSend(t *testing.T) {
	host, plugin := pair(t)
	const messages = 20
	var wg sync.WaitGroup
	wg.Add(2)
	errs := make(chan error, 2)
	go func() {
		defer wg.Done()
		for range messages {
			if err := plugin.Send(problem(ringSize)); err != nil {
				errs <- err
				return
			}
		}
		for range messages {
			var m pb.HostMessage
			if err := plugin.Recv(&m); err != nil || len(m.GetRows().GetPacked()) != ringSize {
				errs <- errors.Join(err, errors.New("rows"))
				return
			}
		}
	}()
	go func() {
		defer wg.Done()
		for range messages {
			if err := host.Send(rowsOf(ringSize)); err != nil {
				errs <- err
				return
			}
		}
		for range messages {
			var m pb.PluginMessage
			if err := host.Recv(&m); err != nil {
				errs <- err
				return
			}
		}
	}()
	wg.Wait()
	require.Empty(t, errs)
}

// The end of the other side is the end of the lane, behind what it said before; one's own is the end at once.
func TestEnds(t *testing.T) {
	host, plugin := pair(t)
	require.NoError(t, plugin.Send(problem(5)))
	host.Hangup()
	var m pb.PluginMessage
	require.NoError(t, host.Recv(&m))
	require.ErrorIs(t, host.Recv(&m), io.EOF)
	require.ErrorIs(t, host.Send(rowsOf(1)), io.EOF)
	<-host.Gone()

	for _, end := range []func(*End){(*End).Hangup, (*End).Close} {
		host, plugin = pair(t)
		waiting := make(chan error)
		go func() { waiting <- host.Recv(&pb.PluginMessage{}) }()
		go func() {
			var err error
			for err == nil {
				err = plugin.Send(problem(ringSize / 2))
			}
			waiting <- err
		}()
		end(plugin)
		require.ErrorIs(t, <-waiting, io.EOF)
		end(host)
		require.ErrorIs(t, <-waiting, io.EOF)
		host.Close()
		host.Close()
		require.ErrorIs(t, host.Recv(&pb.PluginMessage{}), io.EOF)
		require.ErrorIs(t, host.Send(rowsOf(1)), io.EOF)
	}
}

// What a plugin writes where it likes is an error to the host.
func TestNonsenseIsFoundOut(t *testing.T) {
	for name, spoil := range map[string]func(h *End){
		"written runs away":  func(h *End) { h.in.written.Store(1 << 40) },
		"written runs back":  func(h *End) { h.in.written.Store(h.in.at - 1) },
		"a length of 4 GiB":  func(h *End) { copy(h.in.data, bytes.Repeat([]byte{0xff}, 8)); h.in.written.Store(8) },
		"bytes are no proto": func(h *End) { copy(h.in.data, []byte{3, 0, 0, 0, 0xff, 0xff, 0xff}); h.in.written.Store(7) },
	} {
		t.Run(name, func(t *testing.T) {
			host, _ := pair(t)
			spoil(host)
			err := host.Recv(&pb.PluginMessage{})
			require.True(t, errors.Is(err, wire.ErrProtocol) || errors.Is(err, ErrTooLong), err)
		})
	}
	host, _ := pair(t)
	host.out.taken.Store(1 << 50)
	require.ErrorIs(t, host.Send(rowsOf(1)), wire.ErrProtocol)

	host, plugin := pair(t) // a bell that is put out: the host looks again by itself
	got := make(chan error)
	go func() { got <- host.Recv(&pb.PluginMessage{}) }()
	require.Eventually(t, func() bool { return host.bell.Load() != awake }, 10*time.Second, time.Millisecond)
	plugin.peer.Store(awake)
	require.NoError(t, plugin.Send(problem(1)))
	require.NoError(t, <-got)
}

// A lane is handed over through a socket, and ends with it.
func TestHandover(t *testing.T) {
	if !Supported {
		t.Skip("LOUD: lanes in shared memory need Linux")
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(t.TempDir(), "s")})
	require.NoError(t, err)
	defer l.Close()
	dial := func() *net.UnixConn {
		c, err := net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
		require.NoError(t, err)
		return c
	}
	accept := func() (*End, error) {
		c, err := l.AcceptUnix()
		require.NoError(t, err)
		end, arena, err := Accept(c)
		require.Nil(t, arena)
		return end, err
	}
	host, err := Offer(dial(), nil)
	require.NoError(t, err)
	plugin, err := accept()
	require.NoError(t, err)
	require.NoError(t, host.Send(rowsOf(9)))
	var m pb.HostMessage
	require.NoError(t, plugin.Recv(&m))
	require.NoError(t, plugin.Send(problem(3)))
	plugin.Close()
	<-host.Gone()
	var reply pb.PluginMessage
	require.NoError(t, host.Recv(&reply))
	require.ErrorIs(t, host.Recv(&reply), io.EOF)
	host.Close()

	for _, greet := range [][]byte{nil, []byte("hello"), make([]byte, greetingBytes), greeting(ringSize), greeting(123)} {
		c := dial()
		_, err = c.Write(greet)
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		_, err = accept()
		require.Error(t, err)
		require.NoError(t, c.Close())
	}
}

// A message there and one back.
func BenchmarkRoundTrip(b *testing.B) {
	host, plugin := pair(b)
	go func() {
		for {
			var m pb.HostMessage
			if plugin.Recv(&m) != nil || plugin.Send(problem(10)) != nil {
				return
			}
		}
	}()
	for b.Loop() {
		var m pb.PluginMessage
		if err := errors.Join(host.Send(rowsOf(100)), host.Recv(&m)); err != nil {
			b.Fatal(err)
		}
	}
}

// What is left in a lane comes with the next message, or with a nudge, in order.
func TestLeave(t *testing.T) {
	if !Supported {
		t.Skip("LOUD: lanes in shared memory need Linux")
	}
	host, plugin, err := Pair()
	require.NoError(t, err)
	defer host.Close()
	defer plugin.Close()
	flow := func(call uint64) *pb.HostMessage {
		return &pb.HostMessage{Kind: &pb.HostMessage_Flow{Flow: &pb.Flow{Call: call}}}
	}
	got := make(chan uint64, 1)
	go func() {
		defer close(got)
		for range 20 {
			var m pb.HostMessage
			if plugin.Recv(&m) != nil {
				return
			}
			got <- m.GetFlow().GetCall()
		}
	}()
	for call := uint64(0); call < 20; call += 2 {
		require.NoError(t, host.Leave(flow(call)))
		if call%4 == 0 {
			host.Nudge()
			require.Equal(t, call, <-got)
			require.NoError(t, host.Leave(flow(call+1)))
			host.Nudge()
		} else {
			require.NoError(t, host.Send(flow(call+1)))
			require.Equal(t, call, <-got)
		}
		require.Equal(t, call+1, <-got)
	}
	_, open := <-got
	require.False(t, open)
}
