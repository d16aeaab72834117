package bloom

import (
	"context"
	"fmt"
	"strconv"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

const (
	defaultLength = 80 // bits of a signature
	maxLength     = 4096
	defaultBits   = 2 // bits set for a column
	maxBits       = maxLength - 1
	maxColumns    = 32
	wordBits      = 16 // signatures are whole words of this size
)

// Method is the access method. It keeps nothing between calls.
type Method struct{}

// Describe says what the method can do: PostgreSQL's options and defaults.
func (Method) Describe() sdk.Description {
	d := sdk.Description{
		Name:    "bloom",
		Version: "1.0",
		Summary: "signatures for equality on any of up to 32 columns",
		Options: []sdk.OptionDef{
			{Name: "length", Type: wire.OptionInt, Default: strconv.Itoa(defaultLength), Min: 1, Max: maxLength,
				Help: "bits of a row's signature, rounded up to a multiple of 16"},
			{Name: "col", Type: wire.OptionInt, Default: strconv.Itoa(defaultBits), Min: 1, Max: maxBits, PerColumn: true,
				Help: "bits set for the column"},
		},
		Caps: sdk.Capabilities{BitmapOnly: true, OptionalFirstKey: true, MaxColumns: maxColumns},
		// Every scan reads the whole index; an entry costs two comparisons of machine words.
		Cost: sdk.Cost{StartupPages: 1, PageFraction: 1, PerPage: 1, PerTuple: 0.0005, FalsePositives: 0.002},
	}
	for _, c := range []struct {
		name string
		oid  uint32
	}{
		{"int2_ops", wire.TypeInt2}, {"int4_ops", wire.TypeInt4}, {"int8_ops", wire.TypeInt8},
		{"text_ops", wire.TypeText}, {"varchar_ops", wire.TypeVarchar}, {"bool_ops", wire.TypeBool},
		{"uuid_ops", wire.TypeUUID}, {"bytea_ops", wire.TypeBytea}, {"timestamptz_ops", wire.TypeTimestamptz},
	} {
		d.Classes = append(d.Classes, sdk.OpClass{Name: c.name, Type: c.oid, Operators: []string{"="}, Default: true})
	}
	return d
}

// ValidateOptions refuses what the ranges alone cannot: options of columns that the index does not have.
func (Method) ValidateOptions(_ context.Context, columns []sdk.Column, o sdk.Options) (sdk.Options, error) {
	if len(columns) > maxColumns {
		return nil, sdk.Errorf(sdk.ErrInvalidOption, "bloom indexes have at most %d columns, not %d", maxColumns, len(columns))
	}
	for n := len(columns) + 1; n <= maxColumns; n++ {
		name := "col" + strconv.Itoa(n)
		if v, set := o[name]; set && v != strconv.Itoa(defaultBits) {
			e := sdk.Errorf(sdk.ErrInvalidOption, "option %q is for column %d, the index has %d", name, n, len(columns))
			e.Hint = "Leave the option out, or add the column."
			return nil, e
		}
		delete(o, name)
	}
	_, err := paramsOf(columns, o)
	return o, err
}

// params are what the options mean. They are frozen in the metapage.
type params struct {
	words int   // length of a signature in 16-bit words
	bits  []int // for each column
}

func paramsOf(columns []sdk.Column, o sdk.Options) (params, error) {
	length, err := o.Int("length")
	if err != nil {
		return params{}, err
	}
	p := params{words: (length + wordBits - 1) / wordBits, bits: make([]int, len(columns))}
	for i := range p.bits {
		name := fmt.Sprintf("col%d", i+1)
		if p.bits[i], err = o.Int(name); err != nil {
			return params{}, err
		}
	}
	return p, nil
}

// width is the size of an entry: the row's address and the signature.
func (p params) width() int { return tidBytes + 2*p.words }

// perPage is how many entries fit a page.
func (p params) perPage() int { return dataBytes / p.width() }
