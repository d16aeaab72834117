package sdk

import "github.com/quiredb/quire/plugins/wire"

// Errors that cross the boundary in either direction; test with errors.Is, wrap with fmt.Errorf and %w.
var (
	ErrConflict      = wire.ErrConflict      // a page moved on: Update retries
	ErrNotFound      = wire.ErrNotFound      // a block beyond the end
	ErrInvalidEdit   = wire.ErrInvalidEdit   // the host refused an edit: a bug in the method
	ErrTooManyBlocks = wire.ErrTooManyBlocks // more than MaxBlocks pages in one XLog
	ErrWrongState    = wire.ErrWrongState    // for instance Finish after Abort
	ErrUnsupported   = wire.ErrUnsupported   // the client sees 0A000
	ErrInvalidOption = wire.ErrInvalidOption // the client sees 22023
	ErrInvalidValue  = wire.ErrInvalidValue  // the client sees 22023
	ErrTooLarge      = wire.ErrTooLarge      // the client sees 54000
	ErrUnique        = wire.ErrUnique        // the client sees 23505
	ErrCorruptIndex  = wire.ErrCorruptIndex  // the client sees XX002
	ErrNoSpace       = wire.ErrNoSpace       // the host's disk is full
	ErrHost          = wire.ErrHost          // the host's own trouble
	ErrAlive         = wire.ErrAlive         // a row that RequireDead named is not dead: ask RowFates
	ErrEnough        = wire.ErrEnough        // a scan's reader wants no more hits: Scan returns it
)

// Error carries a detail, a hint and a wished SQLSTATE to the client. Give it a Code through Errorf.
type Error = wire.Error

// Errorf makes an *Error of a sentinel, so that detail and hint can be set:
//
//	e := sdk.Errorf(sdk.ErrInvalidValue, "key of %d bytes", n)
//	e.Hint = "Keys are limited to 2000 bytes."
//	return e
func Errorf(sentinel error, format string, args ...any) *Error {
	return wire.Errorf(sentinel, format, args...)
}
