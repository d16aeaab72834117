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
	switch kind {
	case datum.Regtype:
		return e.ParseType(text)
	case datum.Regprocedure, datum.Regoperator:
		return e.exactObject(kind, text)
	}
	parts, err := splitName(text)
	if err != nil {
		return 0, err
	}
	switch kind {
	case datum.Regclass:
		return e.relation(parts)
	case datum.Regrole, datum.Regnamespace:
		if len(parts) != 1 {
			return 0, errNameSyntax()
		}
		if kind == datum.Regnamespace {
			if oid, ok := namespaces[parts[0]]; ok {
				return oid, nil
			}
			return 0, errNoSchema(parts[0])
		}
		if r := e.Catalog.Role(parts[0]); r != nil {
			return datum.OID(r.OID), nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, `role "%s" does not exist`, parts[0])
	}
	schema, bare, err := e.qualified(parts)
	if err != nil {
		return 0, err
	}
	if err := knownSchema(schema); err != nil {
		return 0, err
	}
	if kind == datum.Regproc {
		return e.procOID(text, schema, bare, nil, false)
	}
	return e.operatorOID(text, schema, bare, nil, false)
}

// exactObject finds the function or operator whose name and argument types are given.
func (e *Env) exactObject(kind datum.OID, text string) (datum.OID, error) {
	operator := kind == datum.Regoperator
	name, args, err := e.nameAndArguments(text, operator)
	if err != nil {
		return 0, err
	}
	switch {
	case !operator || len(args) == 2:
	case len(args) == 1:
		return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").
			WithHint("Use NONE to denote the missing argument of a unary operator.")
	default:
		return 0, pgerr.New(pgerr.TooManyArguments, "too many arguments").WithHint("Provide two argument types for operator.")
	}
	schema, bare, err := e.qualified(name)
	if err != nil {
		return 0, err
	}
	if operator {
		return e.operatorOID(text, schema, bare, args, true)
	}
	if err := knownSchema(schema); err != nil {
		return 0, err
	}
	return e.procOID(text, schema, bare, args, true)
}

// qualified takes the parts of a name for schema and name; a database before them must be this one.
func (e *Env) qualified(parts []string) (schema, name string, err error) {
	switch {
	case len(parts) > 3:
		return "", "", pgerr.New(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
	case len(parts) == 3 && parts[0] != e.Database:
		return "", "", pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", strings.Join(parts, "."))
	case len(parts) > 1:
		schema = parts[len(parts)-2]
	}
	return schema, parts[len(parts)-1], nil
}

// relation finds a relation by its name, of which PostgreSQL speaks in other words than of other names.
func (e *Env) relation(parts []string) (datum.OID, error) {
	switch {
	case len(parts) > 3:
		return 0, pgerr.New(pgerr.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(parts, "."))
	case len(parts) == 3 && parts[0] != e.Database:
		return 0, pgerr.New(pgerr.FeatureNotSupported, `cross-database references are not implemented: "%s"`, strings.Join(parts, "."))
	case len(parts) == 3:
		parts = parts[1:]
	}
	schema, name := "", parts[len(parts)-1]
	if len(parts) > 1 {
		schema = parts[0]
	}
	if err := knownSchema(schema); err != nil {
		return 0, err
	}
	if oid := e.relationOID(schema, name); oid != 0 {
		return datum.OID(oid), nil
	}
	return 0, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, strings.Join(parts, "."))
}

func errNameSyntax() error { return pgerr.New(pgerr.InvalidName, "invalid name syntax") }

func errNoSchema(name string) error {
	return pgerr.New(pgerr.InvalidSchemaName, `schema "%s" does not exist`, name)
}

// knownSchema reports a schema that there is not; no name is none.
func knownSchema(name string) error {
	if _, ok := namespaces[name]; !ok && name != "" {
		return errNoSchema(name)
	}
	return nil
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

// inCatalog reports whether names of a schema are those of pg_catalog, which has all functions and operators.
func inCatalog(schema string) bool { return schema == "" || schema == "pg_catalog" }

func (e *Env) procOID(text, schema, name string, args []datum.OID, exact bool) (datum.OID, error) {
	var found []*proc
	if inCatalog(schema) {
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
	}
	switch {
	case len(found) == 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, `function "%s" does not exist`, text)
	case len(found) > 1 && !exact:
		return 0, pgerr.New(pgerr.AmbiguousFunction, `more than one function named "%s"`, text)
	}
	return datum.OID(found[0].oid), nil
}

func (e *Env) operatorOID(text, schema, name string, args []datum.OID, exact bool) (datum.OID, error) {
	found := e.Builtins.operNamed[name]
	if exact {
		found = nil
		if o := e.Builtins.operator(name, args[0], args[1]); o != nil {
			found = []*operator{o}
		}
	}
	switch {
	case len(found) == 0 || !inCatalog(schema):
		return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", text)
	case len(found) > 1:
		return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one operator named %s", text)
	}
	return datum.OID(found[0].oid), nil
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
