package datum

import (
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// The reg types are OIDs that read and print as names of objects. What exists, and how a type is spelled, is the session's to say, by
// Env.Object and Env.ObjectName; the names of types alone are known here.

// regTypes are the types whose values are OIDs of objects.
var regTypes = []struct {
	oid, array OID
	name       string
}{
	{Regproc, 1008, "regproc"}, {Regprocedure, 2207, "regprocedure"}, {Regoper, 2208, "regoper"}, {Regoperator, 2209, "regoperator"},
	{Regclass, 2210, "regclass"}, {Regtype, 2211, "regtype"}, {Regrole, 4097, "regrole"}, {Regnamespace, 4090, "regnamespace"},
}

// RegTypes returns the types whose values are OIDs of objects.
func RegTypes() []OID {
	var out []OID
	for _, t := range regTypes {
		out = append(out, t.oid)
	}
	return out
}

// parseObject reads the name of an object, or its number. A dash is zero, but for operators, of which it is one.
func parseObject(kind OID) func(env *Env, s string, _ int32) (Datum, error) {
	return func(env *Env, s string, _ int32) (Datum, error) {
		operator := kind == Regoper || kind == Regoperator
		switch {
		case s == "-" && !operator || s == "0" && operator:
			return Datum{}, nil
		case s != "" && strings.Trim(s, "0123456789") == "":
			return parseOID(env, s, -1)
		case env.Object == nil:
			return Datum{}, pgerr.New(pgerr.UndefinedObject, "\"%s\" does not exist: there is no catalog to find it in", s)
		}
		oid, err := env.Object(kind, s)
		return Datum{I: int64(oid)}, err
	}
}

// formatObject prints the name of an object, or the number of one that does not exist.
func formatObject(kind OID) func(env *Env, dst []byte, d Datum) []byte {
	return func(env *Env, dst []byte, d Datum) []byte {
		switch {
		case d.I == 0 && (kind == Regoper || kind == Regoperator):
			return append(dst, '0')
		case d.I == 0:
			return append(dst, '-')
		case env.ObjectName != nil:
			if name, ok := env.ObjectName(kind, OID(d.I)); ok {
				return append(dst, name...)
			}
		}
		return formatInt(env, dst, d)
	}
}

// A regtype is printed through the table of types itself, which must be complete by then, and read through it where there is no session.
func init() {
	t := MustLookup(Regtype)
	t.parse, t.format = parseRegtype, formatRegtype
}

func parseRegtype(env *Env, s string, _ int32) (Datum, error) {
	if s == "-" {
		return Datum{}, nil
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return parseOID(env, s, -1)
	}
	if env.Object != nil {
		oid, err := env.Object(Regtype, s)
		return Datum{I: int64(oid)}, err
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
