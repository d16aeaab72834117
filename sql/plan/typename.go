package plan

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/parse"
)

// database is the name of the one there is.
const database = "postgres"

// TypeOf resolves a type name outside of a query, for column definitions.
func TypeOf(env *Env, query string, n *pg_query.TypeName) (datum.Type, error) {
	return newAnalyzer(env, query, nil).typeName(n)
}

// ParseType reads the name of a type as a value of type regtype has it: what the grammar takes for one and nothing else. Its errors have
// no position, since that would be one within the value.
func ParseType(text string) (datum.OID, error) {
	invalid := func() error { return pgerr.New(pgerr.SyntaxError, `invalid type name "%s"`, text) }
	if strings.Trim(text, " \t\n\r\f\v") == "" {
		return 0, invalid()
	}
	// COMMENT ON TYPE takes any type, and one word must follow it.
	const before, after = "COMMENT ON TYPE ", "\nIS NULL"
	statements, err := parse.Parse(before + text + after)
	if err == nil && len(statements) > 1 {
		err = pgerr.New(pgerr.SyntaxError, `syntax error at or near "IS"`)
	}
	if err != nil {
		e := *pgerr.From(err)
		if e.Position > len([]rune(before+text)) {
			e.Message = "syntax error at end of input"
		}
		e.Message, e.Position = strings.Replace(e.Message, after, "", 1), 0
		return 0, e.WithWhere(`invalid type name "%s"`, text)
	}
	n := statements[0].Node.GetCommentStmt().GetObject().GetTypeName()
	if n == nil || n.Setof {
		return 0, invalid()
	}
	plain := &pg_query.TypeName{Names: n.Names, Typmods: n.Typmods, ArrayBounds: n.ArrayBounds[:min(len(n.ArrayBounds), 1)], Location: -1}
	if parts := names(n.Names); parts[len(parts)-1] == "interval" {
		plain.Typmods = nil // the type is the same whatever fields it has
	}
	t, err := newAnalyzer(&Env{}, "", nil).typeName(plain)
	return t.OID, err
}

// typeName resolves a type as the grammar writes it.
func (a *analyzer) typeName(n *pg_query.TypeName) (datum.Type, error) {
	parts := names(n.Names)
	name, whole := parts[len(parts)-1], strings.Join(parts, ".")
	switch {
	case len(parts) > 3:
		return datum.Type{}, pgerr.New(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", whole)
	case len(parts) == 3 && parts[0] != database:
		return datum.Type{}, pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", whole)
	}
	if n.Setof || n.PctType {
		return datum.Type{}, a.unsupported("SETOF and %TYPE", n.Location)
	}
	unknown := func() error {
		return a.errorf(n.Location, pgerr.UndefinedObject, `type "%s%s" does not exist`, whole, strings.Repeat("[]", min(len(n.ArrayBounds), 1)))
	}
	if len(parts) > 1 {
		switch parts[len(parts)-2] {
		case "pg_catalog":
		case "public", "information_schema": // where there are no types
			return datum.Type{}, unknown()
		default:
			return datum.Type{}, a.errorf(n.Location, pgerr.InvalidSchemaName, `schema "%s" does not exist`, parts[len(parts)-2])
		}
	}
	if datum.LookupName(name) == nil {
		return datum.Type{}, unknown()
	}
	var mods []int32
	for _, m := range n.Typmods {
		c := m.GetAConst()
		if c == nil || c.GetIval() == nil {
			return datum.Type{}, a.errorf(n.Location, pgerr.InvalidParameterValue, "type modifiers must be simple constants or identifiers")
		}
		mods = append(mods, c.GetIval().Ival)
	}
	if name == "interval" && len(mods) > 0 { // the grammar puts a mask of fields first
		const allFields = 0x7fff
		if mods[0] != allFields {
			return datum.Type{}, a.unsupported("interval with fields", n.Location)
		}
		mods = mods[1:]
	}
	t, err := datum.NewType(name, mods...)
	if err != nil {
		return t, a.at(err, n.Location)
	}
	switch len(n.ArrayBounds) {
	case 0:
		return t, nil
	case 1:
		if array := datum.MustLookup(t.OID).Array; array != 0 {
			return datum.Type{OID: array, Mod: t.Mod}, nil
		}
	}
	return t, a.unsupported("type "+name+strings.Repeat("[]", len(n.ArrayBounds)), n.Location)
}
