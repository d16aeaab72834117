package datum

import (
	"slices"
)

// Type is a type with its modifier.
type Type struct {
	OID OID
	// Mod is PostgreSQL's type modifier: n+4 for varchar(n) and char(n), ((p<<16)|(s&0x7ff))+4 for numeric(p,s), p for
	// timestamp(p) and interval(p). Both -1 and 0 mean none; a precision of zero is ModPrecisionZero.
	Mod int32
}

// TypeInfo says how values of a type are read, written and compared. It is never changed.
type TypeInfo struct {
	OID OID
	// Name is the name in pg_type; SQLName the one that error messages and format_type use.
	Name    string
	SQLName string
	// Len is the size in a row: a number of bytes, or -1 for a length-prefixed value.
	Len int16
	// Category is pg_type.typcategory, and Preferred pg_type.typispreferred: what overload resolution goes by.
	Category  byte
	Preferred bool
	// Array is the OID of the array type, zero if there is none.
	Array OID
	// Elem is the type of an array's elements, zero for types that are not arrays.
	Elem OID

	parse   func(env *Env, s string, mod int32) (Datum, error)
	format  func(env *Env, dst []byte, d Datum) []byte
	receive func(b []byte) (Datum, error)
	send    func(dst []byte, d Datum) []byte
	ordering
}

// ParseText reads a value in PostgreSQL's text format under the default environment (UTC), and applies the modifier
// as an assignment does.
func (t *TypeInfo) ParseText(s string, mod int32) (Datum, error) { return t.parse(defaultEnv, s, mod) }

// ParseTextIn reads a value in text format with a session's settings. A nil env is the default one.
func (t *TypeInfo) ParseTextIn(env *Env, s string, mod int32) (Datum, error) {
	return t.parse(env.orDefault(), s, mod)
}

// AppendText appends the text format of a value that is not null, under the default environment.
func (t *TypeInfo) AppendText(dst []byte, d Datum) []byte { return t.format(defaultEnv, dst, d) }

// AppendTextIn appends the text format of a value that is not null with a session's settings.
func (t *TypeInfo) AppendTextIn(env *Env, dst []byte, d Datum) []byte {
	return t.format(env.orDefault(), dst, d)
}

// ParseBinary reads a value in PostgreSQL's binary format. The datum does not alias b.
func (t *TypeInfo) ParseBinary(b []byte) (Datum, error) { return t.receive(b) }

// AppendBinary appends the binary format of a value that is not null, without a length word.
func (t *TypeInfo) AppendBinary(dst []byte, d Datum) []byte { return t.send(dst, d) }

// String returns the text format of d under the default environment, and "NULL" for a null.
func (t *TypeInfo) String(d Datum) string {
	if d.Null {
		return "NULL"
	}
	return string(t.AppendText(nil, d))
}

// Compare orders two values that are not null, by the type's rule in core/ordkey: negative, zero or positive.
func (t *TypeInfo) Compare(a, b Datum) int { return t.compare(a, b) }

// Hash returns a hash that is equal for values that Compare as equal. Integers of all widths share one hash, and so do
// the two float types and the string types.
func (t *TypeInfo) Hash(d Datum) uint64 { return t.hash(d) }

// IsString reports whether S holds characters.
func (t *TypeInfo) IsString() bool { return t.Category == 'S' || t.OID == Unknown }

// IsInteger reports whether the type is int2, int4 or int8.
func (t *TypeInfo) IsInteger() bool { return t.OID == Int2 || t.OID == Int4 || t.OID == Int8 }

// types is filled once by package initialisation, sorted by OID.
var types = buildTypes()

var byOID = func() (table [oidSpace]*TypeInfo) {
	for _, t := range types {
		table[t.OID] = t
	}
	return table
}()

// Lookup returns the type with this OID, or nil.
func Lookup(oid OID) *TypeInfo {
	if oid >= OID(len(byOID)) {
		return nil
	}
	return byOID[oid]
}

// MustLookup is Lookup for an OID that is known to exist; it panics otherwise.
func MustLookup(oid OID) *TypeInfo {
	t := Lookup(oid)
	if t == nil {
		panic("datum: no such type")
	}
	return t
}

// Types returns all types in ascending order of OID.
func Types() []*TypeInfo { return slices.Clone(types) }
