package sysview

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// Object finds the object that the text of a reg type's value names. Its errors are those of the type's input.
func (e *Env) Object(kind datum.OID, text string) (datum.OID, error) {
	name, arguments, hasArguments := strings.Cut(text, "(")
	parts, err := splitName(name)
	if err != nil {
		return 0, err
	}
	schema, bare := "", parts[len(parts)-1]
	switch {
	case len(parts) > 2 && (kind != datum.Regclass || len(parts) > 3):
		return 0, pgerr.New(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", text)
	case len(parts) == 3 && parts[0] != e.Database:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", text)
	case len(parts) > 1:
		schema = parts[len(parts)-2]
	}
	switch kind {
	case datum.Regclass:
		if oid := e.relationOID(schema, bare); oid != 0 {
			return datum.OID(oid), nil
		}
		return 0, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, name)
	case datum.Regrole:
		if r := e.Catalog.Role(bare); r != nil && schema == "" {
			return datum.OID(r.OID), nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, `role "%s" does not exist`, bare)
	case datum.Regnamespace:
		if oid, ok := namespaces[bare]; ok && schema == "" {
			return oid, nil
		}
		return 0, pgerr.New(pgerr.InvalidSchemaName, `schema "%s" does not exist`, bare)
	}
	if schema != "" && schema != "pg_catalog" {
		if _, ok := namespaces[schema]; !ok {
			return 0, pgerr.New(pgerr.InvalidSchemaName, `schema "%s" does not exist`, schema)
		}
		bare = schema + "." + bare // where there are no functions
	}
	var args []datum.OID
	if hasArguments {
		if args, err = argumentTypes(arguments, kind == datum.Regoperator); err != nil {
			return 0, err
		}
	}
	if kind == datum.Regproc || kind == datum.Regprocedure {
		return e.procOID(text, bare, args, kind == datum.Regprocedure)
	}
	return e.operatorOID(text, bare, args, kind == datum.Regoperator)
}

// namespaces are the schemas there are.
var namespaces = map[string]datum.OID{"pg_catalog": CatalogNamespace, "public": PublicNamespace, "information_schema": InformationNamespace}

// relationOID finds a relation, first in pg_catalog if the schema is empty; 0 if there is none.
func (e *Env) relationOID(schema, name string) uint32 {
	if schema != "public" {
		in := schema
		if in == "" {
			in = "pg_catalog"
		}
		if v := LookupIn(in, name); v != nil {
			return v.OID
		}
		for _, r := range systemRelations {
			if in == "pg_catalog" && r.Name == name {
				return uint32(r.Rel)
			}
		}
	}
	if schema != "" && schema != "public" {
		return 0
	}
	if t := e.Catalog.Table(name); t != nil {
		return t.OID
	}
	if x := e.Catalog.Index(name); x != nil {
		return x.OID
	}
	if q := e.Catalog.Sequence(name); q != nil {
		return q.OID
	}
	return 0
}

func (e *Env) procOID(text, name string, args []datum.OID, exact bool) (datum.OID, error) {
	var found []*proc
	for _, p := range e.Builtins.named[name] {
		if !exact || takes(p.args, args) {
			found = append(found, p)
		}
	}
	for _, m := range e.Catalog.AccessMethods() {
		if m.Plugin == name && !exact {
			found = append(found, handlerProc(partOID(handlerPart, m.OID, 0), name))
		}
	}
	switch {
	case len(found) == 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, `function "%s" does not exist`, text)
	case len(found) > 1 && !exact:
		return 0, pgerr.New(pgerr.AmbiguousFunction, `more than one function named "%s"`, text)
	}
	return datum.OID(found[0].oid), nil
}

func (e *Env) operatorOID(text, name string, args []datum.OID, exact bool) (datum.OID, error) {
	found := e.Builtins.operNamed[name]
	if exact {
		if len(args) != 2 {
			return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").
				WithHint("Use NONE to denote the missing argument of a unary operator.")
		}
		if o := e.Builtins.operator(name, args[0], args[1]); o != nil {
			return datum.OID(o.oid), nil
		}
		found = nil
	}
	switch {
	case len(found) == 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", text)
	case len(found) > 1:
		return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one operator named %s", text)
	}
	return datum.OID(found[0].oid), nil
}

// splitName takes a dotted name apart. What is not quoted is folded to lower case.
func splitName(s string) ([]string, error) {
	invalid := func() ([]string, error) { return nil, pgerr.New(pgerr.InvalidName, "invalid name syntax") }
	var parts []string
	for {
		s = strings.TrimLeft(s, " \t\n")
		var part string
		if strings.HasPrefix(s, `"`) {
			end := 1
			for ; end < len(s); end++ {
				if s[end] != '"' {
					continue
				}
				if end+1 == len(s) || s[end+1] != '"' {
					break
				}
				end++
			}
			if end >= len(s) || end == 1 {
				return invalid()
			}
			part, s = strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:]
		} else {
			end := strings.IndexAny(s, ". \t\n\"")
			if end < 0 {
				end = len(s)
			}
			if end == 0 {
				return invalid()
			}
			part, s = strings.ToLower(s[:end]), s[end:]
		}
		parts = append(parts, datum.TruncateName(part))
		s = strings.TrimLeft(s, " \t\n")
		if s == "" {
			return parts, nil
		}
		if s[0] != '.' {
			return invalid()
		}
		s = s[1:]
	}
}

// argumentTypes reads the types between parentheses, of which the first is gone. NONE is 0 where an operator may have it.
func argumentTypes(s string, none bool) ([]datum.OID, error) {
	s, closed := strings.CutSuffix(strings.TrimSpace(s), ")")
	if !closed {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a right parenthesis")
	}
	out := []datum.OID{}
	if strings.TrimSpace(s) == "" {
		return out, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if none && strings.EqualFold(word, "none") {
			out = append(out, 0)
			continue
		}
		t, err := datum.ParseType(word)
		if err != nil {
			return nil, err
		}
		out = append(out, t.OID)
	}
	return out, nil
}

// ObjectName prints the value of a reg type as its output does, without the schema where names are found without it.
func (e *Env) ObjectName(kind, oid datum.OID) (string, bool) {
	switch kind {
	case datum.Regclass:
		schema, name := e.relationName(uint32(oid))
		if schema == "information_schema" {
			return schema + "." + expr.QuoteIdent(name), true
		}
		return expr.QuoteIdent(name), name != ""
	case datum.Regrole:
		for _, r := range e.Catalog.Roles() {
			if r.OID == uint32(oid) {
				return expr.QuoteIdent(r.Name), true
			}
		}
		return "", false
	case datum.Regnamespace:
		for name, n := range namespaces {
			if n == oid {
				return name, true
			}
		}
		return "", false
	case datum.Regproc, datum.Regprocedure:
		p := e.proc(uint32(oid))
		switch {
		case p == nil:
			return "", false
		case kind == datum.Regprocedure:
			return expr.QuoteIdent(p.name) + "(" + typeList(p.args) + ")", true
		case len(e.Builtins.named[p.name]) > 1:
			return "pg_catalog." + expr.QuoteIdent(p.name), true
		}
		return expr.QuoteIdent(p.name), true
	}
	o := e.Builtins.operOf[uint32(oid)]
	switch {
	case o == nil:
		return "", false
	case kind == datum.Regoperator:
		return fmt.Sprintf("%s(%s)", o.name, typeList([]datum.OID{o.left, o.right})), true
	case len(e.Builtins.operNamed[o.name]) > 1:
		return "pg_catalog." + o.name, true
	}
	return o.name, true
}

func typeList(list []datum.OID) string {
	words := make([]string, len(list))
	for i, t := range list {
		words[i] = expr.TypeName(t)
		if t == 0 {
			words[i] = "NONE"
		}
	}
	return strings.Join(words, ",")
}

// proc finds a function by number, nil if there is none.
func (e *Env) proc(oid uint32) *proc {
	if p := e.Builtins.procOf[oid]; p != nil {
		return p
	}
	for _, m := range e.Catalog.AccessMethods() {
		if partOID(handlerPart, m.OID, 0) == oid {
			return handlerProc(oid, m.Plugin)
		}
	}
	return nil
}

// relationName finds a relation's schema and name; both are empty if there is none.
func (e *Env) relationName(oid uint32) (schema, name string) {
	if v := ByOID(oid); v != nil {
		return v.Schema, v.Name
	}
	for _, r := range systemRelations {
		if uint32(r.Rel) == oid {
			return "pg_catalog", r.Name
		}
	}
	if t := e.Catalog.TableByOID(oid); t != nil {
		return "public", t.Name
	}
	if x := e.Catalog.IndexByOID(oid); x != nil {
		return "public", x.Name
	}
	if q := e.Catalog.SequenceByOID(oid); q != nil {
		return "public", q.Name
	}
	return "", ""
}
