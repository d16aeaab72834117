package engine_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
)

// A clean stop keeps the statistics, a crash does not, whatever it leaves; a damaged file is a warning.
func TestStatisticsOutliveACleanStopOnly(t *testing.T) {
	m := newDirectory(t)
	file := filepath.Join("data", pgstat.Dir, pgstat.FileName)
	var log bytes.Buffer
	open := func() *engine.Engine {
		opts := small()
		log.Reset()
		opts.Log = zerolog.New(&log)
		e, err := engine.Open(ctx, m, "data", opts)
		require.NoError(t, err)
		_, err = m.Stat(file)
		require.Error(t, err, "a start removes the file")
		return e
	}
	count := func(e *engine.Engine) {
		s := e.Stats.NewSession()
		s.Relation(16384).Inserted(5)
		s.End(true)
	}
	e := open()
	count(e)
	require.NoError(t, e.Shutdown(ctx))
	kept, err := vfs.ReadFile(m, file)
	require.NoError(t, err)

	e = open()
	require.EqualValues(t, 5, e.Stats.Relation(16384).Live)
	require.Positive(t, e.Stats.Database().BlocksHit)
	count(e)
	e.Kill()
	require.NoError(t, vfs.WriteFileAtomic(m, file, kept)) // as if it could not be removed
	e = open()
	require.True(t, e.Recovery().Needed)
	require.Zero(t, e.Stats.Relation(16384))
	require.NotContains(t, log.String(), "statistics")

	count(e)
	require.NoError(t, e.Shutdown(ctx))
	spoil(t, m, file, flip(30))
	e = open()
	require.False(t, e.Recovery().Needed)
	require.Zero(t, e.Stats.Relation(16384))
	require.Contains(t, log.String(), `"level":"warn"`)
	require.Contains(t, log.String(), "statistics file is damaged")
	require.NoError(t, e.Shutdown(ctx))
}

// Checkpoints are counted by who asked for them, log by its length.
func TestActivity(t *testing.T) {
	e, err := engine.Open(ctx, newDirectory(t), "data", small())
	require.NoError(t, err)
	before := e.Activity()
	require.Zero(t, before.Timed+before.Requested)
	from := e.WAL.InsertLSN()
	require.NoError(t, e.Checkpoint(ctx, engine.CheckpointOnline))
	after := e.Activity()
	require.EqualValues(t, 1, after.Requested)
	require.Equal(t, int64(e.WAL.InsertLSN()-from), after.WALBytes-before.WALBytes)
	require.Greater(t, after.WAL.Records, before.WAL.Records)
	require.Greater(t, after.WAL.Flushes, before.WAL.Flushes)
	require.Equal(t, before.Since, after.Since)
	require.NoError(t, e.Shutdown(ctx))
}

// A standby counts its own readers, and keeps that over a clean stop too.
func TestStatisticsOfAStandby(t *testing.T) {
	m := newDirectory(t)
	e, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(ctx))
	f, _, err := control.Read(m, "data")
	require.NoError(t, err)
	require.NoError(t, engine.PrepareStandby(m, "data", *f, 0))
	for n := range int64(3) {
		e, err := engine.Open(ctx, m, "data", standbyOptions())
		require.NoError(t, err)
		require.Equal(t, n, e.Stats.Relation(16384).Scans)
		s := e.Stats.NewSession()
		s.Relation(16384).Scanned(1)
		s.End(true)
		require.NoError(t, e.Shutdown(ctx))
	}
}
