package xact

import (
	"context"
	"slices"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// keptCatalogVersions bounds the memory of catalogHistory. Older versions are asked for only by old snapshots, which then
// read the catalog for themselves.
const keptCatalogVersions = 128

// catalogHistory remembers the newest commits that changed the catalog.
type catalogHistory struct {
	mu      sync.Mutex
	base    page.LSN // changes up to here are version base
	changes []page.LSN
}

// changed notes a commit, in WAL order.
func (h *catalogHistory) changed(lsn page.LSN) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = append(h.changes, lsn)
	if len(h.changes) > 2*keptCatalogVersions {
		drop := len(h.changes) - keptCatalogVersions
		h.base = h.changes[drop-1]
		h.changes = slices.Clone(h.changes[drop:])
	}
}

// Settle returns when every change of the catalog that has been committed is visible to new snapshots, those whose commit was
// not waited for included. Who holds the lock on a name or a table and then settles misses nothing that was done to it.
func (m *Manager) Settle(ctx context.Context) error {
	if m.standby.Load() {
		return nil // replay makes changes visible in order, nobody gives up waiting
	}
	h := &m.catalog
	h.mu.Lock()
	newest := h.base
	if n := len(h.changes); n > 0 {
		newest = h.changes[n-1]
	}
	h.mu.Unlock()
	return m.WaitVisible(ctx, newest)
}

// CatalogVersion returns a value that is equal for two LSNs if and only if the committed catalog is the same at both. It returns
// false for an LSN so old that this is no longer known.
func (m *Manager) CatalogVersion(at page.LSN) (page.LSN, bool) {
	h := &m.catalog
	h.mu.Lock()
	defer h.mu.Unlock()
	i, exact := slices.BinarySearch(h.changes, at)
	if exact {
		i++
	}
	if i > 0 {
		return h.changes[i-1], true
	}
	return h.base, at >= h.base
}

// CatalogVersion is Manager.CatalogVersion of what Latest would see. It returns false if that is not known, or if the transaction
// sees a change that is in no version.
func (t *Txn) CatalogVersion() (page.LSN, bool) {
	if t.catalogChanged {
		return 0, false
	}
	if own := t.session.recent(); len(own) > 0 && own[len(own)-1].catalog >= own[0].lsn {
		return 0, false
	}
	return t.m.CatalogVersion(t.m.visibility.advance())
}
