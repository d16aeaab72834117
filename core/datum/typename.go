package datum

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// maxVarchar is the largest n of varchar(n) and char(n).
const maxVarchar = 10_485_760

// aliases maps the spellings of a type, pg_catalog's and the standard's, to its OID.
var aliases = map[string]OID{
	"boolean": Bool, "int": Int4, "integer": Int4, "bigint": Int8, "smallint": Int2, "real": Float4, "float": Float8,
	"double precision": Float8, "decimal": Numeric, "dec": Numeric, "character varying": Varchar, "character": BPChar,
	"timestamp with time zone": Timestamptz, "timestamp without time zone": Timestamp,
}

var byName = func() map[string]*TypeInfo {
	m := map[string]*TypeInfo{}
	for _, t := range types {
		m[t.Name] = t
	}
	for name, oid := range aliases {
		m[name] = Lookup(oid)
	}
	return m
}()

// LookupName returns the type called name, in lower case, or nil. "char" is the one-byte type here.
func LookupName(name string) *TypeInfo {
	name = strings.TrimPrefix(name, "pg_catalog.")
	if element, ok := strings.CutSuffix(name, "[]"); ok {
		if t := byName[element]; t != nil && t.Array != 0 {
			return Lookup(t.Array)
		}
		return nil
	}
	return byName[name]
}

// NewType makes a type from a name and its arguments in parentheses, as the grammar gives them: varchar and 20.
func NewType(name string, args ...int32) (Type, error) {
	info := LookupName(name)
	if info == nil {
		return Type{}, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	}
	mod, err := info.Modifier(args...)
	return Type{OID: info.OID, Mod: mod}, err
}

// ParseType reads a type as a user writes it, such as "varchar(20)" or "timestamp(3) with time zone".
func ParseType(s string) (Type, error) {
	name, rest, found := strings.Cut(strings.ToLower(trimSpace(s)), "(")
	if !found {
		name = standardChar(trimSpace(name))
		if strings.TrimSuffix(name, "[]") == "character" { // without a length it is 1
			return NewType(name, 1)
		}
		return NewType(strings.ReplaceAll(name, "\"", ""))
	}
	inside, tail, closed := strings.Cut(rest, ")")
	if !closed {
		return Type{}, pgerr.New(pgerr.SyntaxError, "type \"%s\" lacks a closing parenthesis", s)
	}
	var args []int32
	for _, part := range strings.Split(inside, ",") {
		v, syntax, overflow := scanInt(part)
		if syntax || overflow || v != int64(int32(v)) {
			return Type{}, pgerr.New(pgerr.SyntaxError, "type modifier \"%s\" is not a number", trimSpace(part))
		}
		args = append(args, int32(v))
	}
	name = standardChar(trimSpace(name))
	switch tail = trimSpace(tail); {
	case tail == "[]":
		name += tail
	case tail != "":
		name += " " + tail
	}
	return NewType(name, args...)
}

// standardChar gives the standard's char the name that only it has: in quotes it is the type of one byte.
func standardChar(name string) string {
	switch name {
	case "char":
		return "character"
	case "char[]":
		return "character[]"
	}
	return name
}

// Modifier checks the arguments in parentheses and packs them as PostgreSQL does. Without arguments it returns -1.
func (t *TypeInfo) Modifier(args ...int32) (int32, error) {
	if len(args) == 0 {
		return -1, nil
	}
	bad := func(format string, a ...any) (int32, error) {
		return 0, pgerr.New(pgerr.InvalidParameterValue, format, a...)
	}
	if t.Category == 'A' {
		return MustLookup(t.Elem).Modifier(args...)
	}
	switch t.OID {
	case Varchar, BPChar:
		name := map[OID]string{Varchar: "varchar", BPChar: "char"}[t.OID]
		switch {
		case len(args) != 1:
			return bad("invalid type modifier")
		case args[0] < 1:
			return bad("length for type %s must be at least 1", name)
		case args[0] > maxVarchar:
			return bad("length for type %s cannot exceed %d", name, maxVarchar)
		}
		return args[0] + 4, nil
	case Timestamp, Timestamptz, Interval:
		switch {
		case len(args) != 1:
			return bad("invalid type modifier")
		case args[0] < 0:
			return bad("%s(%d) precision must not be negative", strings.ToUpper(t.Name), args[0])
		case args[0] == 0:
			return ModPrecisionZero, nil
		}
		return min(args[0], 6), nil
	case Numeric:
		scale := int32(0)
		if len(args) == 2 {
			scale = args[1]
		}
		switch {
		case len(args) > 2:
			return bad("invalid NUMERIC type modifier")
		case args[0] < 1 || args[0] > 1000:
			return bad("NUMERIC precision %d must be between 1 and 1000", args[0])
		case scale < -1000 || scale > 1000:
			return bad("NUMERIC scale %d must be between -1000 and 1000", scale)
		}
		return (args[0]<<16 | scale&0x7ff) + 4, nil
	}
	return 0, pgerr.New(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", t.Name)
}

// WireMod returns the modifier as PostgreSQL's protocol and catalogs show it.
func (t Type) WireMod() int32 {
	switch t.Mod {
	case 0:
		return -1
	case ModPrecisionZero:
		return 0
	}
	return t.Mod
}

// String returns what format_type does: "character varying(20)", "integer".
func (t Type) String() string {
	info := Lookup(t.OID)
	if info == nil {
		return fmt.Sprintf("type %d", t.OID)
	}
	mod := t.WireMod()
	switch {
	case mod < 0 && t.OID == BPChar: // character alone means character(1)
		return info.Name
	case mod < 0 && info.Elem == BPChar:
		return "bpchar[]"
	case mod < 0:
		return info.SQLName
	case info.Category == 'A' && info.Elem != 0:
		return Type{OID: info.Elem, Mod: t.Mod}.String() + "[]"
	}
	switch t.OID {
	case Varchar, BPChar:
		return fmt.Sprintf("%s(%d)", info.SQLName, mod-4)
	case Numeric:
		precision, scale := numericModifier(t.Mod)
		return fmt.Sprintf("%s(%d,%d)", info.SQLName, precision, scale)
	case Timestamp, Timestamptz:
		return strings.Replace(info.SQLName, "timestamp", fmt.Sprintf("timestamp(%d)", mod), 1)
	case Interval:
		return fmt.Sprintf("%s(%d)", info.SQLName, mod)
	}
	return info.SQLName
}

// FitModifier applies a modifier to a value of the type. An explicit cast cuts a text that is too long; an assignment
// refuses it (22001).
func (t *TypeInfo) FitModifier(d Datum, mod int32, explicit bool) (Datum, error) {
	if d.Null || mod == -1 || mod == 0 {
		return d, nil
	}
	if t.Elem != 0 && t.Category == 'A' {
		return fitElements(MustLookup(t.Elem), d, mod, explicit)
	}
	switch t.OID {
	case Varchar:
		return fitVarchar(d, mod, explicit)
	case BPChar:
		return fitBPChar(d, mod, explicit)
	case Numeric:
		return fitNumeric(d, mod)
	case Timestamp, Timestamptz:
		if d.I != TimestampInfinity && d.I != TimestampNegInfinity {
			d.I = roundTimestamp(d.I, mod)
		}
	case Interval:
		v := d.Interval()
		v.Micros = roundTimestamp(v.Micros, mod)
		return NewInterval(v), nil
	}
	return d, nil
}
