package sysview

import (
	"slices"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/storage"
)

// names are the functions from numbers to names and back.
func (r registrar) names() {
	r.add("pg_get_userbyid", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		for _, role := range e.Catalog.Roles() {
			if role.OID == uint32(a[0].I) {
				return datum.NewText(role.Name), nil
			}
		}
		return datum.NewText("unknown (OID=" + datum.MustLookup(datum.OIDType).String(a[0]) + ")"), nil
	}, datum.Name, datum.OIDType)
	for kind, name := range map[datum.OID]string{datum.Regclass: "to_regclass", datum.Regproc: "to_regproc", datum.Regprocedure: "to_regprocedure",
		datum.Regoper: "to_regoper", datum.Regoperator: "to_regoperator", datum.Regrole: "to_regrole", datum.Regnamespace: "to_regnamespace",
		datum.Regtype: "to_regtype"} {
		r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
			if kind == datum.Regprocedure || kind == datum.Regoperator { // their argument types must be there
				if _, _, err := e.nameAndArguments(a[0].S, kind == datum.Regoperator); err != nil {
					return datum.Datum{}, err
				}
			}
			oid, err := e.Object(kind, a[0].S)
			return missingIsNull(datum.Datum{I: int64(oid)}, err)
		}, kind, datum.Text)
	}
	r.add("pg_encoding_to_char", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		return datum.NewText(map[int64]string{0: "SQL_ASCII", encodingUTF8: "UTF8"}[a[0].I]), nil
	}, datum.Name, datum.Int4)
	r.add("pg_char_to_encoding", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		if slices.Contains([]string{"UTF8", "utf8", "UTF-8", "utf-8", "unicode", "UNICODE"}, a[0].S) {
			return datum.NewInt(encodingUTF8), nil
		}
		return datum.NewInt(-1), nil
	}, datum.Int4, datum.Name)
	r.add("getdatabaseencoding", func(*Env, []datum.Datum) (datum.Datum, error) { return datum.NewText("UTF8"), nil }, datum.Name)
	r.add("oidvectortypes", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		list, err := a[0].Array(datum.OIDType)
		words := make([]string, len(list))
		for i, d := range list {
			words[i] = typeName(datum.OID(d.I))
		}
		return datum.NewText(strings.Join(words, ", ")), err
	}, datum.Text, datum.OIDVector)
	r.add("pg_tablespace_location", func(*Env, []datum.Datum) (datum.Datum, error) { return datum.NewText(""), nil }, datum.Text, datum.OIDType)
	r.add("current_schemas", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		list := []datum.Datum{datum.NewText("public")}
		if a[0].Bool() {
			list = []datum.Datum{datum.NewText("pg_catalog"), datum.NewText("public")}
		}
		return datum.NewArray(datum.Name, list), nil
	}, datum.MustLookup(datum.Name).Array, datum.Bool)
	filenode := func(e *Env, oid uint32) (uint32, bool) {
		if t := e.Catalog.TableByOID(oid); t != nil {
			return uint32(t.Rel), true
		}
		if x := e.Catalog.IndexByOID(oid); x != nil {
			return uint32(x.Rel), true
		}
		if q := e.Catalog.SequenceByOID(oid); q != nil {
			return uint32(q.Rel), true
		}
		return 0, false
	}
	r.add("pg_relation_filenode", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		n, ok := filenode(e, uint32(a[0].I))
		if !ok {
			return datum.NewNull(), nil
		}
		return datum.NewInt(int64(n)), nil
	}, datum.OIDType, datum.Regclass)
	r.add("pg_relation_filepath", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		n, ok := filenode(e, uint32(a[0].I))
		if !ok {
			return datum.NewNull(), nil
		}
		return datum.NewText(storage.RelationPath(page.RelFile{Rel: page.RelFileNumber(n)})), nil
	}, datum.Text, datum.Regclass)
	r.add("pg_relation_is_publishable", func(*Env, []datum.Datum) (datum.Datum, error) { // there are no publications
		return datum.NewBool(false), nil
	}, datum.Bool, datum.Regclass)
	r.add("pg_my_temp_schema", func(*Env, []datum.Datum) (datum.Datum, error) { return datum.NewInt(0), nil }, datum.OIDType)
	r.add("pg_is_other_temp_schema", func(*Env, []datum.Datum) (datum.Datum, error) { return datum.NewBool(false), nil }, datum.Bool, datum.OIDType)
}

// missingIsNull makes NULL of the errors that say there is no such object.
func missingIsNull(d datum.Datum, err error) (datum.Datum, error) {
	switch pgerr.CodeOf(err) {
	case pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.AmbiguousFunction, pgerr.InvalidSchemaName:
		return datum.NewNull(), nil
	}
	return d, err
}

// visibility are the functions that say whether a name without its schema finds an object: pg_catalog and public are searched.
func (r registrar) visibility() {
	visible := func(name string, known func(e *Env, oid uint32) (visible, exists bool)) {
		r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
			v, ok := known(e, uint32(a[0].I))
			if !ok {
				return datum.NewNull(), nil
			}
			return datum.NewBool(v), nil
		}, datum.Bool, datum.OIDType)
	}
	visible("pg_table_is_visible", func(e *Env, oid uint32) (bool, bool) {
		schema, name := e.relationName(oid)
		return e.relationOID("", name) == oid && schema != "information_schema", name != ""
	})
	visible("pg_type_is_visible", func(_ *Env, oid uint32) (bool, bool) { return true, formOf[datum.OID(oid)] != nil })
	visible("pg_function_is_visible", func(e *Env, oid uint32) (bool, bool) { return true, e.proc(oid) != nil })
	visible("pg_operator_is_visible", func(e *Env, oid uint32) (bool, bool) { return true, e.Builtins.operOf[oid] != nil })
	visible("pg_collation_is_visible", func(_ *Env, oid uint32) (bool, bool) {
		return true, oid == defaultCollation || oid == nameCollation || oid == nameCollation+1
	})
	class := func(e *Env, oid uint32) (bool, bool) {
		for _, m := range e.Catalog.AccessMethods() {
			for i := range m.Description.OpClasses {
				if partOID(opclassPart, m.OID, i) == oid {
					return true, true
				}
			}
		}
		return false, false
	}
	visible("pg_opclass_is_visible", class)
	visible("pg_opfamily_is_visible", class)
	for _, name := range []string{"pg_conversion_is_visible", "pg_statistics_obj_is_visible", "pg_ts_config_is_visible", "pg_ts_dict_is_visible",
		"pg_ts_parser_is_visible", "pg_ts_template_is_visible"} {
		visible(name, func(*Env, uint32) (bool, bool) { return false, false }) // there are none
	}
}

// comments are the functions that print what COMMENT ON said.
func (r registrar) comments() {
	find := func(e *Env, match func(c comment) bool) (datum.Datum, error) {
		for _, c := range comments(e) {
			if match(c) {
				return datum.NewText(c.text), nil
			}
		}
		return datum.NewNull(), nil
	}
	r.add("obj_description", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		v := Lookup(a[1].S)
		return find(e, func(c comment) bool { return v != nil && c.class == v.OID && c.oid == uint32(a[0].I) && c.part == 0 })
	}, datum.Text, datum.OIDType, datum.Name)
	r.add("obj_description", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		return find(e, func(c comment) bool { return c.oid == uint32(a[0].I) && c.part == 0 })
	}, datum.Text, datum.OIDType)
	r.add("col_description", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		return find(e, func(c comment) bool {
			return c.class == Lookup("pg_class").OID && c.oid == uint32(a[0].I) && c.part == int(a[1].I) && c.part > 0
		})
	}, datum.Text, datum.OIDType, datum.Int4)
	r.add("shobj_description", func(_ *Env, a []datum.Datum) (datum.Datum, error) {
		if a[1].S == "pg_database" && a[0].I == DatabaseOID {
			return datum.NewText("default administrative connection database"), nil
		}
		return datum.NewNull(), nil
	}, datum.Text, datum.OIDType, datum.Name)
}
