package heap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

// state is the obvious twin of the heap: rows by key.
type state map[string]string

// A modelTxn is a transaction as the twin sees it: a state it reads and the changes it makes.
type modelTxn struct {
	real *xact.Txn
	sess *modelSession
	rr   bool
	base state             // what repeatable read sees without its own changes; nil before the first statement
	own  map[string]string // its changes; "" is a deletion
	// What own was when each open savepoint was set.
	saved []map[string]string
}

type modelSession struct {
	real *xact.Session
	txn  *modelTxn
}

// pendingChange is a commit that nobody but its session sees yet.
type pendingChange struct {
	sess *modelSession
	own  map[string]string
}

// oracle drives heap and twin side by side. No operation waits: rows that a running transaction has changed are left alone by others.
type oracle struct {
	*rig
	t         *rapid.T
	committed state
	pending   []pendingChange
	sessions  []*modelSession
	nextKey   int
	tids      map[string][]page.TID // an index: all versions that were ever put under a key
}

func apply(s state, own map[string]string) {
	for k, v := range own {
		if v == "" {
			delete(s, k)
		} else {
			s[k] = v
		}
	}
}

// visible returns what a statement of the session sees: durable commits, and its own.
func (o *oracle) visible(s *modelSession) state {
	out := maps.Clone(o.committed)
	for _, p := range o.pending {
		if p.sess == s {
			apply(out, p.own)
		}
	}
	return out
}

func (o *oracle) view(x *modelTxn) state {
	base := x.base
	if base == nil {
		base = o.visible(x.sess)
		if x.rr {
			x.base = base
		}
	}
	out := maps.Clone(base)
	apply(out, x.own)
	return out
}

// flushed makes all commits visible.
func (o *oracle) flushed() {
	for _, p := range o.pending {
		apply(o.committed, p.own)
	}
	o.pending = nil
}

func (o *oracle) flush() {
	require.NoError(o.t, o.Log.Flush(ctx, o.Log.InsertLSN()))
	o.flushed()
}

func (o *oracle) begin(t *rapid.T) {
	s := rapid.SampledFrom(o.sessions).Draw(t, "session")
	if s.txn != nil {
		return
	}
	x := &modelTxn{sess: s, rr: rapid.Bool().Draw(t, "repeatable read"), own: map[string]string{}}
	iso := xact.ReadCommitted
	if x.rr {
		iso = xact.RepeatableRead
	}
	x.real = s.real.Begin(iso)
	s.txn = x
}

func (o *oracle) anyTxn(t *rapid.T) *modelTxn {
	s := rapid.SampledFrom(o.sessions).Draw(t, "session")
	if s.txn == nil {
		t.Skip("idle session")
	}
	return s.txn
}

func (o *oracle) end(t *rapid.T) {
	x := o.anyTxn(t)
	x.sess.txn = nil
	switch rapid.SampledFrom([]string{"commit", "async", "abort"}).Draw(t, "end") {
	case "commit":
		lsn, err := x.real.Commit(ctx, xact.CommitOptions{})
		require.NoError(t, err)
		if lsn != 0 {
			o.flushed()
		}
		apply(o.committed, x.own)
	case "async":
		lsn, err := x.real.Commit(ctx, xact.CommitOptions{Async: true})
		require.NoError(t, err)
		if lsn != 0 {
			o.pending = append(o.pending, pendingChange{x.sess, x.own})
		}
	case "abort":
		require.NoError(t, x.real.Abort())
	}
}

func (o *oracle) savepoint(t *rapid.T) {
	x := o.anyTxn(t)
	x.saved = append(x.saved, maps.Clone(x.own))
	require.Equal(t, len(x.saved), x.real.BeginSub())
}

// level picks an open savepoint.
func (x *modelTxn) level(t *rapid.T) int {
	if len(x.saved) == 0 {
		t.Skip("no savepoint")
	}
	return rapid.IntRange(1, len(x.saved)).Draw(t, "level")
}

func (o *oracle) release(t *rapid.T) {
	x := o.anyTxn(t)
	level := x.level(t)
	x.real.ReleaseSub(level)
	x.saved = x.saved[:level-1]
}

func (o *oracle) rollback(t *rapid.T) {
	x := o.anyTxn(t)
	level := x.level(t)
	x.real.RollbackToSub(level)
	x.saved = x.saved[:level]
	x.own = maps.Clone(x.saved[level-1])
}

func (o *oracle) insert(t *rapid.T) {
	x := o.anyTxn(t)
	o.view(x)
	snap := x.real.Snapshot()
	defer snap.Release()
	var rows [][]byte
	var keys []string
	for range rapid.IntRange(1, 20).Draw(t, "rows") {
		key := fmt.Sprint("k", o.nextKey)
		o.nextKey++
		value := fmt.Sprint("v", strings.Repeat("x", rapid.IntRange(0, 600).Draw(t, "length")))
		rows, keys = append(rows, []byte(key+"="+value)), append(keys, key)
		x.own[key] = value
	}
	tids, err := o.heap.Insert(ctx, x.real, o.rel, rows)
	require.NoError(t, err)
	for i, tid := range tids {
		o.tids[keys[i]] = append(o.tids[keys[i]], tid)
	}
	x.real.NextCommand()
}

// change updates or deletes one row that the transaction sees.
func (o *oracle) change(t *rapid.T) {
	x := o.anyTxn(t)
	keys := slices.Sorted(maps.Keys(o.view(x)))
	if len(keys) == 0 {
		t.Skip("no rows")
	}
	key := rapid.SampledFrom(keys).Draw(t, "key")
	for _, s := range o.sessions {
		if s.txn != nil && s.txn != x {
			if _, touched := s.txn.own[key]; touched {
				t.Skip("row is being changed")
			}
		}
	}
	for _, p := range o.pending {
		if _, touched := p.own[key]; touched && p.sess != x.sess {
			o.flush() // a conflict with it would do that, and change what read committed sees
			return
		}
	}
	newest := maps.Clone(o.committed)
	for _, p := range o.pending {
		apply(newest, p.own)
	}
	base := o.visible(x.sess)
	if x.base != nil {
		base = x.base
	}
	snap := x.real.Snapshot()
	defer snap.Release()
	tid := o.locate(t, snap, key)
	remove := rapid.Bool().Draw(t, "delete")
	value := fmt.Sprint("w", strings.Repeat("y", rapid.IntRange(0, 600).Draw(t, "length")))
	var result heap.Result
	var err error
	if remove {
		value = ""
		result, err = o.heap.Delete(ctx, x.real, snap, o.rel, tid)
	} else {
		result, err = o.heap.Update(ctx, x.real, snap, o.rel, tid, []byte(key+"="+value), rapid.Bool().Draw(t, "hot"))
	}
	_, mine := x.own[key]
	if !mine && newest[key] != base[key] {
		require.True(t, x.rr)
		require.True(t, pgerr.Is(err, pgerr.SerializationFailure), "%v", err)
		require.NoError(t, x.real.Abort())
		x.sess.txn = nil
		return
	}
	require.NoError(t, err)
	require.Equal(t, heap.OK, result.Outcome)
	if !remove && !result.Hot {
		o.tids[key] = append(o.tids[key], result.TID)
	}
	x.own[key] = value
	x.real.NextCommand()
}

// locate finds the version of a row that the snapshot sees by the index.
func (o *oracle) locate(t *rapid.T, snap *xact.Snapshot, key string) page.TID {
	var found []page.TID
	for _, tid := range o.tids[key] {
		row, at, ok, err := o.heap.Fetch(snap, o.rel, tid, nil)
		require.NoError(t, err)
		if ok {
			require.True(t, strings.HasPrefix(string(row), key+"="), "%v holds %.20q instead of %s", tid, row, key)
			found = append(found, at)
		}
	}
	require.Len(t, found, 1, key)
	return found[0]
}

func (o *oracle) vacuum(t *rapid.T) {
	stats, err := o.rig.vacuum(func(dead *heap.DeadSet) error {
		for key, tids := range o.tids {
			o.tids[key] = slices.DeleteFunc(tids, dead.Contains)
		}
		return nil
	})
	require.NoError(t, err)
	again, err := o.rig.vacuum(func(*heap.DeadSet) error { return nil })
	require.NoError(t, err)
	require.Zero(t, again.Removed)
	require.Equal(t, stats.Live, again.Live)
	o.flush() // a vacuum that has set a bit in the visibility map has done it already
}

// verify compares what each open transaction sees with its twin, by scan and by index.
func (o *oracle) verify(t *rapid.T) {
	for _, s := range o.sessions {
		if s.txn == nil {
			continue
		}
		want := o.view(s.txn)
		snap := s.txn.real.Snapshot()
		rows, _, err := o.find(snap, "")
		require.NoError(t, err)
		got := state{}
		for _, row := range rows {
			key, value, _ := strings.Cut(row, "=")
			require.NotContains(t, got, key, "a row is seen twice")
			got[key] = value
		}
		require.Equal(t, want, got)
		for key := range want {
			o.locate(t, snap, key)
		}
		o.onlyIndex(t, snap, want)
		o.onePageAtATime(t, snap)
		snap.Release()
	}
}

// onlyIndex checks what an index-only scan relies on: an entry that leads to a page which is all visible is seen, and it is the only one of its
// row.
func (o *oracle) onlyIndex(t *rapid.T, snap *xact.Snapshot, want state) {
	v := o.heap.Visibility(snap, o.rel)
	defer v.Close()
	for key, tids := range o.tids {
		for _, tid := range tids {
			if v.AllVisible(tid.Block) {
				require.Contains(t, want, key, "%v is on a page that is all visible", tid)
				_, _, seen, err := o.heap.Fetch(snap, o.rel, tid, nil)
				require.NoError(t, err)
				require.True(t, seen, "%v of %s is on a page that is all visible", tid, key)
			}
		}
	}
}

// onePageAtATime checks that rows read from copies of pages are those read one by one.
func (o *oracle) onePageAtATime(t *rapid.T, snap *xact.Snapshot) {
	rows := o.heap.Rows(snap, o.rel)
	defer rows.Close()
	for key, tids := range o.tids {
		for _, tid := range tids {
			want, wantAt, seen, err := o.heap.Fetch(snap, o.rel, tid, nil)
			require.NoError(t, err)
			row, at, ok, err := rows.Fetch(tid)
			require.NoError(t, err)
			require.Equal(t, seen, ok, "%v of %s", tid, key)
			require.Equal(t, wantAt, at)
			require.Equal(t, string(want), string(row))
		}
	}
}

// The oracle: whatever transactions do, and whenever vacuum runs, each statement sees exactly what a map says it should.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, xacttest.Options{Frames: rapid.SampledFrom([]int{8, 64}).Draw(rt, "frames")})
		o := &oracle{rig: r, t: rt, committed: state{}, tids: map[string][]page.TID{}}
		for i := range 3 {
			o.sessions = append(o.sessions, &modelSession{real: r.Xact.NewSession(int32(i))})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"begin":     o.begin,
			"insert":    o.insert,
			"change":    o.change,
			"savepoint": o.savepoint,
			"release":   o.release,
			"rollback":  o.rollback,
			"end":       o.end,
			"vacuum":    o.vacuum,
			"flush":     func(*rapid.T) { o.flush() },
			"":          o.verify,
		})
		for _, s := range o.sessions {
			if s.txn != nil {
				require.NoError(rt, s.txn.real.Abort())
			}
		}
		r.check(t)
		r.Close(t)
	})
}
