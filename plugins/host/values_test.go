package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// The first value that an encoder sees may be empty, and is not NULL.
func TestEmptyValueIsNotNull(t *testing.T) {
	e, err := newRowEncoder([]am.Column{{Name: "a", Type: datum.Bytea}, {Name: "b", Type: datum.Bytea}})
	require.NoError(t, err)
	packed, err := e.append(nil, page.TID{Block: 1, Offset: 1}, []datum.Datum{datum.NewText(""), datum.NewNull()})
	require.NoError(t, err)
	rows, err := wire.DecodeRows(packed, 1, 2)
	require.NoError(t, err)
	require.False(t, rows[0].Values[0].IsNull())
	require.True(t, rows[0].Values[1].IsNull())
}
