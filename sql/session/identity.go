package session

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

// identity is on whose behalf the session acts, read from the settings once for each version of them, so that an abort gives it back
// with them.
type identity struct {
	from    uint64
	known   bool
	session string // SET SESSION AUTHORIZATION, or who has logged in
	current string // SET ROLE, or the session's user
	super   bool   // the current role
}

// noRole is SET ROLE NONE.
const noRole = "none"

func (s *Session) identity() *identity {
	if v := s.settings.Version(); !s.who.known || s.who.from != v {
		s.who = identity{from: v, known: true, session: s.settings.Text("session_authorization"), super: s.settings.Bool("is_superuser")}
		s.who.current = s.who.session
		if role := s.settings.Text("role"); role != noRole {
			s.who.current = role
		}
	}
	return &s.who
}

// user is the role whose rights count.
func (s *Session) user() string { return s.identity().current }

// superuser reports whether that role may do everything.
func (s *Session) superuser() bool { return s.identity().super }

// setRole runs SET ROLE. Without memberships, a role other than the session's user is for superusers.
func (s *Session) setRole(name string, local bool) error {
	me := s.identity().session
	master, err := s.isSuperuser(me)
	if err != nil {
		return err
	}
	if name == noRole {
		s.become(me, noRole, master, local)
		return nil
	}
	super, err := s.isSuperuser(name)
	if err != nil {
		return err
	}
	if name != me && !master {
		return pgerr.New(pgerr.InsufficientPrivilege, `permission denied to set role "%s"`, name)
	}
	s.become(me, name, super, local)
	return nil
}

// setSessionUser runs SET SESSION AUTHORIZATION, which who has logged in as a superuser may.
func (s *Session) setSessionUser(name string, local bool) error {
	super, err := s.isSuperuser(name)
	if err != nil {
		return err
	}
	if name != s.params.User && !s.params.Superuser {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set session authorization")
	}
	s.become(name, noRole, super, local)
	return nil
}

func (s *Session) become(session, role string, super, local bool) {
	s.settings.Put("session_authorization", session, local)
	s.settings.Put("role", role, local)
	s.settings.Put("is_superuser", onOff(super), local)
}

func (s *Session) isSuperuser(name string) (bool, error) {
	if name == s.params.User {
		return s.params.Superuser, nil
	}
	cat, err := s.catalog()
	if err != nil {
		return false, err
	}
	r := cat.Role(name)
	if r == nil {
		return false, errNoRole(name)
	}
	return r.Superuser, nil
}

func errNoRole(name string) error {
	return pgerr.New(pgerr.UndefinedObject, `role "%s" does not exist`, name)
}

// roleName is the role that a statement names, by its name or as the current or session user.
func (s *Session) roleName(spec *pg_query.RoleSpec) string {
	switch spec.Roletype {
	case pg_query.RoleSpecType_ROLESPEC_CSTRING:
		return spec.Rolename
	case pg_query.RoleSpecType_ROLESPEC_SESSION_USER:
		return s.identity().session
	}
	return s.user()
}
