package session

import (
	"context"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
)

// newOwner checks that the session may give an object to a role: roles are no members of others, so only a superuser gives things away.
func (s *Session) newOwner(spec *pg_query.RoleSpec) (string, error) {
	name := s.roleName(spec)
	cat, err := s.catalog()
	if err != nil {
		return "", err
	}
	if cat.Role(name) == nil {
		return "", errNoRole(name)
	}
	if name != s.user() && !s.superuser() {
		return "", pgerr.New(pgerr.InsufficientPrivilege, `must be member of role "%s"`, name)
	}
	return name, nil
}

func (a *alteration) changeOwner(spec *pg_query.RoleSpec) (err error) {
	a.owner, err = a.s.newOwner(spec)
	if err == nil {
		a.def.ACL = handOver(a.def.ACL, a.def.Owner, a.owner)
		a.def.Owner = a.owner
	}
	return err
}

// storeOwner gives the sequences of the table's columns to its new owner.
func (a *alteration) storeOwner() error {
	if a.owner == "" {
		return nil
	}
	cat, err := a.s.catalog()
	if err != nil {
		return err
	}
	for _, q := range cat.SequencesOf(a.def.OID) {
		if err := a.s.giveSequence(a.ctx, q, a.owner); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) giveSequence(ctx context.Context, q *catalog.Sequence, owner string) error {
	def := q.Clone()
	def.ACL, def.Owner = handOver(q.ACL, q.Owner, owner), owner
	return s.db.cat.AlterSequence(ctx, s.tx.txn, def)
}

// handOver puts the new owner in the old one's place in an access list.
func handOver(acl []catalog.Grant, from, to string) []catalog.Grant {
	var out []catalog.Grant
	for _, g := range acl {
		if g.Role == from {
			g.Role = to
		}
		if g.Grantor == from {
			g.Grantor = to
		}
		if i := slices.IndexFunc(out, func(o catalog.Grant) bool { return o.Role == g.Role && o.Grantor == g.Grantor }); i >= 0 {
			out[i].Privileges = joinPrivileges(out[i].Privileges, g.Privileges)
			continue
		}
		out = append(out, g)
	}
	return out
}

// joinPrivileges has the letters of both, in the order of aclitem.
func joinPrivileges(a, b string) string {
	var out strings.Builder
	for _, letter := range "arwdDxtU" {
		if strings.ContainsRune(a, letter) || strings.ContainsRune(b, letter) {
			out.WriteRune(letter)
		}
	}
	return out.String()
}

// alterOtherRelation runs what ALTER TABLE or ALTER SEQUENCE may do to a sequence beside its options.
func (s *Session) alterOtherRelation(ctx context.Context, q *catalog.Sequence, st *pg_query.AlterTableStmt) error {
	for _, n := range st.Cmds {
		cmd := n.GetAlterTableCmd()
		switch cmd.Subtype {
		case pg_query.AlterTableType_AT_ChangeOwner:
		case pg_query.AlterTableType_AT_SetLogged, pg_query.AlterTableType_AT_SetUnLogged:
			return unsupported("ALTER SEQUENCE … " + actionName(cmd.Subtype))
		default:
			return refuseOn(st, q.Name, "sequences")
		}
		owner, err := s.newOwner(cmd.Newowner)
		if err != nil {
			return err
		}
		cat, err := s.catalog()
		if err != nil {
			return err
		}
		if t := cat.TableByOID(q.OwnedBy.Table); t != nil && owner != q.Owner {
			return pgerr.New(pgerr.FeatureNotSupported, `cannot change owner of sequence "%s"`, q.Name).
				WithDetail(`Sequence "%s" is linked to table "%s".`, q.Name, t.Name)
		}
		if err := s.giveSequence(ctx, q, owner); err != nil {
			return err
		}
	}
	return nil
}

// refuseOn is the error for an action on a relation that is no table.
func refuseOn(st *pg_query.AlterTableStmt, name, kind string) error {
	action := st.Cmds[0].GetAlterTableCmd().GetSubtype()
	return pgerr.New(pgerr.WrongObjectType, `ALTER action %s cannot be performed on relation "%s"`, actionName(action), name).
		WithDetail("This operation is not supported for %s.", kind)
}

// actionNames are PostgreSQL's words for the actions of ALTER TABLE, where the name of the node does not tell them.
var actionNames = map[pg_query.AlterTableType]string{
	pg_query.AlterTableType_AT_ColumnDefault: "ALTER COLUMN ... SET DEFAULT", pg_query.AlterTableType_AT_DropNotNull: "ALTER COLUMN ... DROP NOT NULL",
	pg_query.AlterTableType_AT_SetNotNull: "ALTER COLUMN ... SET NOT NULL", pg_query.AlterTableType_AT_SetStatistics: "ALTER COLUMN ... SET STATISTICS",
	pg_query.AlterTableType_AT_SetOptions: "ALTER COLUMN ... SET", pg_query.AlterTableType_AT_ResetOptions: "ALTER COLUMN ... RESET",
	pg_query.AlterTableType_AT_SetStorage: "ALTER COLUMN ... SET STORAGE", pg_query.AlterTableType_AT_SetCompression: "ALTER COLUMN ... SET COMPRESSION",
	pg_query.AlterTableType_AT_AlterColumnType: "ALTER COLUMN ... SET DATA TYPE", pg_query.AlterTableType_AT_SetExpression: "ALTER COLUMN ... SET EXPRESSION",
	pg_query.AlterTableType_AT_DropExpression: "ALTER COLUMN ... DROP EXPRESSION", pg_query.AlterTableType_AT_AddIdentity: "ALTER COLUMN ... ADD IDENTITY",
	pg_query.AlterTableType_AT_SetIdentity: "ALTER COLUMN ... SET", pg_query.AlterTableType_AT_DropIdentity: "ALTER COLUMN ... DROP IDENTITY",
	pg_query.AlterTableType_AT_ChangeOwner: "OWNER TO", pg_query.AlterTableType_AT_ClusterOn: "CLUSTER ON", pg_query.AlterTableType_AT_DropCluster: "SET WITHOUT CLUSTER",
	pg_query.AlterTableType_AT_SetUnLogged: "SET UNLOGGED", pg_query.AlterTableType_AT_SetRelOptions: "SET", pg_query.AlterTableType_AT_ResetRelOptions: "RESET",
	pg_query.AlterTableType_AT_AddInherit: "INHERIT", pg_query.AlterTableType_AT_DropInherit: "NO INHERIT", pg_query.AlterTableType_AT_SetTableSpace: "SET TABLESPACE",
	pg_query.AlterTableType_AT_EnableTrig: "ENABLE TRIGGER", pg_query.AlterTableType_AT_EnableTrigAll: "ENABLE TRIGGER ALL", pg_query.AlterTableType_AT_EnableTrigUser: "ENABLE TRIGGER USER",
	pg_query.AlterTableType_AT_DisableTrig: "DISABLE TRIGGER", pg_query.AlterTableType_AT_DisableTrigAll: "DISABLE TRIGGER ALL", pg_query.AlterTableType_AT_DisableTrigUser: "DISABLE TRIGGER USER",
}

func actionName(t pg_query.AlterTableType) string {
	if name := actionNames[t]; name != "" {
		return name
	}
	return words(t.String()[len("AT_"):])
}
