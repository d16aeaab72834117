package datum

// OID is an object identifier. Types have PostgreSQL's.
type OID uint32

// The OIDs of the types this package knows.
const (
	Bool        OID = 16
	Bytea       OID = 17
	Char        OID = 18 // "char", one byte
	Name        OID = 19
	Int8        OID = 20
	Int2        OID = 21
	Int4        OID = 23
	Text        OID = 25
	OIDType     OID = 26
	Float4      OID = 700
	Float8      OID = 701
	Unknown     OID = 705
	Varchar     OID = 1043
	Date        OID = 1082
	Timestamp   OID = 1114
	Timestamptz OID = 1184
	Interval    OID = 1186
	Numeric     OID = 1700
	Regclass    OID = 2205
	Regtype     OID = 2206
	Void        OID = 2278
	UUID        OID = 2950
	PgLSN       OID = 3220
)
