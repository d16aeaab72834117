package session

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/scram"
)

func (s *Session) createRole(ctx context.Context, st *pg_query.CreateRoleStmt) error {
	if !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to create role").WithHint("Must be superuser to create roles.")
	}
	def := &catalog.Role{Name: st.Role, Login: st.StmtType == pg_query.RoleStmtType_ROLESTMT_USER}
	if st.StmtType == pg_query.RoleStmtType_ROLESTMT_GROUP {
		return unsupported("CREATE GROUP")
	}
	if err := roleOptions(def, st.Options); err != nil {
		return err
	}
	return s.db.cat.CreateRole(ctx, s.tx.txn, def)
}

// roleOptions applies the options of CREATE and ALTER ROLE.
func roleOptions(def *catalog.Role, options []*pg_query.Node) error {
	for _, n := range options {
		d := n.GetDefElem()
		on := true
		if d.Defname != "password" && d.Arg != nil {
			var err error
			if on, err = optionBool(d); err != nil {
				return unsupported("role option " + d.Defname)
			}
		}
		switch d.Defname {
		case "password":
			text, set := optionText(d.Arg)
			if !set {
				def.Verifier = ""
				continue
			}
			v, err := verifier(text)
			if err != nil {
				return err
			}
			def.Verifier = v
		case "superuser":
			def.Superuser = on
		case "canlogin":
			def.Login = on
		case "isreplication":
			def.Replication = on
		case "createrole", "createdb", "bypassrls":
			if on {
				return unsupported("role option " + d.Defname)
			}
		case "inherit":
		default:
			return unsupported("role option " + d.Defname)
		}
	}
	return nil
}

// verifier is what is stored of a password. A text that is a verifier already is stored as it is, as PostgreSQL does.
func verifier(password string) (string, error) {
	if _, err := scram.Parse(password); err == nil {
		return password, nil
	}
	v, err := scram.NewVerifier(password)
	if err != nil {
		return "", pgerr.New(pgerr.InternalError, "password: %w", err)
	}
	return v, nil
}

func (s *Session) alterRole(ctx context.Context, st *pg_query.AlterRoleStmt) error {
	name := s.roleName(st.Role)
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	role := cat.Role(name)
	if role == nil {
		return errNoRole(name)
	}
	if !s.superuser() {
		own := name == s.user() && len(st.Options) == 1 && st.Options[0].GetDefElem().Defname == "password"
		if !own {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to alter role").
				WithHint("A role that is no superuser may change its own password only.")
		}
	}
	def := role.Clone()
	if err := roleOptions(def, st.Options); err != nil {
		return err
	}
	return s.db.cat.AlterRole(ctx, s.tx.txn, def)
}

func (s *Session) dropRole(ctx context.Context, st *pg_query.DropRoleStmt) error {
	if !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to drop role").WithHint("Must be superuser to drop roles.")
	}
	for _, n := range st.Roles {
		name := s.roleName(n.GetRoleSpec())
		cat, err := s.db.cat.Current(s.tx.txn)
		if err != nil {
			return err
		}
		if cat.Role(name) == nil {
			if st.MissingOk {
				s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `role "%s" does not exist, skipping`, name))
				continue
			}
			return errNoRole(name)
		}
		if name == s.user() || name == s.identity().session {
			return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
		}
		if err := s.db.cat.DropRole(ctx, s.tx.txn, name); err != nil {
			return err
		}
	}
	return nil
}
