package xact

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// A Snapshot decides which row versions a statement sees. It belongs to the goroutine of its transaction.
type Snapshot struct {
	// LSN is the newest position whose commits are seen.
	LSN page.LSN
	// CID is the first of the transaction's own commands whose effects are not seen.
	CID uint32

	txn  *Txn
	m    *Manager
	own  []ownCommit // of the session, beyond LSN (X1)
	node node[Snapshot]
}

// Own reports whether xid is the transaction of the snapshot or a subtransaction that has not been rolled back.
func (s *Snapshot) Own(xid XID) bool { return s.txn.Owns(xid) }

// XIDVisible reports whether what xid did is seen. For Own it is true: commands within the transaction are told
// apart by CID. An unreadable status page is an error, never a guess.
func (s *Snapshot) XIDVisible(xid XID) (bool, error) {
	if s.txn.Owns(xid) {
		return true, nil
	}
	entry, err := s.m.cache.entry(xid)
	if err != nil {
		return false, err
	}
	if entry <= entryAborted {
		return false, nil
	}
	return page.LSN(entry) <= s.LSN || s.isOwn(xid), nil
}

// isOwn looks among the session's recent commits, of which there may be thousands where commits do not wait.
func (s *Snapshot) isOwn(xid XID) bool {
	n := len(s.own)
	if n == 0 || xid < s.own[0].xid || xid > s.own[n-1].xid {
		return false
	}
	_, found := slices.BinarySearchFunc(s.own, xid, func(c ownCommit, xid XID) int { return cmp.Compare(c.xid, xid) })
	return found
}

// SeesOwnCatalog reports whether the snapshot sees a change of the catalog that is not in the version of its LSN: the running
// transaction's, or one by a commit of the session that others do not see yet.
func (s *Snapshot) SeesOwnCatalog() bool {
	return s.txn.catalogChanged || len(s.own) > 0 && s.own[len(s.own)-1].catalog >= s.own[0].lsn
}

// Txn returns the transaction that took the snapshot.
func (s *Snapshot) Txn() *Txn { return s.txn }

// Release says that the snapshot is no longer read with. It may be called twice; the end of the transaction releases all.
// A snapshot of a repeatable read transaction is kept until then.
func (s *Snapshot) Release() {
	if s.node.linked && s != s.txn.fixed {
		s.m.registry.unregister(s)
	}
}

// String shows what the snapshot sees.
func (s *Snapshot) String() string {
	return fmt.Sprintf("snapshot %v, own transaction %d before command %d", s.LSN, s.txn.xid, s.CID)
}

// ownCommit is a commit of a session that others may not see yet.
type ownCommit struct {
	xid     XID
	lsn     page.LSN
	catalog page.LSN // of the newest commit up to this one that changed the catalog, 0 if none is remembered
}
