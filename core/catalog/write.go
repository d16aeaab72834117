package catalog

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
)

// latest returns the newest state to check names and dependencies in. The locks that the check is about must be held
// already (C2). Commits whose wait was given up are waited for here: their locks are gone, so they count.
func (s *Store) latest(ctx context.Context, t *xact.Txn) (*Catalog, error) {
	if err := s.xact.Settle(ctx); err != nil {
		return nil, err
	}
	return s.Current(t)
}

// claimName takes the right to a name and checks that nothing has it (C2).
func (s *Store) claimName(ctx context.Context, t *xact.Txn, k kind, name string) (*Catalog, error) {
	if name == "" {
		return nil, pgerr.New(pgerr.InvalidName, "zero-length name of a %s", k)
	}
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Name(k.space(), name), lock.Exclusive); err != nil {
		return nil, err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return nil, err
	}
	return c, c.checkFree(k, name)
}

// checkFree refuses a name that is taken.
func (c *Catalog) checkFree(k kind, name string) error {
	switch {
	case k.space() == "relation" && c.HasRelation(name):
		return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", name)
	case k == kindMethod && c.AccessMethod(name) != nil, k == kindRole && c.Role(name) != nil:
		return pgerr.New(pgerr.DuplicateObject, "%s %q already exists", k, name)
	}
	return nil
}

// create writes the rows of a new object.
func (s *Store) create(ctx context.Context, t *xact.Txn, o object) error {
	rows, err := encode(o)
	if err != nil {
		return err
	}
	if _, err := s.heap.Insert(ctx, t, Relation(), rows); err != nil {
		return err
	}
	changed(t)
	return nil
}

// replace writes new versions of old's rows.
func (s *Store) replace(ctx context.Context, t *xact.Txn, old, o object) error {
	rows, err := encode(o)
	if err != nil {
		return err
	}
	snap := t.Latest()
	defer snap.Release()
	places := old.at().tids
	both := min(len(rows), len(places))
	for i, tid := range places {
		var r heap.Result
		if i < both {
			r, err = s.heap.Update(ctx, t, snap, Relation(), tid, rows[i], true)
		} else {
			r, err = s.heap.Delete(ctx, t, snap, Relation(), tid)
		}
		if err := written(old, r.Outcome, err); err != nil {
			return err
		}
	}
	if len(rows) > both {
		if _, err := s.heap.Insert(ctx, t, Relation(), rows[both:]); err != nil {
			return err
		}
	}
	changed(t)
	return nil
}

// remove deletes an object's rows.
func (s *Store) remove(ctx context.Context, t *xact.Txn, o object) error {
	snap := t.Latest()
	defer snap.Release()
	for _, tid := range o.at().tids {
		r, err := s.heap.Delete(ctx, t, snap, Relation(), tid)
		if err := written(o, r.Outcome, err); err != nil {
			return err
		}
	}
	changed(t)
	return nil
}

func written(o object, outcome heap.Outcome, err error) error {
	if err != nil || outcome == heap.OK {
		return err
	}
	_, name := o.head()
	return pgerr.New(pgerr.ObjectInUse, "%s %q was changed by a concurrent transaction", o.kind(), *name).
		WithHint("Run the statement again.")
}

// changed makes the change visible to the rest of the statement, and to others with the commit.
func changed(t *xact.Txn) {
	t.ChangesCatalog()
	t.NextCommand()
}

// createFiles makes the files of a relation, which go again if the transaction does not commit (C4).
func (s *Store) createFiles(ctx context.Context, t *xact.Txn, rec walrec.RelCreate) error {
	xid, err := t.XID()
	if err != nil {
		return err
	}
	t.DropAtAbort(rec.Rel)
	s.forgetIf(t, rec.Rel, false)
	t.NoteWrite()
	if err := s.files.Create(ctx, uint64(xid), rec); err != nil {
		return fmt.Errorf("create files of relation %d: %w", rec.Rel, err)
	}
	return nil
}

// dropFiles has the files of a relation removed at commit.
func (s *Store) dropFiles(t *xact.Txn, rel page.RelFileNumber) {
	t.DropAtCommit(rel)
	s.forgetIf(t, rel, true)
}

// forgetIf drops what the heap remembers of a relation when the transaction ends in the way that takes its files away.
func (s *Store) forgetIf(t *xact.Txn, rel page.RelFileNumber, outcome bool) {
	t.OnEnd(func(committed bool) {
		if committed == outcome {
			s.heap.Forget(rel)
		}
	})
}
