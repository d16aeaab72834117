package host

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// Whatever indexes the calls of a lane are about, changed or not, more than there are slots: the plugin's end, which keeps what it was told,
// always has the description of the moment.
func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slots
		var far [wire.MaxIndexSlots]*pb.Index
		indexes := make([]am.Index, wire.MaxIndexSlots*3/2)
		for i := range indexes {
			indexes[i] = am.Index{
				OID: uint32(i), Name: "i", Rel: genericxlog.Relation{Rel: page.RelFileNumber(i)},
				Columns: []am.Column{{Name: "c", Type: 23}}, Options: map[string]string{"n": "1"},
			}
		}
		spared := 0
		for range rapid.IntRange(1, 300).Draw(t, "calls") {
			idx := &indexes[rapid.IntRange(0, rapid.SampledFrom([]int{2, len(indexes) - 1}).Draw(t, "among")).Draw(t, "index")]
			switch rapid.IntRange(0, 9).Draw(t, "change") {
			case 0:
				idx.Name += "x"
			case 1:
				idx.Columns[0].Name += "x" // in place: slots keep a copy
			case 2:
				idx.Options["n"] += "1"
			case 3:
				idx.Unique = !idx.Unique
			case 4:
				idx.Options = maps.Clone(idx.Options) // no change at all
			}
			var m pb.Call
			s.describe(&m, *idx)
			told := m.Index
			switch slot := m.IndexSlot; {
			case slot == 0:
				require.Zero(t, idx.Rel.Rel)
			case told == nil:
				told = far[slot-1]
				spared++
			default:
				far[slot-1] = told
			}
			got, err := wire.IndexFromProto(told)
			require.NoError(t, err)
			require.Equal(t, indexInfo(*idx), got)
		}
		t.Logf("%d descriptions spared", spared)
	})
}
