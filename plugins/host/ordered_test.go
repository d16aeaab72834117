package host

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/plugins/wire"
)

// lanes is the number of lanes that a plugin's process has open.
func (r *rig) lanes(name string) int {
	k := r.reg.mu.keepers[name]
	k.mu.Lock()
	p := k.mu.session.lanes
	k.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mu.all)
}

// onCarriers runs a test over either kind of lane.
func onCarriers(t *testing.T, test func(t *testing.T, plugin string)) {
	for carrier, plugin := range carriers {
		t.Run(carrier, func(t *testing.T) { test(t, plugin) })
	}
}

// Order, lists, values of keys and limits through a process of its own, after a build with little memory.
func TestOrderedScans(t *testing.T) {
	onCarriers(t, testOrderedScans)
}

func testOrderedScans(t *testing.T, plugin string) {
	r := newRig(t, nil, plugin)
	m, idx := r.method(plugin), r.index("")
	idx.WorkMem = 4096
	all := rows(0, 3000)
	shuffled := slices.Clone(all)
	for i := range shuffled {
		j := i * 7919 % len(shuffled)
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	}
	_, err := m.Build(ctx, idx, in(shuffled[:1000], shuffled[1000:]))
	require.NoError(t, err)
	left, err := r.temp.ReadDir("data/tmp")
	require.NoError(t, err)
	require.Empty(t, left)

	hits, err := scan(m, idx, am.ScanOptions{Return: []int{0, 1}})
	require.NoError(t, err)
	require.Len(t, hits, len(all))
	for i, h := range hits {
		require.Equal(t, am.Hit{TID: all[i].TID, Values: all[i].Values}, h)
	}
	hits, err = scan(m, idx, am.ScanOptions{Direction: am.Backward, Return: []int{1}})
	require.NoError(t, err)
	for i, h := range hits {
		require.Equal(t, all[len(all)-1-i].TID, h.TID)
	}
	list := am.ScanKey{Strategy: am.AnyEqual, Args: []datum.Datum{datum.NewInt(-5), datum.NewInt(17), datum.NewInt(2900), datum.NewInt(5000)}}
	hits, err = scan(m, idx, am.ScanOptions{}, list)
	require.NoError(t, err)
	require.Equal(t, []am.Hit{{TID: all[17].TID}, {TID: all[2900].TID}}, hits)
	hits, err = search(m, idx, am.ScanKey{Strategy: ">=", Arg: datum.NewInt(2990)}, am.ScanKey{Column: 1, Strategy: am.IsNotNull})
	require.NoError(t, err)
	require.Len(t, hits, 9)

	list.Args = make([]datum.Datum, wire.MaxScanKeys/8+1)
	for i := range list.Args {
		list.Args[i] = datum.NewInt(int64(i))
	}
	_, err = search(m, idx, list)
	requireState(t, err, pgerr.ProgramLimitExceeded, "search values of", "shorter list")
	_, err = scan(m, idx, am.ScanOptions{Return: []int{2}})
	requireState(t, err, pgerr.InternalError)
}

// A scan that is closed early takes no lane with it, and the first batch is no larger than the limit.
func TestEarlyStop(t *testing.T) {
	onCarriers(t, testEarlyStop)
}

func testEarlyStop(t *testing.T, plugin string) {
	r := newRig(t, nil, plugin)
	m, idx := r.method(plugin), r.index("")
	_, err := m.Build(ctx, idx, in(rows(0, 9000)))
	require.NoError(t, err)
	for i := range 40 {
		statement, done := newCause(t)
		cur, err := m.Scan(statement, idx, nil, am.ScanOptions{Limit: int64(i % 3), Direction: am.Backward})
		require.NoError(t, err)
		hits, err := cur.Next()
		require.NoError(t, err)
		require.Len(t, hits, []int{64, 1, 2}[i%3])
		require.Equal(t, rows(8999, 1)[0].TID, hits[0].TID)
		require.NoError(t, cur.Close())
		done() // as a statement's context does, right behind its last row
		hits, err = search(m, idx, idEquals(i))
		require.NoError(t, err)
		require.Len(t, hits, 1)
	}
	// A call begun before the plugin has taken note of the close opens another lane, which a busy machine makes likely; a close that lost
	// its lane would open one for each scan.
	require.Less(t, r.lanes(plugin), 20, "40 scans closed early must not cost a lane each")
}

// Conflicts go to the heap before anyone hears of them.
func TestUniqueInsert(t *testing.T) {
	onCarriers(t, testUniqueInsert)
}

func testUniqueInsert(t *testing.T, plugin string) {
	r := newRig(t, nil, plugin)
	m, idx := r.method(plugin), r.index("")
	idx.Unique = true
	_, err := m.Build(ctx, idx, in(rows(0, 100)))
	require.NoError(t, err)
	again := func(first, n int) []am.Row {
		out := rows(first, n)
		for i := range out {
			out[i].TID.Block += 50
		}
		return out
	}
	insert := func(rows []am.Row) []am.Conflict {
		t.Helper()
		conflicts, err := m.Insert(ctx, idx, 9, rows)
		require.NoError(t, err)
		return conflicts
	}
	require.Empty(t, insert(rows(95, 5)), "offered again")
	r.fates.set(rows(7, 1)[0].TID, wire.RowFate{State: wire.RowRunning, XID: 77})
	r.fates.set(rows(8, 1)[0].TID, wire.RowFate{State: wire.RowDead})
	require.Equal(t, []am.Conflict{
		{Row: 1, TID: rows(6, 1)[0].TID}, {Row: 2, TID: rows(7, 1)[0].TID, XID: 77}, {Row: 4, TID: rows(9, 1)[0].TID},
	}, insert(again(5, 5)[:5])[1:], "row 5 is the first")
	hits, err := search(m, idx, idEquals(8))
	require.NoError(t, err)
	require.Len(t, hits, 2, "the dead one and its successor")
	require.Empty(t, insert(again(10, 1)), "the name is NULL")

	large := again(1000, 20)
	for i := range large { // several calls' worth
		large[i].Values[1] = datum.NewText(string(slices.Repeat([]byte{byte('a' + i)}, 6000)))
	}
	require.Empty(t, insert(large))
	more := slices.Clone(large)
	for range 3 {
		more = append(more, more...)
	}
	for i := range more {
		more[i].TID.Block = page.BlockNumber(70 + i%20)
		more[i].TID.Offset = page.OffsetNumber(1 + i/20)
	}
	conflicts := insert(more)
	require.Len(t, conflicts, len(more))
	for i, c := range conflicts {
		require.Equal(t, am.Conflict{Row: i, TID: large[i%20].TID}, c)
	}
}

// Lies about conflicts, values and order are found out; the process stays, and the next call works.
func TestHostileOrdered(t *testing.T) {
	r := newRig(t, nil, "hostile_sorted")
	m := r.method("hostile_sorted")
	build := func(m am.Method, idx am.Index) error { _, err := m.Build(ctx, idx, in(rows(0, 1))); return err }
	unique := func(m am.Method, idx am.Index) error {
		idx.Unique = true
		return insert(m, idx, 9, rows(0, 3))
	}
	plain := func(m am.Method, idx am.Index) error { return insert(m, idx, 9, rows(0, 3)) }
	keys := func(m am.Method, idx am.Index) error {
		_, err := scan(m, idx, am.ScanOptions{Return: []int{0}})
		return err
	}
	for _, c := range []struct {
		label string
		call  func(am.Method, am.Index) error
		state pgerr.Code
		part  string
	}{
		{"conflictrow", unique, pgerr.ExternalRoutineException, "conflict of row 1048576"},
		{"conflictagain", unique, pgerr.ExternalRoutineException, "conflict of row 0, where one of [1,3) may follow"},
		{"conflictfar", unique, pgerr.IndexCorrupted, "the table has 100 blocks"},
		{"conflictzero", unique, pgerr.IndexCorrupted, "which no page can hold"},
		{"conflictbytes", unique, pgerr.ExternalRoutineException, "no whole number of conflicts"},
		{"conflictrow", plain, pgerr.ExternalRoutineException, "conflict"},
		{"conflictxid", plain, pgerr.ExternalRoutineException, "not unique"},
		{"novalues", keys, pgerr.ExternalRoutineException, "1 values for each of 1 hits in 0 bytes"},
		{"badvalue", keys, pgerr.IndexCorrupted, "3 bytes as a value of type int4"},
		{"extravalue", keys, pgerr.ExternalRoutineException, "after the values of the last"},
		{"disorder", keys, pgerr.IndexCorrupted, "out of its order"},
		{"nulldisord", keys, pgerr.IndexCorrupted, "out of its order"},
		{"spill", plain, pgerr.InvalidParameterValue, "WRONG_STATE"},
		{"spill", build, pgerr.InvalidParameterValue, "allowed"},
		{"spillnone", build, pgerr.InvalidParameterValue, "UNSUPPORTED"},
		{"spillother", build, pgerr.InvalidParameterValue, "no temporary file 7"},
		{"spilllong", build, pgerr.InvalidParameterValue, "TOO_LARGE"},
		{"spillmany", build, pgerr.InvalidParameterValue, "256 temporary files"},
		{"spillgap", build, pgerr.InvalidParameterValue, "the limit is"},
	} {
		t.Run(c.label, func(t *testing.T) {
			idx := r.index(c.label)
			pid := r.reg.PID("hostile_sorted")
			requireState(t, c.call(m, idx), c.state, c.part, idx.Name)
			idx.Options["label"] = ""
			_, err := m.Build(ctx, idx, in(rows(0, 10)))
			require.NoError(t, err)
			require.Equal(t, pid, r.reg.PID("hostile_sorted"))
		})
	}

	hits, err := search(m, r.index("unasked"))
	require.NoError(t, err)
	require.Len(t, hits, 2000)

	idx := r.index("conflictxid") // a transaction of its invention becomes the heap's answer
	idx.Unique = true
	conflicts, err := m.Insert(ctx, idx, 9, rows(0, 1))
	require.NoError(t, err)
	require.Equal(t, []am.Conflict{{TID: page.TID{Block: 1, Offset: 1}}}, conflicts)
	r.fates.set(conflicts[0].TID, wire.RowFate{State: wire.RowDead})
	_, err = m.Insert(ctx, idx, 9, rows(0, 1))
	requireState(t, err, pgerr.IndexCorrupted, "because of a row that is not live")
	_, err = scan(r.method("hostile_sorted"), r.index(""), am.ScanOptions{Return: []int{0, 0, 5}})
	requireState(t, err, pgerr.InternalError)
}

// What a host left behind between making a file and taking its name away is removed.
func TestTempSpaceSweeps(t *testing.T) {
	m := vfs.NewMem()
	require.NoError(t, m.MkdirAll("tmp", 0o700))
	f, err := m.OpenFile("tmp/spill9", 0x42, 0o600) // O_RDWR|O_CREATE
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = NewTempSpace(m, "tmp")
	require.NoError(t, err)
	names, err := m.ReadDir("tmp")
	require.NoError(t, err)
	require.Empty(t, names)
}
