package control_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math/rand"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine/control"
)

func example() *control.File {
	return &control.File{
		SystemID: 0x1122334455667788, Timeline: 1, SegmentBytes: control.SegmentBytes, State: control.InProduction,
		Checkpoint: 0x1002000, Redo: 0x1001000, MinRecoveryPoint: 0, NextXID: 77, NextOID: 16390,
		Time: time.UnixMicro(1_700_000_000_000_000),
	}
}

func newDir(t *testing.T) *vfs.MemFS {
	m := vfs.NewMem()
	require.NoError(t, m.MkdirAll("d", 0o700))
	require.NoError(t, m.SyncDir("."))
	return m
}

func overwrite(t *testing.T, fs vfs.FS, name string, change func(b []byte) []byte) {
	b, err := vfs.ReadFile(fs, name)
	require.NoError(t, err)
	require.NoError(t, vfs.WriteFileAtomic(fs, name, change(b)))
}

func TestReadReturnsTheNewestCopy(t *testing.T) {
	m := newDir(t)
	f := example()
	require.NoError(t, control.WriteBoth(m, "d", f))
	for range 5 {
		before := *f
		f.Redo += 100
		require.NoError(t, control.Write(m, "d", f, &before))
		got, damaged, err := control.Read(m, "d")
		require.NoError(t, err)
		require.False(t, damaged)
		require.Equal(t, f, got)
		require.Equal(t, before.Redo, got.PreviousRedo)
	}
}

// A flipped bit anywhere in the newest copy leaves the one before; a flip in the older one leaves the newest.
func TestAnyFlippedBitCostsOneUpdate(t *testing.T) {
	for bit := range control.Size * 8 {
		m := newDir(t)
		f := example()
		require.NoError(t, control.WriteBoth(m, "d", f))
		before := *f
		f.Redo += 100
		require.NoError(t, control.Write(m, "d", f, &before))
		newest := "d/" + control.Names[f.Sequence%2]
		overwrite(t, m, newest, func(b []byte) []byte { b[bit/8] ^= 1 << (bit % 8); return b })
		got, damaged, err := control.Read(m, "d")
		require.NoError(t, err, "bit %d", bit)
		require.True(t, damaged)
		require.Equal(t, before.Redo, got.Redo)
	}
}

// An update that the power loss tears leaves the file before it or the one after it.
func TestPowerLossDuringAnUpdate(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for try := range 100 {
		m := newDir(t)
		f := example()
		require.NoError(t, control.WriteBoth(m, "d", f))
		before := *f
		f.Redo += 100
		stop := m.Ops() + int64(try%5)
		m.SetHook(func(op vfs.Op) error {
			if op.N > stop {
				return vfs.ErrCrashed
			}
			return nil
		})
		err := control.Write(m, "d", f, &before)
		m.SetHook(nil)
		got, _, readErr := control.Read(m.CrashClone(rng, vfs.Random), "d")
		require.NoError(t, readErr)
		if err == nil {
			require.Equal(t, f.Redo, got.Redo)
		} else {
			require.Contains(t, []any{before.Redo, f.Redo}, got.Redo)
		}
	}
}

func TestRefusals(t *testing.T) {
	m := newDir(t)
	_, _, err := control.Read(m, "d")
	require.ErrorIs(t, err, control.ErrNotInitialized)
	require.ErrorContains(t, err, "quire init -D d")

	require.NoError(t, control.WriteBoth(m, "d", example()))
	overwrite(t, m, "d/control.a", func(b []byte) []byte { return b[:100] })
	overwrite(t, m, "d/control.b", func(b []byte) []byte { b[30] ^= 1; return b })
	_, _, err = control.Read(m, "d")
	require.ErrorContains(t, err, "both control files of d are unreadable")
	require.ErrorContains(t, err, "base backup")

	require.NoError(t, control.WriteBoth(m, "d", example()))
	overwrite(t, m, "d/control.b", func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[8:], control.Format+1)
		binary.LittleEndian.PutUint32(b[508:], crc32.Checksum(b[:508], crc32.MakeTable(crc32.Castagnoli)))
		return b
	})
	_, _, err = control.Read(m, "d")
	var format *control.FormatError
	require.True(t, errors.As(err, &format))
	require.EqualError(t, err, "d/control.b: data directory has format version 2, this program reads version 1: open it with the version of quire that wrote it")
}

// The format does not change by accident.
func TestGoldenFile(t *testing.T) {
	m := newDir(t)
	require.NoError(t, control.WriteBoth(m, "d", example()))
	got, err := vfs.ReadFile(m, "d/control.a")
	require.NoError(t, err)
	const golden = "testdata/control.hex"
	if os.Getenv("REWRITE") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(hex.Dump(got)), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), hex.Dump(got))
}
