package host

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// carriers are the plugins that serve the same access method over either kind of lane.
var carriers = map[string]string{"gRPC": "hostile_sorted", "shared": "hostile_tidy"}

// sharedLanes is the number of lanes in shared memory that a plugin's process has open.
func (r *rig) sharedLanes(name string) int {
	k := r.reg.mu.keepers[name]
	k.mu.Lock()
	p := k.mu.session.lanes
	k.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.shared
}

// The SDK's lanes are in shared memory; calls beyond their number go over gRPC, and lanes that broke make room for others.
func TestSharedLanes(t *testing.T) {
	if !shm.Supported {
		t.Skip("LOUD: lanes in shared memory need Linux")
	}
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	_, err := m.Build(ctx, idx, in(rows(0, 9000)))
	require.NoError(t, err)
	require.Equal(t, 1, r.sharedLanes("hostile"))

	var cursors []am.Cursor
	for range maxSharedLanes + 5 {
		cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{})
		require.NoError(t, err)
		_, err = cur.Next()
		require.NoError(t, err)
		cursors = append(cursors, cur)
	}
	require.Equal(t, maxSharedLanes, r.sharedLanes("hostile"))
	require.Equal(t, maxSharedLanes+5, r.lanes("hostile"))
	for _, cur := range cursors {
		require.NoError(t, cur.Close())
	}
	require.Eventually(t, func() bool { return r.lanes("hostile") == maxIdleLanes }, 20*time.Second, time.Millisecond)

	for range 3 { // cancelled calls break their lanes
		cancelled, cancel := newCause(t)
		cur, err := m.Scan(cancelled, idx, nil, am.ScanOptions{})
		require.NoError(t, err)
		cancel()
		for err == nil {
			_, err = cur.Next()
		}
		requireState(t, err, pgerr.QueryCanceled, "because I said so")
		require.NoError(t, cur.Close())
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			hits, err := search(m, idx, idEquals(5))
			require.NoError(t, err)
			require.Len(t, hits, 1)
		}()
	}
	wg.Wait()
	require.Positive(t, r.sharedLanes("hostile"))
}

// A plugin that announces a socket of somebody else's is not started.
func TestLanesElsewhere(t *testing.T) {
	r := newRig(t, nil, "hostile_lanes")
	_, err := r.reg.Lookup("hostile_lanes")
	requireState(t, err, pgerr.ObjectNotInPrerequisiteState, "outside of its directory")
	r = newRig(t, nil, "hostile_nolanes") // one that does not listen where it said is served over gRPC
	m, idx := r.method("hostile_nolanes"), r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 10)))
	require.Zero(t, r.sharedLanes("hostile_nolanes"))
	require.Equal(t, 1, r.lanes("hostile_nolanes"))
}

// A plugin that takes a lane and writes nonsense into it, or nothing, costs its call.
func TestScribbler(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Timeouts.Progress = time.Second }, "hostile_scribble")
	m, idx := r.method("hostile_scribble"), r.index("")
	for range 5 {
		require.Error(t, insert(m, idx, 1, rows(0, 10)))
	}
}
