package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/plan"
)

// appendOp returns the rows of its arms one after the other.
type appendOp struct {
	arms  []Operator
	width int
	at    int
}

func newAppend(x *Context, n *plan.Append) *appendOp {
	a := &appendOp{width: len(n.Types)}
	for _, arm := range n.Arms {
		a.arms = append(a.arms, Build(x, arm))
	}
	return a
}

func (a *appendOp) Open() error {
	a.at = 0
	return a.arms[0].Open()
}

func (a *appendOp) Next() (Row, error) {
	for {
		row, err := a.arms[a.at].Next()
		if err != nil {
			return nil, err
		}
		if row != nil {
			return row[:a.width], nil // less the columns that an arm sorts by
		}
		if a.at == len(a.arms)-1 {
			return nil, nil
		}
		a.at++
		if err := a.arms[a.at].Open(); err != nil {
			return nil, err
		}
	}
}

func (a *appendOp) Close() {
	for _, arm := range a.arms {
		arm.Close()
	}
}

// unique passes the first row of each run of equal keys.
type unique struct {
	x     *Context
	node  *plan.Unique
	child Operator
	last  Row
}

func (u *unique) Open() error {
	u.last = nil
	return u.child.Open()
}

func (u *unique) Next() (Row, error) {
	for {
		row, err := u.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		if u.last == nil || !sameKeys(u.node.Keys, u.last, row) {
			u.last = cloneRow(row)
			return u.last, nil
		}
	}
}

// sameKeys reports whether two rows are equal in the columns of keys.
func sameKeys(keys []plan.SortKey, a, b Row) bool {
	for i := range keys {
		if k := &keys[i]; datum.CompareIn(k.Order, k.Type, a[k.Slot], b[k.Slot]) != 0 {
			return false
		}
	}
	return true
}

func (u *unique) Close() { u.child.Close() }
