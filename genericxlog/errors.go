package genericxlog

import (
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

var (
	// ErrConflict says that a page moved on between reading and FinishEdits. Nothing happened; read again and retry.
	ErrConflict = errors.New("page changed since it was read")

	// ErrTooManyBlocks says that a record would change more than MaxBlocks pages.
	ErrTooManyBlocks = fmt.Errorf("more than %d pages in one record", MaxBlocks)

	// ErrTooLarge says that the log takes no record of this size.
	ErrTooLarge = errors.New("generic record is too large")

	// ErrFinished says that a State is used after Finish or Abort.
	ErrFinished = errors.New("generic record is already finished or aborted")

	// ErrPayloadUnlogged says that a record payload was given for an unlogged relation, which emits no record.
	ErrPayloadUnlogged = errors.New("an unlogged relation cannot carry a record payload")

	// ErrMalformed marks bytes that are not a record body.
	ErrMalformed = errors.New("malformed record body")
)

// A ValidationError reports edits that the host refuses. The shared page is untouched.
type ValidationError struct {
	Tag    page.Tag
	Reason string
	Err    error // cause, may be nil
}

func (e *ValidationError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("page %v: %s: %v", e.Tag, e.Reason, e.Err)
	}
	return fmt.Sprintf("page %v: %s", e.Tag, e.Reason)
}

// Unwrap returns the cause.
func (e *ValidationError) Unwrap() error { return e.Err }

// SQLState returns index_corrupted: an access method built a page that cannot be right.
func (e *ValidationError) SQLState() string { return "XX002" }

// A ReplayError reports a record that does not fit the page it is about. Redo stops on it.
type ReplayError struct {
	Tag     page.Tag
	LSN     page.LSN // of the record
	PageLSN page.LSN // of the page before
	Reason  string
	Err     error // cause, may be nil
}

func (e *ReplayError) Error() string {
	msg := fmt.Sprintf("record at %v does not fit page %v at %v: %s", e.LSN, e.Tag, e.PageLSN, e.Reason)
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap returns the cause.
func (e *ReplayError) Unwrap() error { return e.Err }

// SQLState returns data_corrupted.
func (e *ReplayError) SQLState() string { return "XX001" }
