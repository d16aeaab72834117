package shm

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// FuzzRing writes anything into the memory of a lane, counters and bytes, as a plugin can. The host gets a message or an error.
func FuzzRing(f *testing.F) {
	f.Add(uint64(4), uint64(0), []byte{0, 0, 0, 0})
	f.Add(uint64(7), uint64(1<<60), []byte{3, 0, 0, 0, 0xff, 0xff, 0xff})
	f.Add(uint64(1<<63), uint64(0), []byte{0xff, 0xff, 0xff, 0xff})
	f.Add(uint64(12), uint64(0), []byte{2, 0, 0, 0, 8, 1, 2, 0, 0, 0, 8, 2})
	f.Fuzz(func(t *testing.T, written, taken uint64, data []byte) {
		if !Supported {
			t.Skip("LOUD: lanes in shared memory need Linux")
		}
		host, plugin, err := Pair()
		require.NoError(t, err)
		defer host.Close()
		defer plugin.Close()
		copy(host.in.data, data)
		host.in.written.Store(written)
		host.out.taken.Store(taken)
		host.Hangup() // nobody else will ever write
		for range 64 {
			if err := host.Recv(&pb.PluginMessage{}); err != nil {
				require.True(t, errors.Is(err, wire.ErrProtocol) || errors.Is(err, ErrTooLong) || errors.Is(err, io.EOF), err)
				return
			}
		}
	})
}
