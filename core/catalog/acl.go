package catalog

import (
	"slices"
	"strings"
)

// The privileges on each kind of object, as the letters of PostgreSQL's aclitem: a INSERT, r SELECT, w UPDATE, d DELETE, D TRUNCATE,
// x REFERENCES, t TRIGGER, U USAGE.
const (
	TablePrivileges    = "arwdDxt"
	SequencePrivileges = "rwU"
)

// Held returns the privileges that a role has on an object with this owner and access list; all are those of its kind. What
// PUBLIC has, everybody has.
func Held(owner string, acl []Grant, all, role string) string {
	if acl == nil {
		if role == owner {
			return all
		}
		return ""
	}
	return letters(all, func(p byte) bool {
		return slices.ContainsFunc(acl, func(g Grant) bool {
			return (g.Role == role || g.Role == "") && strings.IndexByte(g.Privileges, p) >= 0
		})
	})
}

// Granted returns the access list with privileges added for a role, "" for PUBLIC. acl is not changed.
func Granted(owner string, acl []Grant, all, role, privileges string) []Grant {
	return regrant(owner, acl, all, role, func(p byte, had bool) bool { return had || strings.IndexByte(privileges, p) >= 0 })
}

// Revoked returns the access list with privileges taken from a role, "" for PUBLIC. acl is not changed.
func Revoked(owner string, acl []Grant, all, role, privileges string) []Grant {
	return regrant(owner, acl, all, role, func(p byte, had bool) bool { return had && strings.IndexByte(privileges, p) < 0 })
}

// regrant gives a role the privileges that keep chooses. The owner's entry stays even when it is empty: a list of no entries is the
// default, under which the owner has everything.
func regrant(owner string, acl []Grant, all, role string, keep func(p byte, had bool) bool) []Grant {
	if acl == nil {
		acl = []Grant{{Role: owner, Privileges: all, Grantor: owner}}
	}
	acl = slices.Clone(acl)
	i := slices.IndexFunc(acl, func(g Grant) bool { return g.Role == role })
	if i < 0 {
		i = len(acl)
		acl = append(acl, Grant{Role: role, Grantor: owner})
	}
	had := acl[i].Privileges
	acl[i].Privileges = letters(all, func(p byte) bool { return keep(p, strings.IndexByte(had, p) >= 0) })
	if acl[i].Privileges == "" && role != owner {
		acl = slices.Delete(acl, i, i+1)
	}
	return acl
}

func letters(all string, keep func(p byte) bool) string {
	var b strings.Builder
	for i := range len(all) {
		if keep(all[i]) {
			b.WriteByte(all[i])
		}
	}
	return b.String()
}

// Mentions reports whether an access list has an entry for a role.
func Mentions(acl []Grant, role string) bool {
	return slices.ContainsFunc(acl, func(g Grant) bool { return g.Role == role })
}
