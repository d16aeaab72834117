package host

import (
	"context"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// horizonPages are the pages of a BulkDelete. Access methods know nothing of snapshots, so what such a call changes gets the
// horizon of its dead set here: a standby settles with readers who could still see one of the rows before their entries go.
type horizonPages struct {
	CallPages
	horizon page.LSN
}

func (h horizonPages) Finish(ctx context.Context, annotation string, blocks []wire.BlockEdit) ([]page.LSN, error) {
	for i := range blocks {
		if len(blocks[i].Forward) > 0 || blocks[i].Image != nil { // a horizon alone would be logged
			blocks[i].ConflictHorizon = max(blocks[i].ConflictHorizon, h.horizon)
		}
	}
	return h.CallPages.Finish(ctx, annotation, blocks)
}
