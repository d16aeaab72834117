package btree

import (
	"strconv"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

const (
	defaultFill = 90
	minFill     = 10
	maxFill     = 100
	maxColumns  = 32
)

// Method is the access method. It keeps nothing between calls but which pages it has looked over.
type Method struct{}

// classes are the types that can be indexed, under PostgreSQL's names.
var classes = []struct {
	name string
	oid  uint32
}{
	{"bool_ops", wire.TypeBool}, {"int2_ops", wire.TypeInt2}, {"int4_ops", wire.TypeInt4}, {"int8_ops", wire.TypeInt8},
	{"oid_ops", wire.TypeOID}, {"float4_ops", wire.TypeFloat4}, {"float8_ops", wire.TypeFloat8},
	{"numeric_ops", wire.TypeNumeric}, {"text_ops", wire.TypeText}, {"varchar_ops", wire.TypeVarchar},
	{"bpchar_ops", typeBpchar}, {"name_ops", typeName}, {"bytea_ops", wire.TypeBytea}, {"uuid_ops", wire.TypeUUID},
	{"date_ops", wire.TypeDate}, {"timestamp_ops", wire.TypeTimestamp}, {"timestamptz_ops", wire.TypeTimestamptz},
	{"interval_ops", typeInterval}, {"pg_lsn_ops", wire.TypePgLSN},
}

// Type OIDs that wire has no helpers for.
const (
	typeName     uint32 = 19
	typeBpchar   uint32 = 1042
	typeInterval uint32 = 1186
)

// Describe says what the method can do: PostgreSQL's names and option.
func (Method) Describe() sdk.Description {
	d := sdk.Description{
		Name:    "btree",
		Version: "1.0",
		Summary: "ordered and unique indexes of up to 32 columns; text sorts by its bytes (C)",
		Options: []sdk.OptionDef{
			{Name: "fillfactor", Type: wire.OptionInt, Default: strconv.Itoa(defaultFill), Min: minFill, Max: maxFill,
				Help: "how full, in percent, leaf pages are left by a build and by rows that come in ascending order"},
		},
		Caps: sdk.Capabilities{
			Unique: true, Ordered: true, Backward: true, SearchNulls: true, AnyEqual: true, ReturnKeys: true, Spans: true,
			MaxColumns: maxColumns,
		},
		// Pages above the leaves are in this process's memory, as PostgreSQL takes them to be in its cache; leaves that
		// follow one another lie anywhere, so that a page costs what a random one does, and an entry what it does there.
		Cost: sdk.Cost{},
	}
	for _, c := range classes {
		d.Classes = append(d.Classes, sdk.OpClass{
			Name: c.name, Type: c.oid, Operators: []string{"<", "<=", "=", ">=", ">"}, Default: true,
			NoReturn: !ordkey.Exact(c.oid),
		})
	}
	return d
}

// A schema says how the columns of an index become keys.
type schema struct {
	columns    []sdk.Column
	fillfactor int
}

// schemaOf is an index's schema, made once for each description.
func schemaOf(ix *sdk.Index) (*schema, error) { return sdk.Prepared(ix, newSchema) }

func newSchema(ix *sdk.Index) (*schema, error) {
	s := &schema{columns: ix.Columns()}
	for _, c := range s.columns {
		if !ordkey.Supported(c.Type) {
			return nil, sdk.Errorf(sdk.ErrUnsupported, "column %q: type with OID %d has no B-tree order", c.Name, c.Type)
		}
	}
	var err error
	s.fillfactor, err = ix.Options().Int("fillfactor")
	return s, err
}

// appendKey encodes the values of all columns.
func (s *schema) appendKey(dst []byte, values []sdk.Value) ([]byte, error) {
	for i, v := range values {
		var err error
		if dst, err = s.appendColumn(dst, i, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (s *schema) appendColumn(dst []byte, i int, v sdk.Value) ([]byte, error) {
	c := &s.columns[i]
	out, err := ordkey.Append(dst, c.Type, v, c.Descending, c.NullsFirst)
	if err != nil {
		return dst, sdk.Errorf(sdk.ErrInvalidValue, "column %q: %v", c.Name, err)
	}
	return out, nil
}
