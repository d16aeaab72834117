package heap

import (
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

var errShortItem = errors.New("item is shorter than the head of a row version")

// corrupt names the row that is not what a heap writes. An error that knows its own code, of a status page that cannot be read for
// one, says nothing of the row.
func corrupt(rel Relation, tid page.TID, err error) error {
	if pgerr.CodeOf(err) != pgerr.InternalError {
		return fmt.Errorf("row %v of relation %s (file %d): %w", tid, rel.Name, rel.Rel, err)
	}
	return pgerr.New(pgerr.DataCorrupted, "row %v of relation %s (file %d) is damaged: %w", tid, rel.Name, rel.Rel, err).
		WithHint("Run quire verify, and restore the page from a replica or a backup.")
}

// corruptIf is corrupt for an error that may be nil.
func corruptIf(rel Relation, tid page.TID, err error) error {
	if err == nil {
		return nil
	}
	return corrupt(rel, tid, err)
}

// noRow says that a TID names nothing in the heap; an index that answers so is wrong.
func noRow(rel Relation, tid page.TID, blocks page.BlockNumber) error {
	return pgerr.New(pgerr.DataCorrupted, "no row can be at %v of relation %s, which has %d pages", tid, rel.Name, blocks).
		WithHint("If an index led here, rebuild it.")
}

// concurrentChange is what repeatable read answers when the row it wants to change is no longer the one it sees.
func concurrentChange(what string) error {
	return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent %s", what).
		WithHint("Run the transaction again.")
}

// rowLocked is what NOWAIT answers when another transaction has the row.
func rowLocked(rel Relation) error {
	return pgerr.New(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", rel.Name)
}

func wrapRel(rel Relation, doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, rel.Name, err)
}
