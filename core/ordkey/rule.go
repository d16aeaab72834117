package ordkey

// A Rule is how the values of a type compare.
type Rule uint8

// The rules. Each has a function that compares two values; in brackets what of a value it takes.
const (
	// Signed: CompareSigned (int64). Dates and timestamps are such numbers, with their infinities at the ends.
	Signed Rule = iota + 1
	// Unsigned: CompareUnsigned (uint64).
	Unsigned
	// Float: CompareFloat (float64).
	Float
	// Text: CompareText, by bytes. Also what has no characters and the like: bytea, uuid.
	Text
	// Blanked: CompareText after TrimBlanks.
	Blanked
	// Interval: Span.Compare (SpanOf).
	Interval
	// Numeric: CompareNumbers (Number).
	Numeric
)

// rules has every type that is no array. Arrays compare by CompareArrays, and vectors by CompareVectors, with the rule of their elements.
var rules = map[uint32]Rule{
	typeBool: Signed, typeInt2: Signed, typeInt4: Signed, typeInt8: Signed,
	typeDate: Signed, typeTimestamp: Signed, typeTimestamptz: Signed,
	typeChar: Unsigned, typeOID: Unsigned, typePgLSN: Unsigned,
	typeRegproc: Unsigned, typeRegprocedure: Unsigned, typeRegoper: Unsigned, typeRegoperator: Unsigned, typeRegclass: Unsigned,
	typeRegtype: Unsigned, typeRegnamespace: Unsigned, typeRegrole: Unsigned,
	typeFloat4: Float, typeFloat8: Float,
	typeText: Text, typeVarchar: Text, typeName: Text, typeUnknown: Text, typeBytea: Text, typeUUID: Text,
	typeNodeTree: Text, typeACLItem: Text, typeVoid: Text,
	typeBpchar:   Blanked,
	typeInterval: Interval,
	typeNumeric:  Numeric,
}

// RuleOf returns the rule of a type, and zero for an array or a type that is not known.
func RuleOf(typ uint32) Rule { return rules[typ] }
