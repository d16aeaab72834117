package datum

import "github.com/quiredb/quire/core/pgerr"

// A regtype is read and printed through the table of types itself, which must be complete by then.
func init() {
	t := MustLookup(Regtype)
	t.parse, t.format = parseRegtype, formatRegtype
}

// parseRegtype reads the name of a type, or its number. A dash is zero.
func parseRegtype(env *Env, s string, _ int32) (Datum, error) {
	if s == "-" {
		return Datum{}, nil
	}
	if s != "" && isDigit(s[0]) {
		return parseOID(env, s, -1)
	}
	t, err := ParseType(s)
	if err != nil {
		return Datum{}, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", s)
	}
	return Datum{I: int64(t.OID)}, nil
}

func formatRegtype(env *Env, dst []byte, d Datum) []byte {
	if d.I == 0 {
		return append(dst, '-')
	}
	if info := Lookup(OID(d.I)); info != nil {
		return append(dst, info.SQLName...)
	}
	return formatInt(env, dst, d)
}
