package session

import (
	"context"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
)

// privilegeLetters are the privileges that can be granted, as letters of aclitem.
var privilegeLetters = map[string]string{
	"select": "r", "insert": "a", "update": "w", "delete": "d", "truncate": "D", "references": "x", "trigger": "t", "usage": "U",
}

// knownPrivileges are PostgreSQL's others, which belong to objects that are not there.
var knownPrivileges = []string{"create", "connect", "temporary", "temp", "execute", "set", "alter system"}

// grant runs GRANT and REVOKE on tables and sequences.
func (s *Session) grant(ctx context.Context, st *pg_query.GrantStmt) error {
	if err := refuseGrant(st); err != nil {
		return err
	}
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	roles, err := s.grantees(cat, st.Grantees)
	if err != nil {
		return err
	}
	tables, sequences, err := grantObjects(cat, st)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.grantTable(ctx, t, st, roles); err != nil {
			return err
		}
	}
	for _, q := range sequences {
		if err := s.grantSequence(ctx, q, st, roles); err != nil {
			return err
		}
	}
	return nil
}

// refuseGrant names what is missing of GRANT.
func refuseGrant(st *pg_query.GrantStmt) error {
	verb := "GRANT"
	if !st.IsGrant {
		verb = "REVOKE"
	}
	switch {
	case st.Targtype == pg_query.GrantTargetType_ACL_TARGET_DEFAULTS:
		return unsupported("ALTER DEFAULT PRIVILEGES")
	case st.GrantOption && st.IsGrant:
		return unsupported("WITH GRANT OPTION")
	case st.GrantOption:
		return unsupported("REVOKE GRANT OPTION FOR")
	case st.Grantor != nil:
		return unsupported(verb + " … GRANTED BY")
	case st.Objtype != pg_query.ObjectType_OBJECT_TABLE && st.Objtype != pg_query.ObjectType_OBJECT_SEQUENCE:
		return unsupported(verb + " ON " + strings.ReplaceAll(strings.TrimPrefix(st.Objtype.String(), "OBJECT_"), "_", " "))
	}
	for _, n := range st.Privileges {
		if len(n.GetAccessPriv().GetCols()) > 0 {
			return unsupported(verb + " on columns")
		}
	}
	return nil
}

// grantees are the names of roles, "" for PUBLIC.
func (s *Session) grantees(cat *catalog.Catalog, specs []*pg_query.Node) ([]string, error) {
	var out []string
	for _, n := range specs {
		spec := n.GetRoleSpec()
		if spec.Roletype == pg_query.RoleSpecType_ROLESPEC_PUBLIC {
			out = append(out, "")
			continue
		}
		name := s.roleName(spec)
		if cat.Role(name) == nil {
			return nil, errNoRole(name)
		}
		out = append(out, name)
	}
	return out, nil
}

// grantObjects are the tables and sequences that a statement names, or all of a schema.
func grantObjects(cat *catalog.Catalog, st *pg_query.GrantStmt) (tables []*catalog.Table, sequences []*catalog.Sequence, err error) {
	if st.Targtype == pg_query.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA {
		for _, schema := range names(st.Objects) {
			if schema != "public" {
				return nil, nil, pgerr.New(pgerr.InvalidSchemaName, `schema "%s" does not exist`, schema)
			}
		}
		if st.Objtype == pg_query.ObjectType_OBJECT_TABLE {
			return cat.Tables(), nil, nil
		}
		return nil, cat.Sequences(), nil
	}
	for _, n := range st.Objects {
		rv := n.GetRangeVar()
		if err := public(rv); err != nil {
			return nil, nil, err
		}
		t, q := cat.Table(rv.Relname), cat.Sequence(rv.Relname)
		switch {
		case q != nil: // GRANT ON TABLE takes sequences as well
			sequences = append(sequences, q)
		case t == nil && cat.Index(rv.Relname) != nil:
			return nil, nil, pgerr.New(pgerr.WrongObjectType, `"%s" is an index`, rv.Relname)
		case t == nil:
			return nil, nil, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, rv.Relname)
		case st.Objtype == pg_query.ObjectType_OBJECT_SEQUENCE:
			return nil, nil, pgerr.New(pgerr.WrongObjectType, `"%s" is not a sequence`, rv.Relname)
		default:
			tables = append(tables, t)
		}
	}
	return tables, sequences, nil
}

// grantLetters reads the privileges of a statement; none means ALL.
func grantLetters(st *pg_query.GrantStmt, all, kind string) (string, error) {
	if len(st.Privileges) == 0 {
		return all, nil
	}
	var b strings.Builder
	for _, n := range st.Privileges {
		name := n.GetAccessPriv().GetPrivName()
		letter, ok := privilegeLetters[name]
		switch {
		case !ok && !slices.Contains(knownPrivileges, name):
			return "", pgerr.New(pgerr.SyntaxError, `unrecognized privilege type "%s"`, name)
		case !ok || !strings.Contains(all, letter):
			return "", pgerr.New(pgerr.InvalidGrantOperation, "invalid privilege type %s for %s", strings.ToUpper(name), kind)
		}
		b.WriteString(letter)
	}
	return b.String(), nil
}

// regrant applies a statement to one access list.
func regrant(st *pg_query.GrantStmt, owner string, acl []catalog.Grant, all, privileges string, roles []string) []catalog.Grant {
	for _, role := range roles {
		if st.IsGrant {
			acl = catalog.Granted(owner, acl, all, role, privileges)
		} else {
			acl = catalog.Revoked(owner, acl, all, role, privileges)
		}
	}
	return acl
}

func (s *Session) grantTable(ctx context.Context, t *catalog.Table, st *pg_query.GrantStmt, roles []string) error {
	privileges, err := grantLetters(st, catalog.TablePrivileges, "table")
	if err != nil {
		return err
	}
	if !s.superuser() && s.user() != t.Owner {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for table %s", t.Name)
	}
	newest, _, err := s.db.cat.LockTable(ctx, s.tx.txn, t.Name, lock.AccessExclusive)
	if err != nil {
		return err
	}
	def := newest.Clone()
	def.ACL = regrant(st, t.Owner, newest.ACL, catalog.TablePrivileges, privileges, roles)
	return s.db.cat.AlterTable(ctx, s.tx.txn, def)
}

func (s *Session) grantSequence(ctx context.Context, q *catalog.Sequence, st *pg_query.GrantStmt, roles []string) error {
	privileges, err := grantLetters(st, catalog.SequencePrivileges, "sequence")
	if err != nil {
		return err
	}
	if !s.superuser() && s.user() != q.Owner {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for sequence %s", q.Name)
	}
	newest, _, err := s.db.cat.LockSequence(ctx, s.tx.txn, q.OID, lock.ShareRowExclusive)
	if err != nil {
		return err
	}
	def := newest.Clone()
	def.ACL = regrant(st, q.Owner, newest.ACL, catalog.SequencePrivileges, privileges, roles)
	return s.db.cat.AlterSequence(ctx, s.tx.txn, def)
}
