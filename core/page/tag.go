package page

import (
	"fmt"
	"strconv"
)

// BlockNumber counts the blocks of a fork from 0. A block is a place on disk, a page is what lies there.
type BlockNumber uint32

// InvalidBlock is no block. A fork therefore has at most 2^32-1 blocks.
const InvalidBlock = ^BlockNumber(0)

// OffsetNumber counts the line pointers of a page from 1. Zero is no item.
type OffsetNumber uint16

// RelFileNumber names the files of one relation. It changes when a relation is rewritten.
type RelFileNumber uint32

// TimelineID counts the histories of a cluster from 1; each promotion starts a new one.
type TimelineID uint32

// ForkNumber tells apart the files of one relation.
type ForkNumber uint8

const (
	// MainFork holds the data.
	MainFork ForkNumber = 0
	// InitFork holds the empty image of an unlogged relation.
	InitFork ForkNumber = 1
	// VisibilityFork holds the visibility map of a heap.
	VisibilityFork ForkNumber = 2

	// NumForks is how many there are.
	NumForks = 3
)

// Suffix is what the names of the fork's files have behind the relation's number: nothing, "_init" or "_vm".
func (f ForkNumber) Suffix() string {
	if f == MainFork {
		return ""
	}
	return "_" + f.String()
}

// String is "main", "init", "vm", or the number of a fork this version does not know.
func (f ForkNumber) String() string {
	switch f {
	case MainFork:
		return "main"
	case InitFork:
		return "init"
	case VisibilityFork:
		return "vm"
	}
	return "fork" + strconv.Itoa(int(f))
}

// RelFile is one fork of one relation.
type RelFile struct {
	Rel  RelFileNumber
	Fork ForkNumber
}

// String prints "16384/main".
func (r RelFile) String() string { return fmt.Sprintf("%d/%v", uint32(r.Rel), r.Fork) }

// Tag names a block of the cluster.
type Tag struct {
	RelFile
	Block BlockNumber
}

// String prints "16384/main 7".
func (t Tag) String() string { return fmt.Sprintf("%v %d", t.RelFile, uint32(t.Block)) }
