package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
)

func samples() []object {
	missing := "7"
	return []object{
		&Table{OID: 16384, Name: "t", Rel: 16390, Columns: []Column{{Name: "a", Type: datum.Type{OID: datum.Int4}, Default: "1", Missing: &missing}},
			Constraints: []Constraint{{OID: 16400, Name: "t_a_check", Kind: Check, Columns: []int{0}, Expr: "a > 0"}}},
		&Sequence{OID: 16391, Name: "t_a_seq", Rel: 16392, Type: datum.Int4, Start: 1, Increment: 1, Min: 1, Max: 100, OwnedBy: ColumnRef{16384, 0}},
		&Index{OID: 16385, Name: "i", Rel: 16385, Table: 16384, AM: "bloom", Columns: []IndexColumn{{Name: "a", Type: datum.Int4}}},
		&AccessMethod{OID: 16386, Name: "bloom", Plugin: "bloom"},
		&Role{OID: 16387, Name: "ann", Superuser: true, Settings: map[string]string{"a": "b"}},
		&Setting{OID: 16388, Name: "fsync", Value: "on"},
	}
}

func TestRowsGoBothWays(t *testing.T) {
	for _, o := range samples() {
		rows, err := encode(o)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		p, err := readPart(page.TID{Block: 3, Offset: 4}, rows[0])
		require.NoError(t, err)
		got, err := decode([]part{p})
		require.NoError(t, err)
		require.Equal(t, []page.TID{{Block: 3, Offset: 4}}, got.at().tids)
		again, err := encode(got)
		require.NoError(t, err)
		require.Equal(t, rows, again)
	}
}

// Whatever is in a row, reading it is an object or an error.
func FuzzDecode(f *testing.F) {
	for _, o := range samples() {
		rows, err := encode(o)
		require.NoError(f, err)
		f.Add(rows[0])
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		if _, _, err := peek(page.TID{}, row); err != nil {
			return
		}
		p, err := readPart(page.TID{}, row)
		if err != nil {
			return
		}
		o, err := decode([]part{p})
		if err != nil {
			return
		}
		_, err = encode(o)
		require.NoError(t, err)
	})
}
