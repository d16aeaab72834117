package engine

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// CatalogRel is the relation that holds the catalog.
const CatalogRel page.RelFileNumber = 1

// nextOID returns an object id above every one that was given out.
func (e *Engine) nextOID() uint32 { return e.Applier.NextOID() }

// createSuperuser adds the first role.
func (e *Engine) createSuperuser(_ context.Context, _ InitOptions) error { return nil }
