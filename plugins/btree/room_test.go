package btree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// Keys of the greatest length that differ at their ends leave two downlinks to an inner page. The tree gets so deep that splits from a
// leaf to the root are more than one record holds.
func TestDeepTreeOfLongKeys(t *testing.T) {
	for _, unique := range []bool{false, true} {
		t.Run(fmt.Sprintf("unique=%t", unique), func(t *testing.T) {
			ctx := context.Background()
			ix := newIndex(t, unique, textColumn("a"))
			const n, batch = 4000, 4
			head := strings.Repeat("k", maxKey-20)
			var rows []sdk.Row
			for i, k := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
				rows = append(rows, sdk.Row{TID: tidOf(i), Values: []sdk.Value{wire.OfText(fmt.Sprintf("%s%06d", head, k))}})
			}
			for len(rows) > 0 {
				conflicts, err := ix.Insert(ctx, rows[:batch], 0)
				require.NoError(t, err)
				require.Empty(t, conflicts)
				rows = rows[batch:]
			}
			requireSound(t, ix)
			hits, err := ix.Scan(ctx, sdk.Scan{}, nil)
			require.NoError(t, err)
			require.Len(t, hits, n)

			gone := make([]page.TID, n) // and it can be taken apart again
			for i := range gone {
				gone[i] = tidOf(i)
			}
			for _, part := range [][]page.TID{gone[:n/2], gone[n/2:]} {
				_, err := ix.BulkDelete(ctx, part, 0)
				require.NoError(t, err)
				_, err = ix.Cleanup(ctx, 0)
				require.NoError(t, err)
				requireSound(t, ix)
			}
		})
	}
}
