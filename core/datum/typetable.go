package datum

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/ordkey"
)

func formatNothing(_ *Env, dst []byte, _ Datum) []byte { return dst }

func buildTypes() []*TypeInfo {
	text := TypeInfo{Len: -1, Category: 'S', parse: parseText, format: formatText, receive: receiveText, send: sendText}
	number := TypeInfo{Category: 'N', format: formatInt}
	oid := number
	oid.Len, oid.parse, oid.receive, oid.send = 4, parseOID, receiveOID, sendInt4
	float := TypeInfo{Category: 'N'}
	instant := TypeInfo{Len: 8, Category: 'D', receive: receiveTimestamp, send: sendInt8}
	bytes := text
	bytes.Category = 'U'

	var list []*TypeInfo
	add := func(t TypeInfo, oid OID, name, sqlName string, array OID, set func(t *TypeInfo)) {
		t.OID, t.Name, t.SQLName, t.Array, t.ordering = oid, name, sqlName, array, orderings[ordkey.RuleOf(uint32(oid))]
		if set != nil {
			set(&t)
		}
		list = append(list, &t)
	}
	add(TypeInfo{Len: 1, Category: 'B', Preferred: true, parse: parseBool, format: formatBool, receive: receiveBool, send: sendBool}, Bool, "bool", "boolean", 1000, nil)
	add(bytes, Bytea, "bytea", "bytea", 1001, func(t *TypeInfo) {
		t.parse, t.format, t.receive = parseBytea, formatBytea, receiveBytea
	})
	add(number, Char, "char", "\"char\"", 1002, func(t *TypeInfo) {
		t.Len, t.Category, t.parse, t.format, t.receive, t.send = 1, 'Z', parseChar, formatChar, receiveChar, sendChar
	})
	add(text, Name, "name", "name", 1003, func(t *TypeInfo) { t.parse, t.receive = parseName, receiveName })
	add(number, Int8, "int8", "bigint", 1016, func(t *TypeInfo) {
		t.Len, t.receive, t.send = 8, receiveInt(8), sendInt8
		t.parse = parseIntType("bigint", math.MinInt64, math.MaxInt64)
	})
	add(number, Int2, "int2", "smallint", 1005, func(t *TypeInfo) {
		t.Len, t.receive, t.send = 2, receiveInt(2), sendInt2
		t.parse = parseIntType("smallint", math.MinInt16, math.MaxInt16)
	})
	add(number, Int4, "int4", "integer", 1007, func(t *TypeInfo) {
		t.Len, t.receive, t.send = 4, receiveInt(4), sendInt4
		t.parse = parseIntType("integer", math.MinInt32, math.MaxInt32)
	})
	add(text, Text, "text", "text", 1009, func(t *TypeInfo) { t.Preferred = true })
	add(oid, OIDType, "oid", "oid", 1028, func(t *TypeInfo) { t.Preferred = true })
	add(float, Float4, "float4", "real", 1021, func(t *TypeInfo) {
		t.Len, t.parse, t.format = 4, parseFloatType("real", 32), formatFloatType(32, 6)
		t.receive, t.send = receiveFloat4, sendFloat4
	})
	add(float, Float8, "float8", "double precision", 1022, func(t *TypeInfo) {
		t.Len, t.parse, t.format = 8, parseFloatType("double precision", 64), formatFloatType(64, 15)
		t.receive, t.send, t.Preferred = receiveInt(8), sendInt8, true
	})
	add(text, Unknown, "unknown", "unknown", 0, func(t *TypeInfo) { t.Category = 'X' })
	add(text, Varchar, "varchar", "character varying", 1015, func(t *TypeInfo) { t.parse = parseVarchar })
	add(text, BPChar, "bpchar", "character", 1014, func(t *TypeInfo) {
		t.parse = parseBPChar
	})
	add(instant, Date, "date", "date", 1182, func(t *TypeInfo) {
		t.Len, t.parse, t.format, t.receive, t.send = 4, parseDate, formatDate, receiveDate, sendInt4
	})
	add(instant, Timestamp, "timestamp", "timestamp without time zone", 1115, func(t *TypeInfo) {
		t.parse, t.format = parseTimestamp, formatTimestamp
	})
	add(instant, Timestamptz, "timestamptz", "timestamp with time zone", 1185, func(t *TypeInfo) {
		t.parse, t.format, t.Preferred = parseTimestamptz, formatTimestamptz, true
	})
	add(bytes, Interval, "interval", "interval", 1187, func(t *TypeInfo) {
		t.Len, t.Category, t.Preferred = 16, 'T', true
		t.parse, t.format, t.receive = parseInterval, formatInterval, receiveInterval
	})
	add(bytes, Numeric, "numeric", "numeric", 1231, func(t *TypeInfo) {
		t.Category, t.parse, t.format, t.receive, t.send = 'N', parseNumeric, formatNumeric, receiveNumeric, sendNumeric
	})
	for _, r := range regTypes {
		add(oid, r.oid, r.name, r.name, r.array, func(t *TypeInfo) {
			if r.oid != Regtype { // by init
				t.parse, t.format = parseObject(r.oid), formatObject(r.oid)
			}
		})
	}
	add(text, NodeTree, "pg_node_tree", "pg_node_tree", 0, func(t *TypeInfo) { t.Category = 'Z' })
	add(text, ACLItem, "aclitem", "aclitem", 1034, func(t *TypeInfo) { t.Category = 'U' })
	add(text, Void, "void", "void", 0, func(t *TypeInfo) {
		t.Len, t.Category, t.format, t.send = 0, 'P', formatNothing, func(dst []byte, _ Datum) []byte { return dst }
	})
	add(bytes, UUID, "uuid", "uuid", 2951, func(t *TypeInfo) {
		t.Len, t.parse, t.format, t.receive = 16, parseUUID, formatUUID, receiveUUID
	})
	add(number, PgLSN, "pg_lsn", "pg_lsn", 3221, func(t *TypeInfo) {
		t.Len, t.Category, t.parse, t.format = 8, 'U', parseLSN, formatLSN
		t.receive, t.send = receiveInt(8), sendInt8
	})
	for _, t := range list {
		if t.Array != 0 {
			list = append(list, arrayType(t))
		}
	}
	for _, v := range []struct{ oid, elem, array OID }{{Int2Vector, Int2, 1006}, {OIDVector, OIDType, 1013}} {
		t := vectorType(v.oid, find(list, v.elem))
		t.Array = v.array
		list = append(list, t, arrayType(t))
	}
	slices.SortFunc(list, func(a, b *TypeInfo) int { return int(a.OID) - int(b.OID) })
	return list
}

func find(list []*TypeInfo, oid OID) *TypeInfo {
	return list[slices.IndexFunc(list, func(t *TypeInfo) bool { return t.OID == oid })]
}
