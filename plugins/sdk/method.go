package sdk

import (
	"context"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// AccessMethod is what an author implements. Calls for different indexes, and scans and vacuums of one index, run at
// the same time in goroutines of their own; the host combines concurrent inserts into one index, so that usually one
// Insert per index runs at a time.
//
// An error ends the call. Make it of a sentinel of this package (fmt.Errorf("...: %w", sdk.ErrInvalidValue)) where one
// fits: it decides what the client sees.
type AccessMethod interface {
	// Describe says what the method is and can do. It must always return the same.
	Describe() Description

	// Build fills a new, empty index from all rows of the table. Pages are written with ix.BulkWriter, each once.
	// The index becomes visible when the statement commits.
	Build(ctx context.Context, ix *Index, rows *RowReader) (BuildStats, error)

	// BuildEmpty returns the pages of an empty index, from block 0 on. It must not touch ix's pages. The host keeps
	// them as the state to which a crash resets an unlogged index.
	BuildEmpty(ctx context.Context, ix *Index) ([]page.Page, error)

	// Insert adds rows, often many at a time. After an error the host may offer a row again: adding it twice must do
	// no harm. Of a unique index it returns the rows that it did not add, in the order of rows, each with the equal row in
	// the way; of any other it returns nil.
	Insert(ctx context.Context, ix *Index, rows []Row) ([]Conflict, error)

	// Scan reports every row that may satisfy all keys of scan. Rows that surely match go out without recheck, doubtful ones
	// with it. A method that declares Ordered reports them in the order of the index's columns, or backward.
	Scan(ctx context.Context, ix *Index, scan Scan, hits *HitWriter) error

	// BulkDelete removes all entries of the rows in dead. It may be called again with rows already removed.
	BulkDelete(ctx context.Context, ix *Index, dead *DeadSet) (BulkDeleteStats, error)

	// Cleanup ends a vacuum: it counts, and gives free pages back with ix.FreePage. The host forgets free pages when
	// it restarts, so Cleanup reports all of them each time.
	Cleanup(ctx context.Context, ix *Index) (CleanupStats, error)

	// Check reads the whole index and reports every contradiction it finds, one line each. It changes nothing.
	Check(ctx context.Context, ix *Index, report func(problem string)) error
}

// OptionValidator is implemented by a method whose options depend on one another or on the columns. Names, types and
// ranges have been checked and defaults filled in before; what it returns is stored with the index.
type OptionValidator interface {
	ValidateOptions(ctx context.Context, columns []Column, options Options) (Options, error)
}

// The types of the boundary, under the names authors use.
type (
	Description     = wire.Description
	OptionDef       = wire.OptionDef
	OpClass         = wire.OpClass
	Capabilities    = wire.Capabilities
	Cost            = wire.Cost
	Column          = wire.Column
	Row             = wire.Row
	Value           = wire.Value
	Scan            = wire.Scan
	ScanKey         = wire.ScanKey
	Conflict        = wire.Conflict
	Hit             = wire.Hit
	DeadSet         = wire.DeadSet
	BuildStats      = wire.BuildStats
	BulkDeleteStats = wire.BulkDeleteStats
	CleanupStats    = wire.CleanupStats
	RowState        = wire.RowState
	RowFate         = wire.RowFate
)

// What the host says of a row (Index.RowFates).
const (
	RowDead    = wire.RowDead
	RowLive    = wire.RowLive
	RowRunning = wire.RowRunning
)
