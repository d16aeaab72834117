package am

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// Column is one key column of an index.
type Column struct {
	Name string
	Type datum.OID
	// OpClass is the operator class, spelt out even when the user relied on the default.
	OpClass string
	ordkey.Order
}

// Index is everything an access method is told about one of its indexes.
type Index struct {
	OID  uint32
	Name string
	// Rel is the relation that holds the index's pages, and the only one it may touch.
	Rel genericxlog.Relation
	// Heap is the relation whose rows are indexed; it serves messages and checks, not access.
	Heap    page.RelFileNumber
	Columns []Column
	// Options are the storage parameters as ValidateOptions returned them.
	Options map[string]string
	Unique  bool
	// WorkMem is the number of bytes of memory that a Build may use for sorting, 0 for the method's own choice.
	WorkMem int64
}

// Row is a heap row as an index sees it: its place and one value for each of the index's columns.
type Row struct {
	TID    page.TID
	Values []datum.Datum
}

// ScanKey is one condition that every hit must meet: column, operator, argument. A scan with several keys wants all of
// them met; one without keys wants everything.
//
// Arguments have the column's type and are never NULL: a comparison with NULL is true of no row, which the executor knows.
type ScanKey struct {
	Column   int    // position in Index.Columns, from 0
	Strategy string // the operator: "=", "<", …, or one of the strategies below
	Arg      datum.Datum
	// Args are the arguments of AnyEqual, ascending by datum.Compare and all different; nil for every other strategy.
	Args []datum.Datum
}

// Strategies that are no operators. IsNull and IsNotNull have no argument.
const (
	IsNull    = "IS NULL"
	IsNotNull = "IS NOT NULL"
	AnyEqual  = "= ANY"
)

// Direction is the order in which an ordered index is read.
type Direction int8

// Forward follows the order of the index's columns; Backward reverses it.
const (
	Forward  Direction = 1
	Backward Direction = -1
)

// ScanOptions say how a scan is to go about it. The zero value reads forward, all of it, and wants places only.
type ScanOptions struct {
	// Direction is Forward or Backward; zero is Forward.
	Direction Direction
	// Return names the key columns, as positions in Index.Columns, whose values each Hit is to carry; nil wants none. It needs
	// Caps.ReturnKeys, and columns whose operator class is not NoReturn.
	Return []int
	// Limit is the number of hits that will probably be wanted, 0 for all. It is a hint for the size of batches: more hits
	// than that come if they are asked for.
	Limit int64
}

// Hit is one answer of a scan.
type Hit struct {
	TID page.TID
	// Recheck asks for the condition to be tested on the row itself, because the index only knows that it may hold.
	Recheck bool
	// OrderBy is the distance for a scan ordered by distance, a lower bound if Recheck is set.
	OrderBy float64
	// Values are those of the columns in ScanOptions.Return, in that order; nil if none were wanted.
	Values []datum.Datum
}

// Conflict says that one row of an Insert into a unique index was not added, because an equal row is in the way.
type Conflict struct {
	Row int      // its place in the rows of the call
	TID page.TID // the equal row
	// XID is 0 if the equal row is live. Otherwise whether it is depends on this transaction: wait for its end, holding nothing
	// of the index, and insert the row again.
	XID uint64
}

// Cursor delivers the hits of one scan in batches.
type Cursor interface {
	// Next returns some hits, which are valid with their values until the next call, or io.EOF after the last. A batch may be
	// empty.
	Next() ([]Hit, error)
	// Close gives back what the scan holds, at any point. It may be called twice.
	Close() error
}

// DeadSet is a set of row places that a vacuum removes.
type DeadSet interface {
	Contains(tid page.TID) bool
	Len() int
	// AppendBinary appends the set in the portable serialisation of a 64-bit roaring bitmap whose members are
	// block<<16 | offset.
	AppendBinary(dst []byte) ([]byte, error)
}

// BuildStats says what a build made.
type BuildStats struct {
	Rows  int64 // heap rows seen
	Pages page.BlockNumber
}

// BulkDeleteStats says what one BulkDelete did.
type BulkDeleteStats struct {
	Removed   int64 // entries removed
	Remaining int64 // entries left
}

// CleanupStats says what an index looks like after a vacuum.
type CleanupStats struct {
	Pages page.BlockNumber
	Free  page.BlockNumber // of those, free for reuse
	Rows  int64            // entries; -1 if not known
}
