package maintain

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// Deps are what the statements work with. A Deps is shared by all sessions.
type Deps struct {
	Engine *engine.Engine
	AMs    am.Registry
	Log    zerolog.Logger
	// Database is the name that messages show before a table's: "postgres" if empty.
	Database string
	// WorkMem is the number of bytes that the build of an index may use for sorting; 0 leaves it to the access method. It is a
	// session's setting, so a session works with a copy of the Deps.
	WorkMem int64
	// Seed makes the samples of ANALYZE repeatable; 0 draws anew each time.
	Seed uint64
}

// Notice takes a message for the client; it may be nil.
type Notice func(*pgerr.Error)

func (n Notice) send(e *pgerr.Error) {
	if n != nil {
		n(e)
	}
}

func (n Notice) info(format string, args ...any) {
	n.send(&pgerr.Error{Code: pgerr.SuccessfulCompletion, Severity: pgerr.SeverityInfo, Message: fmt.Sprintf(format, args...)})
}

// label is a table's name in messages.
func (d *Deps) label(table string) string {
	db := d.Database
	if db == "" {
		db = "postgres"
	}
	return fmt.Sprintf("%q", db+".public."+table)
}

// indexMethod is an index together with its access method.
type indexMethod struct {
	def    *catalog.Index
	method am.Method
}

// methods finds the access methods of all indexes of a table, or fails (M1).
func (d *Deps) methods(c *catalog.Catalog, table *catalog.Table) ([]indexMethod, error) {
	var out []indexMethod
	for _, i := range c.IndexesOf(table.OID) {
		m, err := d.method(c, i)
		if err != nil {
			return nil, err
		}
		out = append(out, indexMethod{i, m})
	}
	return out, nil
}

// method finds an index's access method by the plugin that the catalog names.
func (d *Deps) method(c *catalog.Catalog, i *catalog.Index) (am.Method, error) {
	about := c.AccessMethod(i.AM)
	if about == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", i.AM).
			WithHint("Create it with CREATE ACCESS METHOD %s TYPE INDEX HANDLER %s.", i.AM, i.AM).Because(am.ErrUnknown)
	}
	m, err := d.AMs.Lookup(about.Plugin)
	return m, within(err, "index %q needs access method %q", i.Name, i.AM)
}

// table locks a table by OID and returns its newest state; nil if it is gone.
func (d *Deps) table(ctx context.Context, t *xact.Txn, oid uint32, mode lock.Mode) (*catalog.Table, *catalog.Catalog, error) {
	if err := d.Engine.Locks.Acquire(ctx, t.Owner(), lock.Relation(oid), mode); err != nil {
		return nil, nil, err
	}
	if err := d.Engine.Xact.Settle(ctx); err != nil {
		return nil, nil, err
	}
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return nil, nil, err
	}
	return c.TableByOID(oid), c, nil
}
