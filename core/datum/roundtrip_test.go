package datum_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
)

// samples holds texts per type that PostgreSQL prints exactly as they stand.
var samples = map[datum.OID][]string{
	datum.Bool: {"t", "f"}, datum.Int2: {"-32768", "0", "32767"}, datum.Int4: {"-2147483648", "2147483647"},
	datum.Int8:   {"-9223372036854775808", "9223372036854775807"},
	datum.Float4: {"1e+06", "100000", "0.0001", "1e-05", "3.1415927", "NaN", "-Infinity", "-0"},
	datum.Float8: {"1e+15", "100000000000000", "0.1", "1.7976931348623157e+308", "5e-324", "Infinity"},
	datum.Text:   {"", "héllo", "a\nb"}, datum.Varchar: {"abc"}, datum.Name: {"pg_class"},
	datum.Bytea: {"\\x", "\\x00ff10"}, datum.UUID: {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	datum.Date:        {"2000-01-01", "1999-12-31", "0044-03-15 BC", "infinity", "-infinity", "5874897-12-31", "4714-11-24 BC"},
	datum.Timestamp:   {"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999", "infinity"},
	datum.Timestamptz: {"2024-02-29 12:34:56.789+00", "-infinity", "0001-01-01 00:00:00+00 BC"},
	datum.PgLSN:       {"0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"}, datum.OIDType: {"0", "4294967295"},
	datum.Numeric: {"0", "0.00", "-1.50", "123456789012345678901234567890.123456789", "0.00000000000000000001", "NaN", "Infinity",
		"-Infinity", "10000", "100000000", "0.0001", "99999999999999999999.9999"},
	datum.Interval: {"00:00:00", "1 year 2 mons 3 days 04:05:06.789", "-1 years -2 mons +3 days -04:05:06", "1 day", "-00:00:01"},
	datum.Char:     {"a", ""}, datum.Regclass: {"-", "1259"}, datum.Regproc: {"-", "77"}, datum.Regoper: {"0", "77"}, datum.Regrole: {"10"},
	datum.BPChar: {"", "ab ", "ab"}, datum.Int2Vector: {"", "1", "1 2 -3"}, datum.OIDVector: {"", "0 4294967295"}, datum.NodeTree: {"a > 0"},
}

func TestTextAndBinaryRoundTrip(t *testing.T) {
	for oid, texts := range samples {
		info := datum.MustLookup(oid)
		for _, text := range texts {
			d, err := info.ParseText(text, -1)
			require.NoError(t, err, "%s %q", info.Name, text)
			require.Equal(t, text, string(info.AppendText(nil, d)), info.Name)
			back, err := info.ParseBinary(info.AppendBinary(nil, d))
			require.NoError(t, err, "%s %q", info.Name, text)
			require.Equal(t, text, info.String(back), info.Name)
			require.Zero(t, info.Compare(d, back))
			require.Equal(t, info.Hash(d), info.Hash(back))
			rt := datum.RowType{{OID: oid}}
			row := make([]datum.Datum, 1)
			data := rt.AppendRow(nil, []datum.Datum{d})
			require.Equal(t, len(data), rt.RowSize([]datum.Datum{d}))
			require.NoError(t, rt.DecodeRow(data, row))
			require.Equal(t, text, info.String(row[0]), strconv.Quote(text))
		}
	}
}
