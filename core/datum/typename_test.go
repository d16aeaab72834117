package datum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func TestTypeNames(t *testing.T) {
	for in, want := range map[string]string{
		"int": "integer", "BIGINT": "bigint", "varchar(20)": "character varying(20)", "character varying": "character varying",
		"numeric(10, 2)": "numeric(10,2)", "numeric(3,-2)": "numeric(3,-2)", "decimal(5)": "numeric(5,0)", "timestamptz(0)": "timestamp(0) with time zone",
		"timestamp(3) with time zone": "timestamp(3) with time zone", "timestamp": "timestamp without time zone", "interval(9)": "interval(6)",
		"int4[]": "integer[]", "pg_catalog.text": "text", "\"char\"": "\"char\"", "char": "character(1)", "char(7)": "character(7)",
		"character(7)": "character(7)", "bpchar": "bpchar", "varchar(3)[]": "character varying(3)[]", "char[]": "character(1)[]", "int2vector": "int2vector", "double precision": "double precision",
	} {
		typ, err := datum.ParseType(in)
		require.NoError(t, err, in)
		require.Equal(t, want, typ.String(), in)
		again, err := datum.ParseType(typ.String())
		require.NoError(t, err, in)
		require.Equal(t, typ, again)
	}
	for in, code := range map[string]pgerr.Code{
		"foo": pgerr.UndefinedObject, "varchar(0)": pgerr.InvalidParameterValue, "varchar(99999999)": pgerr.InvalidParameterValue,
		"numeric(1001)": pgerr.InvalidParameterValue, "numeric(1,2,3)": pgerr.InvalidParameterValue, "int(4)": pgerr.SyntaxError,
		"varchar(x)": pgerr.SyntaxError, "varchar(3": pgerr.SyntaxError, "timestamp(-1)": pgerr.InvalidParameterValue,
	} {
		_, err := datum.ParseType(in)
		require.Equal(t, code, pgerr.CodeOf(err), "%s: %v", in, err)
	}
	require.Equal(t, int32(-1), datum.Type{OID: datum.Int4}.WireMod())
	require.Equal(t, int32(0), datum.Type{OID: datum.Timestamp, Mod: datum.ModPrecisionZero}.WireMod())
	require.Nil(t, datum.Lookup(1<<31))
	require.Panics(t, func() { datum.MustLookup(1) })
}

// A modifier is applied when a literal is read for a column, and by casts, which may cut.
func TestModifiers(t *testing.T) {
	varchar := datum.MustLookup(datum.Varchar)
	_, err := varchar.ParseText("abcd", 3+4)
	require.Equal(t, pgerr.StringDataRightTruncation, pgerr.CodeOf(err))
	require.EqualError(t, err, "value too long for type character varying(3)")
	d, err := varchar.ParseText("abc  ", 3+4)
	require.NoError(t, err)
	require.Equal(t, "abc", d.S)
	d, err = varchar.FitModifier(datum.NewText("héllo"), 2+4, true)
	require.NoError(t, err)
	require.Equal(t, "hé", d.S)
	_, err = datum.MustLookup(datum.Text).ParseText("a\xffb", -1)
	require.Equal(t, pgerr.CharacterNotInRepertoire, pgerr.CodeOf(err))
	require.EqualError(t, err, `invalid byte sequence for encoding "UTF8": 0xff`)
	_, err = datum.MustLookup(datum.Text).ParseText("a\x00", -1)
	require.EqualError(t, err, `invalid byte sequence for encoding "UTF8": 0x00`)
}

// Values that compare as equal hash alike (D4), across the widths of a family too.
func TestHashFollowsCompare(t *testing.T) {
	num := datum.MustLookup(datum.Numeric)
	for _, pair := range [][2]string{{"1", "1.000"}, {"0", "-0.00"}, {"1e3", "1000"}} {
		a, err := num.ParseText(pair[0], -1)
		require.NoError(t, err)
		b, err := num.ParseText(pair[1], -1)
		require.NoError(t, err)
		require.Zero(t, num.Compare(a, b))
		require.Equal(t, num.Hash(a), num.Hash(b))
	}
	require.Equal(t, datum.Hash(datum.Int2, datum.NewInt(5)), datum.Hash(datum.Int8, datum.NewInt(5)))
	require.Equal(t, datum.Hash(datum.Float4, datum.NewFloat(0)), datum.Hash(datum.Float8, datum.NewFloat(-1/1e308/1e308)))
	interval := datum.MustLookup(datum.Interval)
	month, day := datum.NewInterval(datum.IntervalValue{Months: 1}), datum.NewInterval(datum.IntervalValue{Days: 30})
	require.Zero(t, interval.Compare(month, day))
	require.Equal(t, interval.Hash(month), interval.Hash(day))
	list := datum.MustLookup(num.Array)
	a, err := list.ParseText("{1.0,NULL}", -1)
	require.NoError(t, err)
	b, err := list.ParseText("{1.00,NULL}", -1)
	require.NoError(t, err)
	require.Zero(t, list.Compare(a, b))
	require.Equal(t, list.Hash(a), list.Hash(b))
	require.Equal(t, 1, datum.Compare(datum.Int4, datum.NewNull(), datum.NewInt(5)))
	require.Zero(t, datum.Compare(datum.Int4, datum.NewNull(), datum.NewNull()))
}
