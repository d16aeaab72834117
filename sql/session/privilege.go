package session

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/plan"
)

// need is what a statement asks of a table: letters of aclitem, all of them.
type need struct {
	table      uint32
	privileges string
}

// needsOf lists what a planned statement asks: SELECT of whatever it reads, and its own privilege of the table that it changes, with
// SELECT if it looks at that one's columns, too.
func needsOf(n *pg_query.Node, pl *plan.Plan) []need {
	var out []need
	lock := ""
	if n.GetSelectStmt() != nil && locksRows(n.ProtoReflect()) {
		lock = "w"
	}
	for _, t := range pl.Tables {
		if t.View == nil && (pl.Writes == nil || t.OID != pl.Writes.OID) {
			out = append(out, need{t.OID, "r" + lock})
		}
	}
	if pl.Writes == nil {
		return out
	}
	w := need{table: pl.Writes.OID}
	var target *pg_query.RangeVar
	switch n := n.Node.(type) {
	case *pg_query.Node_InsertStmt:
		w.privileges, target = "a", n.InsertStmt.Relation
		if c := n.InsertStmt.OnConflictClause; c != nil {
			w.privileges += "r"
			if c.Action == pg_query.OnConflictAction_ONCONFLICT_UPDATE {
				w.privileges += "w"
			}
		}
		if len(n.InsertStmt.ReturningList) > 0 {
			w.privileges += "r"
		}
	case *pg_query.Node_UpdateStmt:
		w.privileges, target = "w", n.UpdateStmt.Relation
	case *pg_query.Node_DeleteStmt:
		w.privileges, target = "d", n.DeleteStmt.Relation
	}
	if n.GetInsertStmt() == nil && readsColumns(n.ProtoReflect()) || mentions(n.ProtoReflect(), target) > 1 {
		w.privileges += "r"
	}
	return append(out, w)
}

// readsColumns reports whether a column is named anywhere below m other than as the target of an assignment.
func readsColumns(m protoreflect.Message) bool {
	return anyMessage(m, func(x protoreflect.Message) bool { _, ok := x.Interface().(*pg_query.ColumnRef); return ok })
}

// locksRows reports whether FOR UPDATE or one of its kin stands anywhere below m.
func locksRows(m protoreflect.Message) bool {
	return anyMessage(m, func(x protoreflect.Message) bool { _, ok := x.Interface().(*pg_query.LockingClause); return ok })
}

// mentions counts the places below m where a relation of the target's name stands.
func mentions(m protoreflect.Message, target *pg_query.RangeVar) (n int) {
	anyMessage(m, func(x protoreflect.Message) bool {
		if rv, ok := x.Interface().(*pg_query.RangeVar); ok && target != nil && rv.Relname == target.Relname {
			n++
		}
		return false
	})
	return n
}

// anyMessage reports whether found says yes to m or to a message within it.
func anyMessage(m protoreflect.Message, found func(protoreflect.Message) bool) bool {
	if found(m) {
		return true
	}
	yes := false
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := 0; i < v.List().Len() && !yes; i++ {
				yes = anyMessage(v.List().Get(i).Message(), found)
			}
		default:
			yes = anyMessage(v.Message(), found)
		}
		return !yes
	})
	return yes
}

// permit checks the privileges that a plan of p needs.
func (s *Session) permit(p *prepared, pl *plan.Plan) error {
	if s.superuser() {
		return nil
	}
	if p.needsOf != pl {
		p.needs, p.needsOf = needsOf(p.stmt.Node, pl), pl
	}
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	for _, n := range p.needs {
		if t := cat.TableByOID(n.table); t != nil {
			if err := s.permitTable(t, n.privileges); err != nil {
				return err
			}
		}
	}
	return nil
}

// permitTable checks privileges on one table; all of them are needed.
func (s *Session) permitTable(t *catalog.Table, privileges string) error {
	if s.superuser() {
		return nil
	}
	held := catalog.Held(t.Owner, t.ACL, catalog.TablePrivileges, s.user())
	for i := range len(privileges) {
		if strings.IndexByte(held, privileges[i]) < 0 {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for table %s", t.Name)
		}
	}
	return nil
}

// permitSequence checks that the user has one of some privileges on a sequence.
func (s *Session) permitSequence(q *catalog.Sequence, privileges string) error {
	if s.superuser() || strings.ContainsAny(catalog.Held(q.Owner, q.ACL, catalog.SequencePrivileges, s.user()), privileges) {
		return nil
	}
	return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for sequence %s", q.Name)
}

// mustOwn checks that the user owns an object; kind is its word in messages.
func (s *Session) mustOwn(kind, name, owner string) error {
	if s.superuser() || owner == s.user() {
		return nil
	}
	return pgerr.New(pgerr.InsufficientPrivilege, "must be owner of %s %s", kind, name)
}
