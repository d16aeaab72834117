package ordkey

import (
	"errors"
	"fmt"
)

// Type OIDs, PostgreSQL's numbers.
const (
	typeBool         uint32 = 16
	typeBytea        uint32 = 17
	typeChar         uint32 = 18
	typeName         uint32 = 19
	typeInt8         uint32 = 20
	typeInt2         uint32 = 21
	typeInt4         uint32 = 23
	typeRegproc      uint32 = 24
	typeText         uint32 = 25
	typeOID          uint32 = 26
	typeNodeTree     uint32 = 194
	typeFloat4       uint32 = 700
	typeFloat8       uint32 = 701
	typeUnknown      uint32 = 705
	typeACLItem      uint32 = 1033
	typeBpchar       uint32 = 1042
	typeVarchar      uint32 = 1043
	typeDate         uint32 = 1082
	typeTimestamp    uint32 = 1114
	typeTimestamptz  uint32 = 1184
	typeInterval     uint32 = 1186
	typeNumeric      uint32 = 1700
	typeRegprocedure uint32 = 2202
	typeRegoper      uint32 = 2203
	typeRegoperator  uint32 = 2204
	typeRegclass     uint32 = 2205
	typeRegtype      uint32 = 2206
	typeVoid         uint32 = 2278
	typeUUID         uint32 = 2950
	typePgLSN        uint32 = 3220
	typeRegnamespace uint32 = 4089
	typeRegrole      uint32 = 4096
)

// Errors of this package; test with errors.Is.
var (
	// ErrType says that the type has no order here.
	ErrType = errors.New("type without an order")
	// ErrValue says that bytes are no value of the type in binary format.
	ErrValue = errors.New("not a value of the type")
	// ErrKey says that bytes are no encoding of the type.
	ErrKey = errors.New("not an encoded key")
)

// A kind is how the values of a type become keys.
type kind struct {
	name string
	// size is the length of the encoding without its first byte; 0 if it varies.
	size int
	// exact says that the value can be had back.
	exact  bool
	encode func(dst, v []byte) ([]byte, error)
	// decode takes the encoding in ascending form, without its first byte.
	decode func(enc []byte) []byte
	// length finds the end of an encoding of varying size; mask is what each byte is to be combined with.
	length func(enc []byte, mask byte) (int, bool)
}

var kinds = map[uint32]*kind{
	typeBool:        {name: "bool", size: 1, exact: true, encode: fixed(1, encodeBool), decode: decodeRaw},
	typeInt2:        {name: "int2", size: 2, exact: true, encode: fixed(2, encodeSigned), decode: decodeSigned},
	typeInt4:        {name: "int4", size: 4, exact: true, encode: fixed(4, encodeSigned), decode: decodeSigned},
	typeInt8:        {name: "int8", size: 8, exact: true, encode: fixed(8, encodeSigned), decode: decodeSigned},
	typeDate:        {name: "date", size: 4, exact: true, encode: fixed(4, encodeSigned), decode: decodeSigned},
	typeTimestamp:   {name: "timestamp", size: 8, exact: true, encode: fixed(8, encodeSigned), decode: decodeSigned},
	typeTimestamptz: {name: "timestamptz", size: 8, exact: true, encode: fixed(8, encodeSigned), decode: decodeSigned},
	typeOID:         {name: "oid", size: 4, exact: true, encode: fixed(4, encodeRaw), decode: decodeRaw},
	typePgLSN:       {name: "pg_lsn", size: 8, exact: true, encode: fixed(8, encodeRaw), decode: decodeRaw},
	typeUUID:        {name: "uuid", size: 16, exact: true, encode: fixed(16, encodeRaw), decode: decodeRaw},
	typeFloat4:      {name: "float4", size: 4, encode: fixed(4, encodeFloat4)},
	typeFloat8:      {name: "float8", size: 8, encode: fixed(8, encodeFloat8)},
	typeInterval:    {name: "interval", size: intervalSize, encode: fixed(16, encodeInterval)},
	typeNumeric:     {name: "numeric", encode: encodeNumeric, length: numericLength},
	typeText:        {name: "text", exact: true, encode: encodeText, decode: decodeText, length: textLength},
	typeVarchar:     {name: "varchar", exact: true, encode: encodeText, decode: decodeText, length: textLength},
	typeName:        {name: "name", exact: true, encode: encodeText, decode: decodeText, length: textLength},
	typeBpchar:      {name: "bpchar", encode: encodeBpchar, length: textLength},
	typeBytea:       {name: "bytea", exact: true, encode: encodeBytea, decode: decodeBytea, length: byteaLength},
}

// Supported reports whether values of the type can be encoded.
func Supported(typ uint32) bool { return kinds[typ] != nil }

// Exact reports whether values are equal only if their bytes are, so that Decode can give them back and whoever looks for equality
// alone may compare or hash bytes. It is not so for 1.0 and 1.00, 24 hours and a day, the two zeros of floats, blanks at the end of a char(n).
func Exact(typ uint32) bool { return kinds[typ] != nil && kinds[typ].exact }

func kindOf(typ uint32) (*kind, error) {
	k := kinds[typ]
	if k == nil {
		return nil, fmt.Errorf("%w: OID %d", ErrType, typ)
	}
	return k, nil
}
