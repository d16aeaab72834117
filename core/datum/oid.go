package datum

// OID is an object identifier. Types have PostgreSQL's.
type OID uint32

// The OIDs of the types this package knows.
const (
	Bool         OID = 16
	Bytea        OID = 17
	Char         OID = 18 // "char", one byte
	Name         OID = 19
	Int8         OID = 20
	Int2         OID = 21
	Int2Vector   OID = 22
	Int4         OID = 23
	Regproc      OID = 24
	Text         OID = 25
	OIDType      OID = 26
	OIDVector    OID = 30
	NodeTree     OID = 194 // pg_node_tree: an expression of a definition, as text
	Float4       OID = 700
	Float8       OID = 701
	Unknown      OID = 705
	ACLItem      OID = 1033
	BPChar       OID = 1042 // char(n)
	Varchar      OID = 1043
	Date         OID = 1082
	Timestamp    OID = 1114
	Timestamptz  OID = 1184
	Interval     OID = 1186
	Numeric      OID = 1700
	Regprocedure OID = 2202
	Regoper      OID = 2203
	Regoperator  OID = 2204
	Regclass     OID = 2205
	Regtype      OID = 2206
	Void         OID = 2278
	UUID         OID = 2950
	PgLSN        OID = 3220
	Regnamespace OID = 4089
	Regrole      OID = 4096
)

// oidSpace is the size of tables by OID of a type, a power of two above them all.
const oidSpace = 1 << 13
