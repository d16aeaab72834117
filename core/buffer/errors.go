package buffer

import (
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// ErrClosed marks a call on a Pool that was closed.
var ErrClosed = errors.New("buffer pool is closed")

// ErrNotShared says that an arena is not memory that another process can map.
var ErrNotShared = errors.New("the arena is private memory: shared arenas need Linux")

// ErrBeyondEnd marks a Pin of a block that no record has changed.
var ErrBeyondEnd = errors.New("block is beyond the end of the relation")

// NoFrameError says that every frame was pinned for as long as Pin was willing to wait.
type NoFrameError struct {
	Arena  string // "" for the host's own
	Frames int
}

func (e *NoFrameError) Error() string {
	if e.Arena == "" {
		return fmt.Sprintf("all %d buffers are pinned; raise shared_buffers", e.Frames)
	}
	return fmt.Sprintf("all %d buffers of access method %s are pinned; raise shared_buffers", e.Frames, e.Arena)
}

// SQLState returns out_of_memory's class: insufficient_resources.
func (e *NoFrameError) SQLState() string { return "53200" }

// InUseError says that pages that are to go are still pinned.
type InUseError struct {
	Tag  page.Tag // one of them
	Pins int
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("page %v is still pinned %d times; end the sessions that read relation %d and try again", e.Tag, e.Pins, e.Tag.Rel)
}

// SQLState returns object_in_use.
func (e *InUseError) SQLState() string { return "55006" }

// FullError says that a fork has no block numbers left.
type FullError struct{ RelFile page.RelFile }

func (e *FullError) Error() string {
	return fmt.Sprintf("relation %v has all %d blocks it can have; move rows to another table", e.RelFile, uint32(page.InvalidBlock))
}

// SQLState returns program_limit_exceeded.
func (e *FullError) SQLState() string { return "54000" }

func beyondEnd(tag page.Tag, length page.BlockNumber) error {
	return fmt.Errorf("page %v: %w of %d blocks", tag, ErrBeyondEnd, length)
}
