package maintain

import (
	"context"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// CreateIndex makes an index and fills it. def has Name, AM, Columns, Given and Unique set; columns without an operator class get the
// access method's default one. OID, files, Options and Stats are filled in. table is the newest state of a table that the
// transaction has locked with Share at least.
func (d *Deps) CreateIndex(ctx context.Context, t *xact.Txn, table *catalog.Table, def *catalog.Index, progress Progress) error {
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return err
	}
	method, err := d.method(c, def)
	if err != nil {
		return err
	}
	if err := resolveColumns(method.Describe(), def); err != nil {
		return err
	}
	def.Table, def.Unlogged = table.OID, table.Unlogged
	if def.Options, err = method.ValidateOptions(ctx, def.Describe(table.Rel).Columns, def.Given); err != nil {
		return err
	}
	empty, err := d.BuildEmpty(ctx, table, def, method)
	if err != nil {
		return err
	}
	if err := d.Engine.Catalog.CreateIndex(ctx, t, def, empty); err != nil {
		return err
	}
	built, err := d.BuildIndex(ctx, t, table, def, method, progress)
	if err != nil {
		return err
	}
	def.Stats = catalog.Stats{Pages: built.Pages, Tuples: float64(built.Rows)}
	if err := d.Engine.Catalog.SetBuiltBy(ctx, t, def.OID, def.BuiltBy); err != nil {
		return err
	}
	return d.storeBuilt(ctx, t, table.OID, def)
}

// storeBuilt stores the size of a new index. The table's size is stored as well if that disturbs nobody: two indexes may be
// built at the same time (M6).
func (d *Deps) storeBuilt(ctx context.Context, t *xact.Txn, oid uint32, index *catalog.Index) error {
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return err
	}
	table := c.TableByOID(oid)
	if table == nil {
		return noTable(oid)
	}
	stats := table.Stats
	if d.Engine.Locks.TryAcquire(t.Owner(), lock.Relation(oid), lock.ShareUpdateExclusive) {
		n, err := d.length(table.Rel)
		if err != nil {
			return err
		}
		stats = catalog.Stats{Pages: n, Tuples: index.Stats.Tuples}
	}
	return d.Engine.Catalog.SetStats(ctx, t, oid, stats, nil, map[uint32]catalog.Stats{index.OID: index.Stats})
}

// maxColumns is PostgreSQL's limit, for access methods that have none of their own.
const maxColumns = 32

// resolveColumns chooses operator classes, and refuses what the access method says it cannot do. A varchar without a class of its own
// is indexed as text, whose bytes it has.
func resolveColumns(about am.Description, def *catalog.Index) error {
	limit := about.Caps.MaxColumns
	if limit <= 0 {
		limit = maxColumns
	}
	switch {
	case len(def.Columns) > limit:
		return pgerr.New(pgerr.TooManyColumns, "cannot use more than %d columns in an index", limit)
	case def.Unique && !about.Caps.Unique:
		return pgerr.New(pgerr.FeatureNotSupported, "access method %q does not support unique indexes", def.AM)
	case len(def.Columns) > 1 && !about.Caps.MultiColumn:
		return pgerr.New(pgerr.FeatureNotSupported, "access method %q does not support multicolumn indexes", def.AM)
	}
	for i := range def.Columns {
		c := &def.Columns[i]
		if (c.Desc || c.NullsFirst) && !about.Caps.Ordered {
			return pgerr.New(pgerr.FeatureNotSupported, "access method %q does not support ASC/DESC options", def.AM)
		}
		class := about.OpClassFor(c.OpClass, c.Type)
		if class == nil && c.Type == datum.Varchar {
			if class = about.OpClassFor(c.OpClass, datum.Text); class != nil {
				c.Type = datum.Text
			}
		}
		if class == nil {
			return noOpClass(about, def.AM, c)
		}
		c.OpClass = class.Name
	}
	return nil
}

func noOpClass(about am.Description, method string, c *catalog.IndexColumn) error {
	typ := typeName(c)
	if c.OpClass == "" {
		return pgerr.New(pgerr.UndefinedObject, "data type %s has no default operator class for access method %q", typ, method).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	}
	for i := range about.OpClasses {
		if about.OpClasses[i].Name == c.OpClass {
			return pgerr.New(pgerr.DatatypeMismatch, "operator class %q does not accept data type %s", c.OpClass, typ)
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "operator class %q does not exist for access method %q", c.OpClass, method)
}

func typeName(c *catalog.IndexColumn) string { return datum.Type{OID: c.Type}.String() }
