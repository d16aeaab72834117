package heap

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

// What a page of a heap says by itself is judged item by item, and one bad item does not hide another.
func TestPageCheck(t *testing.T) {
	good := header{xmin: 5}
	for name, c := range map[string]struct {
		head header
		row  string
		want string
	}{
		"sound":                 {head: good, row: "r"},
		"replaced":              {head: header{xmin: 5, xmax: 6, next: page.TID{Block: 3, Offset: 1}}, row: "r"},
		"nobody's":              {head: header{}, want: "inserted by transaction 0, next is 10"},
		"of the future":         {head: header{xmin: 10}, want: "inserted by transaction 10, next is 10"},
		"deleted in the future": {head: header{xmin: 5, xmax: 1 << 50}, want: "deleted by transaction 1125899906842624, next is 10"},
		"unknown flags":         {head: header{xmin: 5, infomask: 0x4000}, want: "unknown flags 0x4000"},
		"hot and gone":          {head: header{xmin: 5, xmax: 6, infomask: infoHotUpdated}, want: "has a heap-only successor and does not say where"},
		"hot on another page": {head: header{xmin: 5, xmax: 6, infomask: infoHotUpdated, next: page.TID{Block: 9, Offset: 1}},
			want: "its heap-only successor is said to be at (9,1), which is another page"},
		"successor without deletion": {head: header{xmin: 5, next: page.TID{Offset: 2}}, want: "has the successor (0,2) and was never replaced"},
		"successor nowhere": {head: header{xmin: 5, xmax: 6, next: page.TID{Block: page.InvalidBlock, Offset: 2}},
			want: "its successor is said to be at (4294967295,2), which no page has"},
		"bad columns": {head: good, row: "bad", want: "the columns of the table cannot be read from its 3 bytes: too bad"},
	} {
		e := page.NewEditor(page.New())
		require.NoError(t, e.Init(0, 0))
		require.NoError(t, e.InsertItem(1, c.head.append(nil)[:20]))
		item := append(c.head.append(nil), c.row...)
		require.NoError(t, e.InsertItem(2, item))
		found := map[page.OffsetNumber]string{}
		check := pageCheck{
			next: 10,
			row: func(row []byte) error {
				if string(row) == "bad" {
					return errors.New("too bad")
				}
				return nil
			},
			report: func(off page.OffsetNumber, problem string) { found[off] = problem },
			sound:  func(page.OffsetNumber, header) error { return nil },
		}
		require.NoError(t, check.page(3, e.Page()))
		require.Contains(t, found[1], "shorter than the head", name)
		require.Equal(t, c.want, found[2], name)
	}
}

// Redirects lead to heap-only versions of the page, each to another.
func TestPageCheckOfRedirects(t *testing.T) {
	e := page.NewEditor(page.New())
	require.NoError(t, e.Init(0, 0))
	heapOnly, plain := header{xmin: 5, infomask: infoHeapOnly}, header{xmin: 5}
	for i, h := range []header{plain, heapOnly, heapOnly, plain, plain, plain, plain} {
		require.NoError(t, e.InsertItem(page.OffsetNumber(i+1), h.append(nil)))
	}
	require.NoError(t, e.DeleteItems([]page.OffsetNumber{4, 5, 6, 7}, true))
	require.NoError(t, e.SetRedirect(4, 2))
	require.NoError(t, e.SetRedirect(5, 2))
	require.NoError(t, e.SetRedirect(6, 1))
	require.NoError(t, e.SetRedirect(7, 6))
	found := map[page.OffsetNumber]string{}
	check := pageCheck{
		next:   10,
		report: func(off page.OffsetNumber, problem string) { found[off] = problem },
		sound:  func(page.OffsetNumber, header) error { return nil },
	}
	require.NoError(t, check.page(0, e.Page()))
	require.Equal(t, map[page.OffsetNumber]string{
		5: "redirects to 2 like another root",
		6: "redirects to 1, which is not heap-only",
		7: "redirects to 6, where no row version is",
	}, found)
}
