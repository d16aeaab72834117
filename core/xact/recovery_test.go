package xact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

func TestStandby(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	replayed := r.Log.InsertLSN()
	m, err := xact.Open(xact.Config{
		Log: r.Log, Pool: r.Pool, GX: r.GX, Locks: r.Locks, Standby: true, Replayed: replayed,
		DropFiles: func([]page.RelFileNumber) error { return nil },
	})
	require.NoError(t, err)
	require.True(t, m.InRecovery())
	reader := m.Begin(xact.ReadCommitted)
	_, err = reader.XID()
	require.True(t, pgerr.Is(err, pgerr.ReadOnlySQLTransaction), "%v", err)

	// The pages are those of the primary; what a standby knows of a transaction is what it was told.
	x := writer(t, r.Xact.NewSession(1))
	xid := x.CurrentXID()
	state, _, err := m.Status(xid)
	require.NoError(t, err)
	require.Equal(t, xact.InProgress, state)
	lsn := commit(t, x)
	m.ApplyCommit(xid, lsn, walrec.Commit{CatalogChanged: true})
	require.False(t, sees(t, reader.Snapshot(), xid), "not replayed as far as readers know")
	before, _ := m.CatalogVersion(reader.Snapshot().LSN)
	m.SetReplayed(r.Log.InsertLSN())
	require.True(t, sees(t, reader.Snapshot(), xid))
	after, _ := m.CatalogVersion(reader.Snapshot().LSN)
	require.Equal(t, lsn, after)
	require.NotEqual(t, before, after)
	m.ApplyCommit(xid+1, r.Log.InsertLSN()+100, walrec.Commit{CatalogChanged: true})
	require.NoError(t, m.Settle(ctx), "replay in progress is not waited for")
	m.ApplyAbort(xid+5, walrec.Abort{})
	require.Equal(t, xid+6, m.NextXID())
	commit(t, reader)

	m.Promote(xid + 100)
	y := writer(t, m.NewSession(1))
	require.Equal(t, xid+100, y.CurrentXID())
	commit(t, y)
	state, _, err = m.Status(xid + 50)
	require.NoError(t, err)
	require.Equal(t, xact.Aborted, state)
}

func TestAbortUnfinished(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{NextXID: 500})
	x := writer(t, r.Xact.NewSession(1))
	done := x.CurrentXID()
	lsn := commit(t, x)
	r.CreateRelation(t, 77)
	before := r.Log.InsertLSN()
	require.NoError(t, r.Xact.AbortUnfinished([]walrec.ActiveXact{
		{XID: 400, Created: []page.RelFileNumber{77}},
		{XID: uint64(done)}, // a checkpoint's list may be older than its end
	}))
	require.Greater(t, r.Log.InsertLSN(), before)
	ok, err := r.Storage.Exists(page.RelFile{Rel: 77})
	require.NoError(t, err)
	require.False(t, ok)
	_, at, err := r.Xact.Status(done)
	require.NoError(t, err)
	require.Equal(t, lsn, at)
	state, _, err := r.Xact.Status(400)
	require.NoError(t, err)
	require.Equal(t, xact.Aborted, state)
}
