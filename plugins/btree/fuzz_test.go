package btree

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/wire"
)

func longRow(tid, key int) sdk.Row {
	return sdk.Row{TID: tidOf(tid), Values: []sdk.Value{longKey(key)}}
}

func longKey(key int) sdk.Value {
	return wire.OfText(string(rune('a'+key/26)) + string(rune('a'+key%26)) + strings.Repeat("k", 1200))
}

// goodPages are those of a tree of three levels with a deleted page.
var goodPages = sync.OnceValues(func() ([]page.Page, error) {
	ctx := context.Background()
	ix := emptyIndex(false, textColumn("a"))
	empty, err := ix.BuildEmpty(ctx)
	if err != nil {
		return nil, err
	}
	if err := ix.Store.Load(empty); err != nil {
		return nil, err
	}
	var rows []sdk.Row
	var dead []page.TID
	for i := range 150 {
		rows = append(rows, longRow(i, i))
		if i/8 == 5 {
			dead = append(dead, tidOf(i))
		}
	}
	if _, err := ix.Insert(ctx, rows, 0); err != nil {
		return nil, err
	}
	if _, err := ix.BulkDelete(ctx, dead, 0); err != nil {
		return nil, err
	}
	if _, err := ix.Cleanup(ctx, 0); err != nil {
		return nil, err
	}
	refs := make([]wire.PageRef, ix.Store.Length())
	for i := range refs {
		refs[i].Block = page.BlockNumber(i)
	}
	reads, err := ix.Store.Open().ReadPages(ctx, refs)
	pages := make([]page.Page, len(reads))
	for i, r := range reads {
		pages[i] = r.Page
	}
	return pages, err
})

// FuzzBadPages changes a page of a tree at will and calls everything. Calls may fail or find little; they do not panic, and they end.
func FuzzBadPages(f *testing.F) {
	good, err := goodPages()
	require.NoError(f, err)
	for blk := range uint8(6) {
		f.Add(blk, uint16(12), []byte{0xff, 0x1f, 0xff, 0x1f})                        // the page's bounds
		f.Add(blk, uint16(page.HeaderSize), []byte{1, 2, 3, 4})                       // the first line pointer, or the metapage
		f.Add(blk, uint16(offMetaRoot), []byte{5, 0, 0, 0, 0, 0, 2})                  // a root elsewhere
		f.Add(blk, uint16(page.Size-specialBytes), []byte{1, 0, 0, 0, 1})             // links in circles
		f.Add(blk, uint16(page.Size-specialBytes+offFlags), []byte{flagDeleted, 1})   // flags and level
		f.Add(blk, uint16(page.Size-specialBytes-8), []byte{9, 0, 0, 0, 9, 9, 9, 90}) // the first item
	}
	f.Add(uint8(3), uint16(page.Size-specialBytes), []byte{8, 9, 8, 63}) // a right link far beyond the end
	f.Fuzz(func(t *testing.T, blk uint8, at uint16, with []byte) {
		withBadPage(t, good, blk, at, with)
	})
}

// withBadPage calls everything on a tree with one page changed.
func withBadPage(t *testing.T, good []page.Page, blk uint8, at uint16, with []byte) {
	ctx := context.Background()
	pages := slices.Clone(good)
	n := int(blk) % len(pages)
	pages[n] = slices.Clone(pages[n])
	copy(pages[n][int(at)%page.Size:], with)
	ix := emptyIndex(false, textColumn("a"))
	ix.Info.Unique = blk&0x80 != 0
	if ix.Store.Load(pages) != nil {
		t.Skip("a host does not store such a page")
	}
	defer func() { ix.Process.Close() }()
	may := func(err error) {
		t.Helper()
		if errors.Is(err, wire.ErrPanic) {
			t.Fatal(err)
		}
		ix.Process.Close()
		ix.Process = amtest.NewProcess(Method{}) // remembers nothing
	}
	for _, backward := range []bool{false, true} {
		for _, keys := range [][]sdk.ScanKey{nil, {{Operator: "=", Arg: longKey(40)}}, {{Operator: "<", Arg: longKey(100)}}} {
			_, err := ix.Scan(ctx, sdk.Scan{Keys: keys, Backward: backward, Return: []int{0}}, nil)
			may(err)
		}
	}
	_, err := ix.Check(ctx)
	may(err)
	var rows []sdk.Row
	for i := range 30 {
		rows = append(rows, longRow(1000+i, i*5))
	}
	_, err = ix.Insert(ctx, rows, 0)
	may(err)
	_, err = ix.BulkDelete(ctx, []page.TID{tidOf(1), tidOf(30), tidOf(31), tidOf(32), tidOf(149)}, 0)
	may(err)
	_, err = ix.Cleanup(ctx, 0)
	may(err)
	_, err = ix.Check(ctx)
	may(err)
}
