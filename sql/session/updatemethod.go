package session

import (
	"context"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
)

// updateExtension runs ALTER EXTENSION … UPDATE: the plugin's file as it is now is accepted, by a new pin, for the indexes that are there. What
// they need of the method is asked of the new description first; whether the new program reads the old pages is its author's promise.
// It does not run in a transaction block, since a running plugin cannot be taken back by ROLLBACK.
func (s *Session) updateExtension(ctx context.Context, st *pg_query.AlterExtensionStmt) error {
	if err := s.noBlock("ALTER EXTENSION … UPDATE"); err != nil {
		return err
	}
	if !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, "must be owner of extension %s", st.Extname)
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	old := cat.AccessMethod(st.Extname)
	if old == nil {
		return pgerr.New(pgerr.UndefinedObject, `extension "%s" does not exist`, st.Extname)
	}
	def, err := s.pinned(old.Name, old.Plugin)
	if err == nil {
		if err = s.fits(ctx, cat, def, st.Options); err == nil {
			err = s.db.cat.AlterAccessMethod(ctx, s.tx.txn, def)
		}
	}
	if err != nil {
		s.unpin(old.Plugin)
	}
	return err
}

// fits checks that a method's new description has what its indexes use.
func (s *Session) fits(ctx context.Context, cat *catalog.Catalog, def *catalog.AccessMethod, options []*pg_query.Node) error {
	d := &def.Description
	for _, o := range options {
		if want, _ := optionText(o.GetDefElem().Arg); want != d.Version {
			return pgerr.New(pgerr.InvalidParameterValue, `extension "%s" has no update to version "%s"`, def.Name, want).
				WithHint("The plugin's file is of version %q.", d.Version)
		}
	}
	method, err := s.db.ams.Lookup(def.Plugin)
	if err != nil {
		return err
	}
	for _, x := range cat.Indexes() {
		if x.AM != def.Name {
			continue
		}
		lacks := lacking(cat.AccessMethod(def.Name).Description, *d, x)
		if lacks == "" {
			if _, err := method.ValidateOptions(ctx, x.Describe(0).Columns, x.Given); err != nil {
				lacks = pgerr.From(err).Message
			}
		}
		if lacks != "" {
			return pgerr.New(pgerr.DependentObjectsStillExist, `cannot update extension "%s": index "%s" does not fit the new version`, def.Name, x.Name).
				WithDetail("%s", lacks).WithHint("Put the old file back, or drop the index first.")
		}
	}
	return nil
}

// lacking names the first thing that an index uses and the new description does not have.
func lacking(was, is am.Description, x *catalog.Index) string {
	switch {
	case x.Unique && !is.Caps.Unique:
		return "It keeps rows unique no more."
	case is.Caps.MaxColumns > 0 && len(x.Columns) > is.Caps.MaxColumns:
		return "It has fewer columns."
	case was.Caps.Ordered && !is.Caps.Ordered && slices.ContainsFunc(x.Columns, func(c catalog.IndexColumn) bool { return c.Desc || c.NullsFirst }):
		return "It keeps rows in order no more."
	}
	for _, c := range x.Columns {
		before, now := was.OpClassFor(c.OpClass, c.Type), is.OpClassFor(c.OpClass, c.Type)
		if before == nil {
			continue
		}
		if now == nil || now.Name != before.Name {
			return "It has no operator class " + before.Name + " for column " + c.Name + "."
		}
		for _, op := range before.Operators {
			if !now.Supports(op) {
				return "Its operator class " + now.Name + " lacks the operator " + op + "."
			}
		}
	}
	return ""
}
