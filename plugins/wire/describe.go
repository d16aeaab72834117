package wire

import "github.com/quiredb/quire/core/page"

// Description is what an access method says of itself.
type Description struct {
	Name    string // as in CREATE INDEX ... USING name
	Version string // of the access method, free text
	Summary string // one line for people
	SDK     string // what it was built with; the SDK fills it in
	Lookups uint32 // how many lookups a call may carry, 0 for none; the SDK fills it in
	Lanes   string // socket that takes lanes in shared memory; the SDK fills it in
	Options []OptionDef
	Classes []OpClass
	Caps    Capabilities
	Cost    Cost
}

// OptionType is the type of an index option.
type OptionType string

// The types an index option can have. All travel as text.
const (
	OptionInt    OptionType = "int"
	OptionReal   OptionType = "real"
	OptionBool   OptionType = "bool"
	OptionEnum   OptionType = "enum"
	OptionString OptionType = "string"
)

// OptionDef declares an option of CREATE INDEX ... WITH (name = value). The host checks type and range before the
// access method hears of it, and fills in the default.
type OptionDef struct {
	Name      string
	Type      OptionType
	Default   string // "" = the option is absent unless written
	Min, Max  float64
	PerColumn bool     // written name1, name2, ... for the columns of the index
	Values    []string // of an enum
	Help      string
}

// OpClass says which operators the access method can answer for a type.
type OpClass struct {
	Name      string
	Type      uint32 // type OID
	Operators []string
	Default   bool
	NoReturn  bool // entries do not keep the value exactly, so it cannot be returned
}

// Capabilities are what an access method can do beyond equality on one column.
type Capabilities struct {
	Unique           bool
	Ordered          bool // scans come in the order of the key
	Backward         bool // ordered scans run backwards too
	BitmapOnly       bool // hits come in no useful order: the host collects them in a bitmap
	SearchNulls      bool // answers IS NULL
	OrderByDistance  bool
	OptionalFirstKey bool // a condition on any column alone is of use
	AnyEqual         bool // answers AnyEqual wherever it answers "="
	ReturnKeys       bool // hits can carry the values of key columns
	Spans            bool // lookups can be answered with a Span; "=" is equality of core/ordkey's encodings
	MaxColumns       int  // 1 = a single column only
}

// Cost are the coefficients of the planner's estimate, in PostgreSQL's units (one page read in sequence = 1).
type Cost struct {
	StartupPages   float64 // pages read before the first hit
	PageFraction   float64 // share of all index pages that a scan reads, 0..1
	PerPage        float64 // for each page read
	PerTuple       float64 // for each index entry looked at
	FalsePositives float64 // share of the table's rows reported although they do not match
}

// Column is a column of an index.
type Column struct {
	Name       string
	Type       uint32 // type OID
	OpClass    string
	Descending bool
	NullsFirst bool
}

// IndexInfo is what a call is told about its index.
type IndexInfo struct {
	OID      uint32
	Name     string
	Rel      page.RelFileNumber // the file it lives in; a rebuilt index has another
	Columns  []Column
	Options  map[string]string // checked, with defaults
	Unique   bool
	Unlogged bool
}

// ScanKey is a condition "column operator argument". The operators IsNull and IsNotNull have no argument.
type ScanKey struct {
	Column   int // from 0
	Operator string
	Arg      Value
	Args     []Value // of AnyEqual: not NULL, ascending in the order of the type, all different
}

// Operators of a ScanKey that are none of SQL's. IsNull and IsNotNull have no argument, AnyEqual has a list.
const (
	IsNull    = "IS NULL"
	IsNotNull = "IS NOT NULL"
	AnyEqual  = "= ANY"
)

// Scan is what a scan is to find and how. The keys must all hold; no key at all asks for every row.
type Scan struct {
	Keys     []ScanKey
	Backward bool  // ordered methods: deliver the hits in reverse
	Return   []int // columns whose values go with each hit; nil = none
	Limit    int64 // hits that will probably be wanted, 0 = all; a hint, more must come if they are asked for
}

// BuildStats is what a build did.
type BuildStats struct {
	HeapTuples  float64 // rows that came in
	IndexTuples float64 // entries made
}

// BulkDeleteStats is what removing dead rows did.
type BulkDeleteStats struct {
	Pages       uint64  // length of the index
	TuplesLeft  float64 // entries that remain
	Removed     float64
	PagesFreed  uint64 // given back in this call
	PagesUnused uint64 // free in all
}

// CleanupStats is what the last step of a vacuum found.
type CleanupStats struct {
	Pages       uint64
	Tuples      float64
	PagesFreed  uint64
	PagesUnused uint64
}
