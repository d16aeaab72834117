package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

var lockModes = map[pg_query.LockClauseStrength]LockMode{
	pg_query.LockClauseStrength_LCS_FORKEYSHARE: ForKeyShare, pg_query.LockClauseStrength_LCS_FORSHARE: ForShare,
	pg_query.LockClauseStrength_LCS_FORNOKEYUPDATE: ForNoKeyUpdate, pg_query.LockClauseStrength_LCS_FORUPDATE: ForUpdate,
}

var lockWaits = map[pg_query.LockWaitPolicy]LockWait{
	pg_query.LockWaitPolicy_LockWaitSkip: LockSkip, pg_query.LockWaitPolicy_LockWaitError: LockNoWait,
}

// String is how a lock mode is written.
func (m LockMode) String() string {
	return map[LockMode]string{ForKeyShare: "FOR KEY SHARE", ForShare: "FOR SHARE", ForNoKeyUpdate: "FOR NO KEY UPDATE", ForUpdate: "FOR UPDATE"}[m]
}

// locking analyses FOR UPDATE and its kin.
func (a *analyzer) locking(q *Query, sc *scope, list []*pg_query.Node) error {
	for _, n := range list {
		l := n.GetLockingClause()
		mode := lockModes[l.Strength]
		what := ""
		switch own := q.only(); {
		case own != nil && own.Kind == RelSetOp:
			what = "UNION/INTERSECT/EXCEPT"
		case q.Distinct || q.DistinctOn > 0:
			what = "DISTINCT clause"
		case len(q.GroupBy) > 0:
			what = "GROUP BY clause"
		case q.Having != nil:
			what = "HAVING clause"
		case q.HasAggs:
			what = "aggregate functions"
		}
		if what != "" {
			return a.errorf(-1, pgerr.FeatureNotSupported, "%s is not allowed with %s", mode, what)
		}
		named := make([]bool, len(l.LockedRels))
		for i := range sc.rels {
			r := &sc.rels[i]
			if r.rel < 0 {
				continue
			}
			at := slices.IndexFunc(l.LockedRels, func(n *pg_query.Node) bool { return n.GetRangeVar().GetRelname() == r.alias })
			if len(l.LockedRels) > 0 && at < 0 {
				continue
			}
			if at >= 0 {
				named[at] = true
			}
			if rel := q.Rels[r.rel]; rel.Kind != RelTable || rel.Table.View != nil {
				if at >= 0 {
					return a.unsupported(mode.String()+" of "+r.alias+", which is not a table,", l.LockedRels[at].GetRangeVar().GetLocation())
				}
				if rel.Kind == RelSubquery || rel.Kind == RelSetOp { // whose tables PostgreSQL would lock
					return a.unsupported(mode.String()+" of the subquery "+r.alias, -1)
				}
				continue
			}
			q.lock(RowLock{Rel: r.rel, Mode: mode, Wait: lockWaits[l.WaitPolicy]})
		}
		for i, n := range l.LockedRels {
			if !named[i] {
				return a.errorf(n.GetRangeVar().GetLocation(), pgerr.UndefinedTable, `relation "%s" in %s clause not found in FROM clause`, n.GetRangeVar().GetRelname(), mode)
			}
		}
	}
	return nil
}

// lock adds a row lock; of two on one relation the stronger mode and the more impatient policy win.
func (q *Query) lock(l RowLock) {
	for i := range q.Locks {
		if old := &q.Locks[i]; old.Rel == l.Rel {
			old.Mode, old.Wait = max(old.Mode, l.Mode), max(old.Wait, l.Wait)
			return
		}
	}
	q.Locks = append(q.Locks, l)
}
