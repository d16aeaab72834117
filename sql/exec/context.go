package exec

import (
	"context"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/expr"
)

// Context is what one execution of a plan works with.
type Context struct {
	Ctx      context.Context
	Eval     *expr.EvalCtx
	Txn      *xact.Txn
	Snapshot *xact.Snapshot
	Heap     *heap.Store
	Temp     *TempSpace
	// WorkMem bounds, in bytes, what one sort or hash table keeps in memory.
	WorkMem int64
	// Instruments is set for EXPLAIN ANALYZE.
	Instruments *Instruments
	// Affected counts the rows that a modification changed.
	Affected int64

	uncounted Stats // of all nodes, where nobody asks

	subs  []subquery
	views map[string][]Row // rows of system views, made once
}
