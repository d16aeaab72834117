package am

import "github.com/quiredb/quire/core/datum"

// Description is what an access method says about itself.
type Description struct {
	Name      string // the word after USING
	Version   string
	Options   []OptionDef
	OpClasses []OpClass
	Caps      Caps
	Cost      Cost
}

// OptionType is the type of a storage parameter.
type OptionType string

// The types of storage parameters.
const (
	OptionInt  OptionType = "integer"
	OptionReal OptionType = "real"
	OptionBool OptionType = "boolean"
	OptionEnum OptionType = "enum"
	OptionText OptionType = "string"
)

// OptionDef is one storage parameter.
type OptionDef struct {
	Name    string
	Type    OptionType
	Default string
	// Min and Max bound integers and reals, both included.
	Min, Max string
	Values   []string // of an enum
	// PerColumn options exist once for each column, as Name followed by the column's number from 1.
	PerColumn bool
	Help      string
}

// OpClass says which operators an index supports for columns of one type.
type OpClass struct {
	Name      string
	Type      datum.OID
	Operators []string
	// Default is taken when the user names no class for a column of the type.
	Default bool
	// NoReturn says that an entry does not keep the value exactly (1.0 and 1.00 of numeric are one key), so that it
	// cannot be given back in Hit.Values whatever Caps.ReturnKeys says.
	NoReturn bool
}

// Supports reports whether op is among the class's operators.
func (c *OpClass) Supports(op string) bool {
	for _, o := range c.Operators {
		if o == op {
			return true
		}
	}
	return false
}

// Caps says what an access method can do beside finding rows.
type Caps struct {
	Unique      bool
	Ordered     bool // hits come in the order of the columns
	MultiColumn bool
	Backward    bool
	// BitmapOnly methods deliver hits in no useful order, so only a bitmap scan reads them.
	BitmapOnly  bool
	SearchNulls bool // IsNull and IsNotNull are strategies
	AnyEqual    bool // AnyEqual is a strategy wherever "=" is
	ReturnKeys  bool // scans can deliver the values of key columns with each hit
	OrderBy     bool // scans ordered by distance
	// OptionalKey methods answer when the first column has no condition.
	OptionalKey bool
	MaxColumns  int // 0 means no limit of its own
}

// Cost holds the coefficients of a scan's estimate, in units of the planner's cost settings.
type Cost struct {
	StartupPages  float64 // pages read before the first hit
	PagesFraction float64 // part of the index's pages that every scan reads, 0 … 1
	PerPage       float64 // cost of a page read, in sequential pages
	PerTuple      float64 // cost of an entry looked at, in index tuples
	// Lossiness is the part of the rows that do not match and are delivered all the same, to fail the recheck.
	Lossiness float64
}

// OpClassFor returns the operator class by name, or the default class for the type if name is empty, or nil.
func (d *Description) OpClassFor(name string, t datum.OID) *OpClass {
	for i := range d.OpClasses {
		c := &d.OpClasses[i]
		if c.Type == t && (c.Name == name || name == "" && c.Default) {
			return c
		}
	}
	return nil
}
