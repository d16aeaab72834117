package sysview

import (
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// letters are the privileges of tables and sequences in an access list.
var letters = map[string]string{
	"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d", "TRUNCATE": "D", "REFERENCES": "x", "TRIGGER": "t", "RULE": "", "USAGE": "U",
}

// privileges are the functions has_…_privilege and pg_has_role, in all their forms: for the session's role or another one, given by
// name or number, and an object given by name or number.
func (r registrar) privileges() {
	relation := func(name string, words string, extra ...datum.OID) {
		r.privilege(name, datum.Regclass, words, extra, func(e *Env, role *catalog.Role, oid uint32, word string) (bool, bool) {
			owner, acl, ok := e.accessList(oid)
			if !ok {
				return strings.EqualFold(word, "SELECT"), ByOID(oid) != nil // a system view, which everybody reads
			}
			return allowed(role, owner, acl, letters[word]), true
		})
	}
	relation("has_table_privilege", "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER RULE")
	relation("has_any_column_privilege", "SELECT INSERT UPDATE REFERENCES")
	relation("has_sequence_privilege", "SELECT UPDATE USAGE")
	for _, column := range []datum.OID{datum.Text, datum.Int2} { // columns have no privileges of their own
		relation("has_column_privilege", "SELECT INSERT UPDATE REFERENCES", column)
	}
	r.privilege("has_schema_privilege", datum.Regnamespace, "CREATE USAGE", nil, func(_ *Env, role *catalog.Role, oid uint32, word string) (bool, bool) {
		_, known := formOfNamespace(oid)
		return word == "USAGE" || oid == PublicNamespace || role.Superuser, known
	})
	r.privilege("has_database_privilege", datum.Name, "CREATE CONNECT TEMPORARY TEMP", nil, func(_ *Env, role *catalog.Role, _ uint32, word string) (bool, bool) {
		return word == "CONNECT" || role.Superuser, true
	})
	r.privilege("has_function_privilege", datum.Regprocedure, "EXECUTE", nil, func(e *Env, _ *catalog.Role, oid uint32, _ string) (bool, bool) {
		return true, e.proc(oid) != nil
	})
	r.privilege("has_tablespace_privilege", datum.Name, "CREATE", nil, func(_ *Env, _ *catalog.Role, _ uint32, _ string) (bool, bool) { return true, true })
	r.privilege("pg_has_role", datum.Regrole, "USAGE MEMBER", nil, func(_ *Env, role *catalog.Role, oid uint32, _ string) (bool, bool) {
		return role.Superuser || role.OID == oid, true // roles have no members
	})
}

func formOfNamespace(oid uint32) (string, bool) {
	for name, n := range namespaces {
		if n == datum.OID(oid) {
			return name, true
		}
	}
	return "", false
}

// accessList finds the owner and the access list of a table or sequence. An index has those of its table.
func (e *Env) accessList(oid uint32) (owner string, acl []catalog.Grant, ok bool) {
	if x := e.Catalog.IndexByOID(oid); x != nil {
		oid = x.Table
	}
	if t := e.Catalog.TableByOID(oid); t != nil {
		return ownerName(e.Catalog, t.Owner), t.ACL, true
	}
	if q := e.Catalog.SequenceByOID(oid); q != nil {
		return ownerName(e.Catalog, q.Owner), q.ACL, true
	}
	return "", nil, false
}

// allowed reports whether a role may do what a letter stands for: superusers and owners may do everything.
func allowed(role *catalog.Role, owner string, acl []catalog.Grant, letter string) bool {
	if role.Superuser || role.Name == owner {
		return true
	}
	for _, g := range acl {
		if (g.Role == "" || g.Role == role.Name) && letter != "" && strings.Contains(g.Privileges, letter) {
			return true
		}
	}
	return false
}

// privilege registers the six forms of one function. object is the reg type that reads the object's name; extra are arguments between
// the object and the privilege. test answers for one privilege, and whether there is such an object at all.
func (r registrar) privilege(name string, object datum.OID, words string, extra []datum.OID, test func(e *Env, role *catalog.Role, oid uint32, word string) (bool, bool)) {
	for _, user := range []datum.OID{0, datum.Name, datum.OIDType} {
		for _, of := range []datum.OID{datum.Text, datum.OIDType} {
			objectArg := of
			if name == "pg_has_role" && of == datum.Text {
				objectArg = datum.Name
			}
			args := append([]datum.OID{objectArg}, extra...)
			if user != 0 {
				args = append([]datum.OID{user}, args...)
			}
			r.add(name, func(e *Env, a []datum.Datum) (datum.Datum, error) {
				role, err := e.givenRole(user, a[0])
				if err != nil {
					return datum.Datum{}, err
				}
				if user != 0 {
					a = a[1:]
				}
				oid, err := e.givenObject(object, of, a[0])
				if err != nil {
					return datum.Datum{}, err
				}
				return anyPrivilege(words, a[len(a)-1].S, func(word string) (bool, bool) { return test(e, role, oid, word) })
			}, datum.Bool, append(args, datum.Text)...)
		}
	}
}

// givenRole finds the role that an argument of a type names; a type of 0 means the session's.
func (e *Env) givenRole(t datum.OID, d datum.Datum) (*catalog.Role, error) {
	name := e.User
	if t == datum.Name {
		name = d.S
	}
	for _, r := range e.Catalog.Roles() {
		if t == datum.OIDType && r.OID == uint32(d.I) || t != datum.OIDType && r.Name == name {
			return r, nil
		}
	}
	switch t {
	case datum.OIDType:
		return &catalog.Role{}, nil // as PostgreSQL: who does not exist has no rights
	case datum.Name:
		return nil, pgerr.New(pgerr.UndefinedObject, `role "%s" does not exist`, name)
	}
	return &catalog.Role{Name: name, Superuser: e.Superuser}, nil
}

func (e *Env) givenObject(kind, given datum.OID, d datum.Datum) (uint32, error) {
	if given == datum.OIDType {
		return uint32(d.I), nil
	}
	if kind == datum.Name { // of the one database or tablespace
		return 0, nil
	}
	oid, err := e.Object(kind, d.S)
	return uint32(oid), err
}

// anyPrivilege tests a list of privileges, of which one is enough. For an object that does not exist the answer is NULL.
func anyPrivilege(known, list string, test func(word string) (bool, bool)) (datum.Datum, error) {
	result := false
	for word := range strings.SplitSeq(list, ",") {
		word = strings.ToUpper(strings.TrimSpace(word))
		word = strings.TrimSuffix(word, " WITH GRANT OPTION")
		if !strings.Contains(" "+known+" ", " "+word+" ") {
			return datum.Datum{}, pgerr.New(pgerr.InvalidParameterValue, `unrecognized privilege type: "%s"`, strings.TrimSpace(word))
		}
		ok, exists := test(word)
		if !exists {
			return datum.NewNull(), nil
		}
		result = result || ok
	}
	return datum.NewBool(result), nil
}
