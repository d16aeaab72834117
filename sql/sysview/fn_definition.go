package sysview

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// definitions are the functions that print how objects are defined.
func (r registrar) definitions() {
	indexDef := func(e *Env, a []datum.Datum) (datum.Datum, error) {
		x := e.Catalog.IndexByOID(uint32(a[0].I))
		switch {
		case x == nil:
			return datum.NewNull(), nil
		case len(a) < 2 || a[1].I == 0:
			return datum.NewText(IndexDefinition(e.Catalog, x)), nil
		case a[1].I < 0 || a[1].I > int64(len(x.Columns)):
			return datum.NewText(""), nil
		}
		return datum.NewText(expr.QuoteIdent(keyName(e.Catalog, x, int(a[1].I-1)))), nil
	}
	r.add("pg_get_indexdef", indexDef, datum.Text, datum.OIDType)
	r.add("pg_get_indexdef", indexDef, datum.Text, datum.OIDType, datum.Int4, datum.Bool)
	constraintDef := func(e *Env, a []datum.Datum) (datum.Datum, error) {
		t, c := constraintByOID(e.Catalog, uint32(a[0].I))
		if c == nil {
			return datum.NewNull(), nil
		}
		return datum.NewText(ConstraintDefinition(e.Catalog, t, c, len(a) > 1 && a[1].Bool())), nil
	}
	r.add("pg_get_constraintdef", constraintDef, datum.Text, datum.OIDType)
	r.add("pg_get_constraintdef", constraintDef, datum.Text, datum.OIDType, datum.Bool)
	text := func(_ *Env, a []datum.Datum) (datum.Datum, error) { // definitions are kept as SQL
		if len(a) == 3 && a[2].Bool() {
			return datum.NewText(prettyExpression(a[0].S)), nil
		}
		return a[0], nil
	}
	r.add("pg_get_expr", text, datum.Text, datum.NodeTree, datum.OIDType)
	r.add("pg_get_expr", text, datum.Text, datum.NodeTree, datum.OIDType, datum.Bool)
	r.add("pg_get_function_result", r.ofProc(func(p *proc) datum.Datum {
		if p.set {
			return datum.NewText("SETOF " + typeName(p.returns))
		}
		return datum.NewText(typeName(p.returns))
	}), datum.Text, datum.OIDType)
	arguments := r.ofProc(func(p *proc) datum.Datum {
		words := make([]string, len(p.args))
		for i, a := range p.args {
			words[i] = typeName(a)
			if p.variadic != 0 && i == len(p.args)-1 {
				words[i] = "VARIADIC " + words[i]
			}
		}
		return datum.NewText(strings.Join(words, ", "))
	})
	r.add("pg_get_function_arguments", arguments, datum.Text, datum.OIDType)
	r.add("pg_get_function_identity_arguments", arguments, datum.Text, datum.OIDType)

	// There are no objects of these kinds to print.
	none := func(*Env, []datum.Datum) (datum.Datum, error) { return datum.NewNull(), nil }
	for _, name := range []string{"pg_get_viewdef", "pg_get_ruledef", "pg_get_triggerdef"} {
		r.add(name, none, datum.Text, datum.OIDType)
		r.add(name, none, datum.Text, datum.OIDType, datum.Bool)
	}
	for _, name := range []string{"pg_get_statisticsobjdef", "pg_get_statisticsobjdef_columns", "pg_get_partkeydef", "pg_get_partition_constraintdef",
		"pg_get_function_sqlbody"} {
		r.add(name, none, datum.Text, datum.OIDType)
	}
	r.add("pg_get_functiondef", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		return datum.Datum{}, pgerr.New(pgerr.FeatureNotSupported, "functions have no definition in SQL: all are built in")
	}, datum.Text, datum.OIDType)
	r.add("pg_get_serial_sequence", serialSequence, datum.Text, datum.Text, datum.Text)
	r.add("pg_describe_object", describeObject, datum.Text, datum.OIDType, datum.OIDType, datum.Int4)
}

// typeName is format_type's name for a type, pseudo-types included.
func typeName(t datum.OID) string {
	if f := formOf[t]; f != nil && f.kind == 'p' {
		if t == expr.Any {
			return `"any"`
		}
		return f.name
	}
	return expr.TypeName(t)
}

func (r registrar) ofProc(f func(p *proc) datum.Datum) function {
	return func(e *Env, a []datum.Datum) (datum.Datum, error) {
		if p := e.proc(uint32(a[0].I)); p != nil {
			return f(p), nil
		}
		return datum.NewNull(), nil
	}
}

func serialSequence(e *Env, a []datum.Datum) (datum.Datum, error) {
	oid, err := e.Object(datum.Regclass, a[0].S)
	if err != nil {
		return datum.Datum{}, err
	}
	t := e.Catalog.TableByOID(uint32(oid))
	if t == nil {
		return datum.NewNull(), nil
	}
	i := t.ColumnIndex(a[1].S)
	if i < 0 {
		return datum.Datum{}, pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, a[1].S, t.Name)
	}
	for _, q := range e.Catalog.SequencesOf(t.OID) {
		if q.OwnedBy.Column == i {
			return datum.NewText("public." + expr.QuoteIdent(q.Name)), nil
		}
	}
	return datum.NewNull(), nil
}

// describeObject says what kind of thing an entry of pg_depend is about.
func describeObject(e *Env, a []datum.Datum) (datum.Datum, error) {
	class, oid := uint32(a[0].I), uint32(a[1].I)
	v := ByOID(class)
	if v == nil {
		return datum.NewNull(), nil
	}
	switch v.Name {
	case "pg_am":
		for _, m := range e.Catalog.AccessMethods() {
			if m.OID == oid {
				return datum.NewText("access method " + m.Name), nil
			}
		}
	case "pg_opclass", "pg_opfamily":
		kind := map[string]string{"pg_opclass": "class", "pg_opfamily": "family"}[v.Name]
		for _, m := range e.Catalog.AccessMethods() {
			for i := range m.Description.OpClasses {
				if partOID(opclassPart, m.OID, i) == oid {
					return datum.NewText(fmt.Sprintf("operator %s %s for access method %s", kind, m.Description.OpClasses[i].Name, m.Name)), nil
				}
			}
		}
	case "pg_extension":
		for _, m := range e.Catalog.AccessMethods() {
			if m.OID == oid {
				return datum.NewText("extension " + m.Name), nil
			}
		}
	case "pg_constraint":
		if t, c := constraintByOID(e.Catalog, oid); c != nil {
			return datum.NewText(fmt.Sprintf("constraint %s on table %s", c.Name, t.Name)), nil
		}
	case "pg_class":
		_, name := e.relationName(oid)
		kind := "table"
		switch {
		case name == "":
			return datum.NewNull(), nil
		case e.Catalog.IndexByOID(oid) != nil:
			kind = "index"
		case e.Catalog.SequenceByOID(oid) != nil:
			kind = "sequence"
		}
		if t := e.Catalog.TableByOID(oid); t != nil && a[2].I > 0 && int(a[2].I) <= len(t.Columns) {
			return datum.NewText(fmt.Sprintf("column %s of table %s", t.Columns[a[2].I-1].Name, name)), nil
		}
		return datum.NewText(kind + " " + name), nil
	}
	return datum.NewNull(), nil
}
