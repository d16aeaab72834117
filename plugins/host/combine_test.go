package host

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
)

// queued is the number of insertions that wait for a call of others to end.
func (r *rig) queued(name string, idx am.Index) int {
	c := r.reg.mu.keepers[name].combiners
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.mu.byRel[idx.Rel.Rel]
	if u == nil {
		return 0
	}
	u.combiner.mu.Lock()
	defer u.combiner.mu.Unlock()
	return len(u.combiner.mu.queue)
}

type inserted struct {
	conflicts []am.Conflict
	err       error
}

// inserting is an index whose first 100 keys are taken, with a call under way that waits for the fate of a row.
type inserting struct {
	*rig
	plugin  string
	m       am.Method
	idx     am.Index
	calls   *heldPages
	leader  chan inserted
	release chan struct{}
}

func newInserting(t *testing.T, plugin string) *inserting {
	n := &inserting{plugin: plugin, calls: &heldPages{begin: make(chan struct{})}}
	close(n.calls.begin)
	n.rig = newRig(t, func(c *Config) {
		n.calls.PageStore = c.Pages
		c.Pages = n.calls
	}, plugin)
	n.m, n.idx = n.method(plugin), n.index("")
	n.idx.Unique = true
	_, err := n.m.Build(ctx, n.idx, in(named(0, 100)))
	require.NoError(t, err)
	n.calls.index.Store(uint32(n.idx.Rel.Rel))
	held := n.fates.holdNext()
	n.leader = n.begin(ctx, 20, rowAt(5, 50))
	n.release = <-held
	return n
}

// rowAt is the row with the n-th key on another block.
func rowAt(n int, block page.BlockNumber) am.Row {
	row := named(n, 1)[0]
	row.TID.Block = block
	return row
}

func (n *inserting) begin(ctx context.Context, xid uint64, rows ...am.Row) chan inserted {
	answer := make(chan inserted, 1)
	go func() {
		conflicts, err := n.m.Insert(ctx, n.idx, xid, rows)
		answer <- inserted{conflicts, err}
	}()
	return answer
}

// queue begins an insertion that is the next in the queue.
func (n *inserting) queue(ctx context.Context, xid uint64, rows ...am.Row) chan inserted {
	before := n.queued(n.plugin, n.idx)
	answer := n.begin(ctx, xid, rows...)
	require.Eventually(n.t, func() bool { return n.queued(n.plugin, n.idx) == before+1 }, 20*time.Second, time.Millisecond)
	return answer
}

// Rows of several transactions for a unique index share a call, each judged in the eyes of its own; conflicts between them are
// the later one's. One that is cancelled in the queue leaves at once and nothing of it is sent.
func TestUniqueInsertsTogether(t *testing.T) {
	onCarriers(t, testUniqueInsertsTogether)
}

func testUniqueInsertsTogether(t *testing.T, plugin string) {
	n := newInserting(t, plugin)
	impatient, cancel := newCause(t)
	gone := n.queue(impatient, 30, rowAt(300, 51))
	n.fates.set(rowAt(200, 52).TID, wire.RowFate{State: wire.RowRunning, XID: 21})
	n.fates.set(rowAt(7, 53).TID, wire.RowFate{State: wire.RowRunning, XID: 23})
	n.fates.delete(rowAt(7, 0).TID, 23)
	n.fates.delete(rowAt(8, 0).TID, 23)
	n.fates.delete(rowAt(9, 0).TID, 27)
	sessions := []struct {
		xid  uint64
		rows []am.Row
		want []am.Conflict
	}{
		{21, []am.Row{rowAt(200, 52)}, nil},
		{22, []am.Row{rowAt(201, 54), rowAt(200, 54)}, []am.Conflict{{Row: 1, TID: rowAt(200, 52).TID, XID: 21}}},
		{21, []am.Row{rowAt(200, 55)}, []am.Conflict{{TID: rowAt(200, 52).TID}}},
		{23, []am.Row{rowAt(7, 53)}, nil},
		{24, []am.Row{rowAt(7, 54), rowAt(202, 54)}, []am.Conflict{{TID: rowAt(7, 53).TID, XID: 23}}},
		{25, []am.Row{rowAt(8, 54)}, []am.Conflict{{TID: rowAt(8, 0).TID, XID: 23}}},
		{26, []am.Row{rowAt(203, 54), rowAt(10, 54)}, []am.Conflict{{Row: 1, TID: rowAt(10, 0).TID}}},
		{27, []am.Row{rowAt(9, 54), rowAt(204, 54)}, nil},
	}
	answers := make([]chan inserted, len(sessions))
	for i, s := range sessions {
		answers[i] = n.queue(ctx, s.xid, s.rows...)
	}
	cancel()
	requireState(t, (<-gone).err, pgerr.QueryCanceled, "because I said so")
	require.Equal(t, len(sessions), n.queued(plugin, n.idx))
	before := n.calls.calls.Load()
	close(n.release)
	require.Equal(t, []am.Conflict{{TID: rowAt(5, 0).TID}}, (<-n.leader).conflicts)
	for i, s := range sessions {
		a := <-answers[i]
		require.NoError(t, a.err)
		require.Equal(t, s.want, a.conflicts, "transaction %d", s.xid)
	}
	const judged = 1 + 5 // the leader's conflict and those of the others
	require.EqualValues(t, judged+1, n.calls.calls.Load()-before, "one call for all that waited")
	require.Empty(t, n.reg.mu.keepers[plugin].combiners.mu.byRel)
	hits, err := search(n.m, n.idx, idEquals(300))
	require.NoError(t, err)
	require.Empty(t, hits)
}

// A plugin that dies costs the sessions whose rows were with it. Those that wait go on with its successor.
func TestDeathWithInsertsWaiting(t *testing.T) {
	onCarriers(t, testDeathWithInsertsWaiting)
}

func testDeathWithInsertsWaiting(t *testing.T, plugin string) {
	n := newInserting(t, plugin)
	var waiting []chan inserted
	for i := range 6 {
		waiting = append(waiting, n.queue(ctx, uint64(21+i), rowAt(200+i, 51)))
	}
	require.NoError(t, syscall.Kill(int(n.reg.PID(plugin)), syscall.SIGKILL))
	close(n.release)
	requireState(t, (<-n.leader).err, pgerr.ExternalRoutineException, "killed")
	for i, answer := range waiting {
		a := <-answer
		require.NoError(t, a.err)
		require.Empty(t, a.conflicts)
		hits, err := search(n.m, n.idx, idEquals(200+i))
		require.NoError(t, err)
		require.Equal(t, []am.Hit{{TID: rowAt(200+i, 51).TID}}, hits)
	}
}

// Of many sessions that insert the same keys at the same time, one wins each key and the others hear of it; all get their turn.
func TestUniqueRace(t *testing.T) {
	onCarriers(t, testUniqueRace)
}

func testUniqueRace(t *testing.T, plugin string) {
	n := newInserting(t, plugin)
	close(n.release)
	<-n.leader
	const sessions, keys = 8, 30
	var wg sync.WaitGroup
	won := make([][keys]bool, sessions)
	for s := range sessions {
		wg.Go(func() {
			for k := range keys {
				conflicts, err := n.m.Insert(ctx, n.idx, uint64(100+s), []am.Row{rowAt(400+k, page.BlockNumber(50+s))})
				require.NoError(t, err)
				won[s][k] = len(conflicts) == 0
			}
		})
	}
	wg.Wait()
	for k := range keys {
		winners := 0
		for s := range sessions {
			if won[s][k] {
				winners++
			}
		}
		require.Equal(t, 1, winners)
	}
	hits, err := search(n.m, n.idx, am.ScanKey{Strategy: ">=", Arg: rowAt(400, 0).Values[0]})
	require.NoError(t, err)
	require.Len(t, hits, keys)
}

// whose answers requests for fates with the transaction that asked.
type whose struct {
	CallPages
	requests int
}

func (w *whose) RowFates(_ context.Context, xid uint64, tids []page.TID) ([]wire.RowFate, error) {
	w.requests++
	fates := make([]wire.RowFate, len(tids))
	for i := range fates {
		fates[i] = wire.RowFate{State: wire.RowRunning, XID: xid}
	}
	return fates, nil
}

// A row's fate is asked for by the transaction whose row it would be in the way of.
func TestWhoAsksForFates(t *testing.T) {
	shared := &cargo{chunk: chunk{count: 6}, owners: []owner{{2, 11}, {3, 12}, {6, 13}}}
	own := &cargo{chunk: chunk{count: 6}, xid: 9}
	for _, c := range []struct {
		rows     *cargo
		places   []int
		want     []uint64
		requests int
	}{
		{nil, nil, []uint64{0, 0}, 1},
		{own, nil, []uint64{9, 9}, 1},
		{own, []int{5, 0}, []uint64{9, 9}, 1},
		{shared, nil, []uint64{0, 0}, 1},
		{shared, []int{0, 1, 2, 3, 5, 0}, []uint64{11, 11, 12, 13, 13, 11}, 4},
		{shared, []int{6}, nil, 0},
		{shared, []int{0, 1<<32 - 1}, nil, 0},
		{own, []int{6}, nil, 0},
	} {
		w := &whose{}
		fates, err := gatedPages{CallPages: w, rows: c.rows}.RowFates(ctx, make([]page.TID, max(len(c.places), len(c.want))), c.places)
		if c.want == nil {
			require.ErrorIs(t, err, wire.ErrProtocol)
			continue
		}
		require.NoError(t, err)
		var got []uint64
		for _, f := range fates {
			got = append(got, f.XID)
		}
		require.Equal(t, c.want, got)
		require.Equal(t, c.requests, w.requests)
	}
}
