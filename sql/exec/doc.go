// Package exec runs the plans that sql/plan makes: one operator for each node, asked for a row at a time from the top.
//
// Always true:
//
//	X1. A row belongs to the operator that returned it and is valid until that operator is asked again; its strings may alias a
//	    page copy. Whoever keeps a row clones it.
//	X2. A TID from an index is looked up in the heap with the statement's snapshot, and rows are tested against the index condition
//	    again whenever the index says it is not sure (A1 of core/am).
//	X3. A new row enters the heap before its TID enters an index, and all indexes have it before the statement ends.
//	X4. A row that changed under a read committed update is fetched again and must still meet the whole condition.
//	X5. Every loop over rows looks at the context at least once in 256 rows, and wherever it waits.
//	X6. What a sort or a hash table keeps in memory is bounded by work_mem; the rest is in files that Close removes.
//
// An execution belongs to one goroutine. Plans are shared, operators are not.
package exec
