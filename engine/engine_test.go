package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
)

var ctx = context.Background()

func small() engine.Options {
	return engine.Options{
		Frames: 32, PrivateMemory: true, NoBackground: true, RingBytes: 1 << 20,
		Storage: storage.Options{DoubleWriteBytes: 1}, SpareSegments: 1,
	}
}

func newDirectory(t testing.TB) *vfs.MemFS {
	m := vfs.NewMem()
	require.NoError(t, engine.Init(m, "data", engine.InitOptions{
		SystemID: 7, Superuser: "boss", WALSegmentBytes: 64 << 10, Storage: storage.Options{DoubleWriteBytes: 1},
	}))
	return m
}

func TestInitOpenShutdownOpen(t *testing.T) {
	m := newDirectory(t)
	for range 3 {
		e, err := engine.Open(ctx, m, "data", small())
		require.NoError(t, err)
		require.False(t, e.Recovery().Needed)
		require.NoError(t, e.Shutdown(ctx))
	}
	e, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	e.Kill()
	e, err = engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	require.True(t, e.Recovery().Needed)
	require.NoError(t, e.Shutdown(ctx))
}
