package catalog

import (
	"context"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
)

// Sequence is the definition of a sequence; where it stands is in its file (core/sequence). Values from a Catalog are shared and must
// not be changed.
type Sequence struct {
	OID       uint32             `json:"-"`
	Name      string             `json:"-"`
	Rel       page.RelFileNumber `json:"-"`
	Owner     string             `json:"owner,omitempty"` // role name
	Type      datum.OID          `json:"type"`            // int2, int4 or int8
	Start     int64              `json:"start"`
	Increment int64              `json:"increment"`
	Min       int64              `json:"min"`
	Max       int64              `json:"max"`
	Cache     int64              `json:"cache"` // values that a session takes at a time
	Cycle     bool               `json:"cycle,omitempty"`
	// OwnedBy is the column that the sequence goes with; a Table of 0 means none.
	OwnedBy ColumnRef `json:"ownedBy,omitzero"`
	ACL     []Grant   `json:"acl,omitempty"` // nil: what the owner has by default
	Comment string    `json:"comment,omitempty"`

	place place
}

// ColumnRef names a column of a table.
type ColumnRef struct {
	Table  uint32 `json:"table"`  // OID
	Column int    `json:"column"` // position, from 0
}

// Clone returns a copy whose grants may be changed.
func (q *Sequence) Clone() *Sequence {
	c := *q
	c.ACL = append([]Grant(nil), q.ACL...)
	return &c
}

// Sequence returns the sequence of this name, or nil.
func (c *Catalog) Sequence(name string) *Sequence { return get(&c.sequences, name) }

// SequenceByOID returns a sequence, or nil.
func (c *Catalog) SequenceByOID(oid uint32) *Sequence {
	q, _ := c.byOID[oid].(*Sequence)
	return q
}

// Sequences returns all sequences by name.
func (c *Catalog) Sequences() []*Sequence { return c.sequences.Values() }

// SequencesOf returns the sequences that columns of a table own, by name.
func (c *Catalog) SequencesOf(table uint32) []*Sequence {
	return slices.DeleteFunc(c.sequences.Values(), func(q *Sequence) bool { return q.OwnedBy.Table != table || table == 0 })
}

// CreateSequence makes the row and the empty file of a sequence; the caller writes its state in the same transaction. It fills in OID
// and Rel of def.
func (s *Store) CreateSequence(ctx context.Context, t *xact.Txn, def *Sequence) error {
	if _, err := s.claimName(ctx, t, kindSequence, def.Name); err != nil {
		return err
	}
	def.OID = s.NewOID()
	def.Rel = page.RelFileNumber(def.OID)
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(def.OID), lock.AccessExclusive); err != nil {
		return err
	}
	if err := s.createFiles(ctx, t, walrec.RelCreate{Rel: def.Rel, AM: "sequence"}); err != nil {
		return err
	}
	return s.create(ctx, t, def)
}

// LockSequence locks a sequence by OID and returns its newest state; error 42P01 if it is gone.
func (s *Store) LockSequence(ctx context.Context, t *xact.Txn, oid uint32, mode lock.Mode) (*Sequence, *Catalog, error) {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Relation(oid), mode); err != nil {
		return nil, nil, err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	q := c.SequenceByOID(oid)
	if q == nil {
		return nil, nil, pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
	}
	return q, c, nil
}

// AlterSequence gives a sequence another definition: def is a changed Clone of its newest state. It takes ShareRowExclusive on
// the sequence. A new Rel must have been made with CreateFile; the old file goes at commit.
func (s *Store) AlterSequence(ctx context.Context, t *xact.Txn, def *Sequence) error {
	old, _, err := s.LockSequence(ctx, t, def.OID, lock.ShareRowExclusive)
	if err != nil {
		return err
	}
	if old.Name != def.Name {
		if _, err := s.claimName(ctx, t, kindSequence, def.Name); err != nil {
			return err
		}
	}
	if err := s.replace(ctx, t, old, def); err != nil {
		return err
	}
	if old.Rel != def.Rel {
		s.dropFiles(t, old.Rel)
	}
	return nil
}

// DropSequence drops a sequence. Whether something needs it is the caller's to see.
func (s *Store) DropSequence(ctx context.Context, t *xact.Txn, oid uint32) error {
	q, _, err := s.LockSequence(ctx, t, oid, lock.AccessExclusive)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, t, q); err != nil {
		return err
	}
	s.dropFiles(t, q.Rel)
	return nil
}
