package exec

import (
	"fmt"

	"github.com/quiredb/quire/sql/plan"
)

// Build makes the operators of a plan.
func Build(x *Context, n plan.Node) Operator {
	if scan, ok := n.(*plan.SubqueryScan); ok && scan.Trivial() {
		return Build(x, scan.Child)
	}
	var stats *Stats
	if x.Instruments != nil {
		stats = &Stats{}
		x.Instruments.Nodes[n] = stats
	}
	op := build(x, n, stats)
	if stats != nil {
		return &timed{Operator: op, in: x.Instruments, stats: stats}
	}
	return op
}

func build(x *Context, n plan.Node, stats *Stats) Operator {
	if stats == nil {
		stats = &x.uncounted // counting is cheaper than asking whether to count
	}
	switch n := n.(type) {
	case *plan.Result:
		return newResult(x, n)
	case *plan.SeqScan:
		return newSeqScan(x, n, stats)
	case *plan.IndexScan:
		return newIndexScan(x, n, stats)
	case *plan.BitmapHeapScan:
		return newBitmapHeapScan(x, n, stats)
	case *plan.FunctionScan:
		return &functionScan{x: x, node: n, stats: stats, out: newProjector(x, n.Output)}
	case *plan.ValuesScan:
		return newValuesScan(x, n, stats)
	case *plan.ViewScan:
		return &viewScan{x: x, node: n, stats: stats, out: newProjector(x, n.Output)}
	case *plan.ProjectSet:
		return newProjectSet(x, n)
	case *plan.SubqueryScan:
		return &subqueryScan{x: x, node: n, stats: stats, child: Build(x, n.Child), out: newProjector(x, n.Output)}
	case *plan.NestedLoop:
		return newNestedLoop(x, n, stats)
	case *plan.HashJoin:
		return newHashJoin(x, n, stats)
	case *plan.Hash:
		return Build(x, n.Child)
	case *plan.Materialize:
		return newMaterialize(x, n)
	case *plan.Append:
		return newAppend(x, n)
	case *plan.SetOperation:
		return newSetOperation(x, n)
	case *plan.Unique:
		return &unique{x: x, node: n, child: Build(x, n.Child)}
	case *plan.LockRows:
		return newLockRows(x, n)
	case *plan.Sort:
		return &sortOp{x: x, node: n, child: Build(x, n.Child), stats: stats}
	case *plan.Limit:
		return &limitOp{x: x, node: n, child: Build(x, n.Child)}
	case *plan.Aggregate:
		return newAggregate(x, n, stats)
	case *plan.ModifyTable:
		return newModify(x, n)
	}
	panic(fmt.Sprintf("exec: no operator for %T", n))
}
