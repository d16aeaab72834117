package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// Value is a column's value in PostgreSQL's binary format; nil is NULL. An empty, not nil Value is an empty string.
type Value []byte

// IsNull reports whether the value is NULL.
func (v Value) IsNull() bool { return v == nil }

// Type OIDs, PostgreSQL's numbers.
const (
	TypeBool        uint32 = 16
	TypeBytea       uint32 = 17
	TypeInt8        uint32 = 20
	TypeInt2        uint32 = 21
	TypeInt4        uint32 = 23
	TypeText        uint32 = 25
	TypeOID         uint32 = 26
	TypeFloat4      uint32 = 700
	TypeFloat8      uint32 = 701
	TypeVarchar     uint32 = 1043
	TypeDate        uint32 = 1082
	TypeTimestamp   uint32 = 1114
	TypeTimestamptz uint32 = 1184
	TypeNumeric     uint32 = 1700
	TypeUUID        uint32 = 2950
	TypePgLSN       uint32 = 3220
)

// pgEpoch is PostgreSQL's day zero.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// fixed checks the length of a value of a fixed-length type.
func fixed(v Value, n int, typ string) error {
	if v == nil {
		return fmt.Errorf("%w: NULL where %s was expected; test IsNull first", ErrInvalidValue, typ)
	}
	if len(v) != n {
		return fmt.Errorf("%w: %s of %d bytes, it has %d", ErrInvalidValue, typ, len(v), n)
	}
	return nil
}

// Bool decodes a bool.
func Bool(v Value) (bool, error) {
	if err := fixed(v, 1, "bool"); err != nil {
		return false, err
	}
	return v[0] != 0, nil
}

// Int2 decodes an int2.
func Int2(v Value) (int16, error) {
	if err := fixed(v, 2, "int2"); err != nil {
		return 0, err
	}
	return int16(binary.BigEndian.Uint16(v)), nil
}

// Int4 decodes an int4.
func Int4(v Value) (int32, error) {
	if err := fixed(v, 4, "int4"); err != nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(v)), nil
}

// Int8 decodes an int8.
func Int8(v Value) (int64, error) {
	if err := fixed(v, 8, "int8"); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

// Float4 decodes a float4.
func Float4(v Value) (float32, error) {
	if err := fixed(v, 4, "float4"); err != nil {
		return 0, err
	}
	return math.Float32frombits(binary.BigEndian.Uint32(v)), nil
}

// Float8 decodes a float8.
func Float8(v Value) (float64, error) {
	if err := fixed(v, 8, "float8"); err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(v)), nil
}

// Date decodes a date.
func Date(v Value) (time.Time, error) {
	days, err := Int4(v)
	if err != nil {
		return time.Time{}, fmt.Errorf("date: %w", err)
	}
	return pgEpoch.AddDate(0, 0, int(days)), nil
}

// Timestamptz decodes a timestamptz or a timestamp.
func Timestamptz(v Value) (time.Time, error) {
	us, err := Int8(v)
	if err != nil {
		return time.Time{}, fmt.Errorf("timestamptz: %w", err)
	}
	return time.UnixMicro(pgEpoch.UnixMicro() + us).UTC(), nil
}

// UUID decodes a uuid.
func UUID(v Value) (id [16]byte, err error) {
	if err := fixed(v, 16, "uuid"); err != nil {
		return id, err
	}
	copy(id[:], v)
	return id, nil
}

// Text decodes a text or varchar.
func Text(v Value) (string, error) {
	if v == nil {
		return "", fmt.Errorf("%w: NULL where text was expected; test IsNull first", ErrInvalidValue)
	}
	return string(v), nil
}

// OfBool encodes a bool.
func OfBool(b bool) Value {
	if b {
		return Value{1}
	}
	return Value{0}
}

// OfInt2 encodes an int2.
func OfInt2(i int16) Value { return binary.BigEndian.AppendUint16(nil, uint16(i)) }

// OfInt4 encodes an int4.
func OfInt4(i int32) Value { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

// OfInt8 encodes an int8.
func OfInt8(i int64) Value { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

// OfFloat8 encodes a float8.
func OfFloat8(f float64) Value { return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)) }

// OfText encodes a text.
func OfText(s string) Value { return append(Value{}, s...) }

// OfTimestamptz encodes a timestamptz.
func OfTimestamptz(t time.Time) Value { return OfInt8(t.UnixMicro() - pgEpoch.UnixMicro()) }
