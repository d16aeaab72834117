package catalog

import (
	"context"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// CreateRole makes a role. It fills in the OID of def.
func (s *Store) CreateRole(ctx context.Context, t *xact.Txn, def *Role) error {
	if _, err := s.claimName(ctx, t, kindRole, def.Name); err != nil {
		return err
	}
	def.OID = s.NewOID()
	return s.create(ctx, t, def)
}

// AlterRole gives a role another definition, under its old name: def is a changed Clone of its newest state.
func (s *Store) AlterRole(ctx context.Context, t *xact.Txn, def *Role) error {
	old, _, err := s.role(ctx, t, def.Name)
	if err != nil {
		return err
	}
	def.OID = old.OID
	return s.replace(ctx, t, old, def)
}

// DropRole removes a role. The last superuser that can log in stays: nobody could undo that.
func (s *Store) DropRole(ctx context.Context, t *xact.Txn, name string) error {
	old, c, err := s.role(ctx, t, name)
	if err != nil {
		return err
	}
	masters := 0
	for _, r := range c.Roles() {
		if r.Superuser && r.Login {
			masters++
		}
	}
	if old.Superuser && old.Login && masters == 1 {
		return pgerr.New(pgerr.ObjectInUse, "role %q cannot be dropped because it is the last superuser that can log in", name).
			WithHint("Create another superuser first.")
	}
	for _, table := range c.Tables() {
		if table.Owner == name {
			return pgerr.New(pgerr.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", name).
				WithDetail("owner of table %s", table.Name)
		}
		if Mentions(table.ACL, name) {
			return pgerr.New(pgerr.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", name).
				WithDetail("privileges for table %s", table.Name)
		}
	}
	for _, q := range c.Sequences() {
		if q.Owner == name {
			return pgerr.New(pgerr.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", name).
				WithDetail("owner of sequence %s", q.Name)
		}
		if Mentions(q.ACL, name) {
			return pgerr.New(pgerr.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", name).
				WithDetail("privileges for sequence %s", q.Name)
		}
	}
	return s.remove(ctx, t, old)
}

// role locks a role and returns its newest state.
func (s *Store) role(ctx context.Context, t *xact.Txn, name string) (*Role, *Catalog, error) {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Name(kindRole.space(), name), lock.Exclusive); err != nil {
		return nil, nil, err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	r := c.Role(name)
	if r == nil {
		return nil, nil, pgerr.New(pgerr.UndefinedObject, "role %q does not exist", name)
	}
	return r, c, nil
}

// SetSetting stores the value of a setting for all sessions to come, or removes it if value is nil.
func (s *Store) SetSetting(ctx context.Context, t *xact.Txn, name string, value *string) error {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Name(kindSetting.space(), name), lock.Exclusive); err != nil {
		return err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return err
	}
	old := c.Setting(name)
	switch {
	case value == nil && old == nil:
		return nil
	case value == nil:
		return s.remove(ctx, t, old)
	case old == nil:
		return s.create(ctx, t, &Setting{OID: s.NewOID(), Name: name, Value: *value})
	}
	return s.replaceIfDifferent(ctx, t, old, &Setting{OID: old.OID, Name: name, Value: *value})
}
