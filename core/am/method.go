package am

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// Method is one access method. Methods that take a context end soon after it does, with its cause; deadlines are the
// caller's business. All errors of a method that lives in a plugin are *PluginError, but for
// those of ValidateOptions that its description alone decides.
type Method interface {
	// Describe returns what the method can do. It makes no call: the description was fetched when the method started.
	Describe() Description

	// ValidateOptions checks the columns and storage parameters of an index about to be created. It returns the
	// parameters with defaults filled in, as they are to be stored. Its errors are the user's: 22023 for a value out of range,
	// 0A000 for a column that cannot be indexed.
	ValidateOptions(ctx context.Context, columns []Column, options map[string]string) (map[string]string, error)

	// Build fills an empty index. rows calls yield with one batch of rows after the other; a batch is
	// valid during the call only. What Build wrote before an error is discarded with the relation.
	Build(ctx context.Context, idx Index, rows func(yield func([]Row) error) error) (BuildStats, error)

	// BuildEmpty returns the pages of an index without rows. They become the init fork of an unlogged index.
	BuildEmpty(ctx context.Context, idx Index) ([]page.Page, error)

	// Insert adds rows for the transaction xid (A3) and names those that it did not add (A6); only unique indexes have any.
	// Conflicts come in the order of the rows, one at most for each.
	Insert(ctx context.Context, idx Index, xid uint64, rows []Row) ([]Conflict, error)

	// Scan finds the rows that meet all keys. The cursor's calls are bounded by ctx as well. An ordered method delivers the
	// hits in the order of the columns, or in its reverse.
	Scan(ctx context.Context, idx Index, keys []ScanKey, opts ScanOptions) (Cursor, error)

	// BulkDelete removes the entries of dead rows (A4).
	BulkDelete(ctx context.Context, idx Index, dead DeadSet) (BulkDeleteStats, error)

	// Cleanup ends a vacuum of the index (A4).
	Cleanup(ctx context.Context, idx Index) (CleanupStats, error)

	// Check looks the whole index over and reports each problem found. Problems are not errors.
	Check(ctx context.Context, idx Index, report func(problem string)) error
}

// Registry finds access methods by name.
type Registry interface {
	// Lookup returns a method that is ready. It fails with an error that Is ErrUnknown if there is none of the name, and
	// ErrUnavailable if there is one that does not run now; the message names plugin and remedy.
	Lookup(name string) (Method, error)
	// List describes every method known, ready or not, by name.
	List() []Info
}

// Info is one line of a Registry's list.
type Info struct {
	Name    string
	Version string
	Path    string // the plugin's file; empty for a method in the process
	State   string // "ready", "starting", "backoff", "quarantined", …
	Reason  string // why it is not ready, with the remedy
}
