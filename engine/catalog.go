package engine

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// openCatalog opens the catalog on recovered pages.
func (e *Engine) openCatalog() (err error) {
	e.Catalog, err = catalog.Open(catalog.Config{
		Heap: e.Heap, Xact: e.Xact, Locks: e.Locks, Pool: e.Pool, Files: e.Files, NextOID: e.Applier.NextOID(),
	})
	return wrap("read the catalog", err)
}

// nextOID returns an object id above every one that was given out.
func (e *Engine) nextOID() uint32 { return max(e.Applier.NextOID(), e.Catalog.NextOID()) }

// createSuperuser adds the first role.
func (e *Engine) createSuperuser(ctx context.Context, opts InitOptions) error {
	if opts.Superuser == "" {
		return fmt.Errorf("the first role needs a name; give one with -U")
	}
	t := e.Xact.Begin(xact.ReadCommitted)
	role := &catalog.Role{Name: opts.Superuser, Superuser: true, Login: true, Replication: true, Verifier: opts.PasswordVerifier}
	if err := e.Catalog.CreateRole(ctx, t, role); err != nil {
		_ = t.Abort()
		return err
	}
	_, err := t.Commit(ctx, xact.CommitOptions{})
	return err
}

// removeOrphans removes files that no object owns: what a crash left of a drop between its commit and the removal, and what could not
// be removed then. It runs at each start after recovery, when nobody else is there.
func (e *Engine) removeOrphans(ctx context.Context) error {
	files, err := e.Storage.List()
	if err != nil {
		return err
	}
	orphans, err := e.orphans(files)
	if err != nil || len(orphans) == 0 {
		return err
	}
	e.recovery.Orphans = orphans
	e.log.Warn().Any("relations", orphans).Msg("removing files that belong to no object")
	return e.Files.Drop(ctx, orphans)
}

func (e *Engine) orphans(files []page.RelFileNumber) ([]page.RelFileNumber, error) {
	t := e.Xact.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }()
	c, err := e.Catalog.Current(t)
	if err != nil {
		return nil, err
	}
	return c.Orphans(files), nil
}
