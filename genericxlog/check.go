package genericxlog

import (
	"bytes"

	"github.com/quiredb/quire/core/invariant"
	"github.com/quiredb/quire/core/page"
)

// checkChange re-applies a change to the page before it and takes it back again, in invariant builds. The LSN and the checksum are
// not content.
func checkChange(before, after page.Page, c page.Change) {
	if !invariant.Enabled || c.Stamped {
		return
	}
	const contentStart = 12
	const lsn = page.LSN(1) << 40
	redone := newPage()
	defer freePage(redone)
	copy(redone, before)
	err := c.Apply(redone, lsn)
	invariant.That(err == nil, "change cannot be applied: %v", err)
	invariant.That(bytes.Equal(redone[contentStart:], after[contentStart:]), "change does not rebuild the page")
	if c.Barrier {
		return
	}
	err = c.Undo(redone, lsn)
	invariant.That(err == nil, "change cannot be undone: %v", err)
	invariant.That(bytes.Equal(redone[contentStart:], before[contentStart:]), "undoing the change does not give the page before")
}
