package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// CreateAccessMethod makes an access method known. It fills in the OID of def.
func (s *Store) CreateAccessMethod(ctx context.Context, t *xact.Txn, def *AccessMethod) error {
	if _, err := s.claimName(ctx, t, kindMethod, def.Name); err != nil {
		return err
	}
	def.OID = s.NewOID()
	return s.create(ctx, t, def)
}

// DropAccessMethod forgets an access method. While indexes use it, that is error 2BP01 (C5).
func (s *Store) DropAccessMethod(ctx context.Context, t *xact.Txn, name string) error {
	old, c, err := s.method(ctx, t, name)
	if err != nil {
		return err
	}
	var users []string
	for _, i := range c.Indexes() {
		if i.AM == name {
			users = append(users, fmt.Sprintf("index %s depends on access method %s", i.Name, name))
		}
	}
	if len(users) > 0 {
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop access method %s because other objects depend on it", name).
			WithDetail("%s", strings.Join(users, "\n")).WithHint("Drop these indexes first.")
	}
	return s.remove(ctx, t, old)
}

// AlterAccessMethod gives an access method another definition, under its old name: a new plugin file, say.
func (s *Store) AlterAccessMethod(ctx context.Context, t *xact.Txn, def *AccessMethod) error {
	old, _, err := s.method(ctx, t, def.Name)
	if err != nil {
		return err
	}
	def.OID = old.OID
	return s.replace(ctx, t, old, def)
}

// method locks an access method against new users and returns its newest state.
func (s *Store) method(ctx context.Context, t *xact.Txn, name string) (*AccessMethod, *Catalog, error) {
	if err := s.locks.Acquire(ctx, t.Owner(), lock.Name(kindMethod.space(), name), lock.Exclusive); err != nil {
		return nil, nil, err
	}
	c, err := s.latest(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	m := c.AccessMethod(name)
	if m == nil {
		return nil, nil, noMethod(name)
	}
	return m, c, nil
}
