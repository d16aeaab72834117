package session

import (
	"context"
	"errors"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/pgerr"
)

// createAccessMethod makes a plugin known under a name: its file's SHA-256 is pinned, and its description kept.
func (s *Session) createAccessMethod(ctx context.Context, st *pg_query.CreateAmStmt) error {
	if st.Amtype != "i" {
		return unsupported("CREATE ACCESS METHOD … TYPE TABLE")
	}
	handler := names(st.HandlerName)
	return s.addAccessMethod(ctx, st.Amname, handler[len(handler)-1])
}

func (s *Session) addAccessMethod(ctx context.Context, name, plugin string) error {
	if !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, `permission denied to create access method "%s"`, name).
			WithHint("Must be superuser to create an access method.")
	}
	def, err := s.pinned(name, plugin)
	if err == nil {
		err = s.db.cat.CreateAccessMethod(ctx, s.tx.txn, def)
	}
	if err != nil {
		s.unpin(plugin)
	}
	return err
}

// unpin gives a plugin the pin back that the catalog knows, none if no access method uses it.
func (s *Session) unpin(plugin string) {
	if s.db.cfg.Repin == nil {
		return
	}
	sum := ""
	if cat, err := s.db.cat.Current(s.tx.txn); err == nil {
		for _, m := range cat.AccessMethods() {
			if m.Plugin == plugin {
				sum = m.SHA256
			}
		}
	}
	s.db.cfg.Repin(plugin, sum)
}

// pinned describes a plugin as an access method; its file's SHA-256 is laid down.
func (s *Session) pinned(name, plugin string) (*catalog.AccessMethod, error) {
	def := &catalog.AccessMethod{Name: name, Plugin: plugin}
	if s.db.cfg.Pin != nil {
		found, sum, err := s.db.cfg.Pin(plugin)
		if err != nil {
			return nil, noPlugin(plugin, err)
		}
		def.Plugin, def.SHA256 = found, sum
		plugin = found
	}
	method, err := s.db.ams.Lookup(plugin)
	if err != nil {
		return nil, noPlugin(plugin, err)
	}
	def.Description = method.Describe()
	return def, nil
}

// defaultMethod is the access method of an index that names none, and of PRIMARY KEY and UNIQUE.
const defaultMethod = "btree"

// knowMethod makes the default access method known at its first use, as if a superuser had created it: PostgreSQL's users expect
// PRIMARY KEY to work in a new database. Others, and a plugin directory without it, are left to the error of who needs them.
func (s *Session) knowMethod(ctx context.Context, name string) error {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil || name != defaultMethod || cat.AccessMethod(name) != nil {
		return err
	}
	def, err := s.pinned(name, name)
	if err != nil {
		return pgerr.New(pgerr.UndefinedObject, `access method "%s" does not exist`, name).
			WithHint(`PRIMARY KEY, UNIQUE and indexes without USING need the plugin "%s": put its program into the plugin directory. %s`, name, pgerr.From(err).Hint).Because(err)
	}
	err = s.db.cat.CreateAccessMethod(ctx, s.tx.txn, def)
	if pgerr.Is(err, pgerr.DuplicateObject) { // another session was first
		return nil
	}
	return err
}

// noPlugin says that the handler of a CREATE ACCESS METHOD is missing.
func noPlugin(plugin string, err error) error {
	if errors.Is(err, am.ErrUnknown) {
		return pgerr.New(pgerr.UndefinedFunction, `plugin "%s" does not exist: %w`, plugin, err).WithHint("%s", pgerr.From(err).Hint)
	}
	return err
}

// dropAccessMethod forgets an access method and lifts its pin.
func (s *Session) dropAccessMethod(ctx context.Context, cat *catalog.Catalog, name string, behavior pg_query.DropBehavior) error {
	if !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, `must be owner of access method %s`, name)
	}
	if behavior == pg_query.DropBehavior_DROP_CASCADE {
		for _, i := range cat.Indexes() {
			if i.AM != name {
				continue
			}
			s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, "drop cascades to index %s", i.Name))
			if err := s.db.cat.DropIndex(ctx, s.tx.txn, i.OID); err != nil {
				return err
			}
		}
	}
	return s.db.cat.DropAccessMethod(ctx, s.tx.txn, name)
}

// createExtension is another word for CREATE ACCESS METHOD of the same name.
func (s *Session) createExtension(ctx context.Context, st *pg_query.CreateExtensionStmt) error {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	for _, o := range st.Options {
		if d := o.GetDefElem(); d.Defname != "schema" && d.Defname != "cascade" {
			return unsupported("CREATE EXTENSION … " + d.Defname)
		}
	}
	if cat.AccessMethod(st.Extname) != nil {
		if st.IfNotExists {
			s.notice(pgerr.Notice(pgerr.DuplicateObject, `extension "%s" already exists, skipping`, st.Extname))
			return nil
		}
		return pgerr.New(pgerr.DuplicateObject, `extension "%s" already exists`, st.Extname)
	}
	err = s.addAccessMethod(ctx, st.Extname, st.Extname)
	if errors.Is(err, am.ErrUnknown) {
		return pgerr.New(pgerr.FeatureNotSupported, `extension "%s" is not available`, st.Extname).
			WithHint("Extensions are access method plugins. %s", pgerr.From(errors.Unwrap(err)).Hint).Because(err)
	}
	return err
}
