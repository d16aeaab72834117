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
		"sound":                      {head: good, row: "r"},
		"replaced":                   {head: header{xmin: 5, xmax: 6, next: page.TID{Block: 3, Offset: 1}}, row: "r"},
		"nobody's":                   {head: header{}, want: "inserted by transaction 0, next is 10"},
		"of the future":              {head: header{xmin: 10}, want: "inserted by transaction 10, next is 10"},
		"deleted in the future":      {head: header{xmin: 5, xmax: 1 << 50}, want: "deleted by transaction 1125899906842624, next is 10"},
		"unknown flags":              {head: header{xmin: 5, infomask: 0x4000}, want: "unknown flags 0x4000"},
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
		require.NoError(t, check.page(e.Page()))
		require.Contains(t, found[1], "shorter than the head", name)
		require.Equal(t, c.want, found[2], name)
	}
}
