package datum

import (
	"math"
	"unsafe"
)

// Datum is one value of some type; the type is known from elsewhere. Which field holds the value follows from the type:
//
//	bool, int2, int4, int8, oid, reg types, "char"  I (bool as 0 and 1)
//	date                                            I, days since 2000-01-01
//	timestamp, timestamptz                          I, microseconds since 2000-01-01
//	pg_lsn                                          I, as an unsigned number
//	float4, float8                                  I, the bits of a float64 (a float4 is widened)
//	text, varchar, char(n), name, unknown           S, char(n) with its blanks
//	bytea, uuid, numeric, interval                  S, as bytes
//
// By D1 a null datum has both fields zero.
type Datum struct {
	S    string
	I    int64
	Null bool
}

// NewNull returns SQL's NULL.
func NewNull() Datum { return Datum{Null: true} }

// NewBool returns a bool.
func NewBool(b bool) Datum {
	if b {
		return Datum{I: 1}
	}
	return Datum{}
}

// NewInt returns an integer of any width, an oid, a date, a timestamp or a "char", whose value is i.
func NewInt(i int64) Datum { return Datum{I: i} }

// NewFloat returns a float8, or a float4 if f has been rounded to one.
func NewFloat(f float64) Datum { return Datum{I: int64(math.Float64bits(f))} }

// NewText returns a text, varchar, name or unknown.
func NewText(s string) Datum { return Datum{S: s} }

// NewBytes returns a bytea, uuid, numeric or interval made of a copy of b.
func NewBytes(b []byte) Datum { return Datum{S: string(b)} }

// NewLSN returns a pg_lsn.
func NewLSN(lsn uint64) Datum { return Datum{I: int64(lsn)} }

// Bool returns the value of a bool.
func (d Datum) Bool() bool { return d.I != 0 }

// Float returns the value of a float8 or float4.
func (d Datum) Float() float64 { return math.Float64frombits(uint64(d.I)) }

// LSN returns the value of a pg_lsn.
func (d Datum) LSN() uint64 { return uint64(d.I) }

// Bytes returns S as bytes without copying. They must not be changed.
func (d Datum) Bytes() []byte { return unsafe.Slice(unsafe.StringData(d.S), len(d.S)) }

// Clone returns d with S copied, for a value that must outlive the page or message it aliases.
func (d Datum) Clone() Datum {
	if len(d.S) > 0 {
		d.S = string(d.Bytes())
	}
	return d
}

// alias returns b as a string without copying.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
