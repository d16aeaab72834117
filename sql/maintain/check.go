package maintain

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// Check looks a table with its indexes over, or one index, or the catalog (OID 1), or the commit status (OID 2), whose pages only have
// to be readable, and reports every problem found. Problems are not errors; an access method that is not available is one. Readers
// and writers go on meanwhile.
func (d *Deps) Check(ctx context.Context, t *xact.Txn, oid uint32, report func(problem string)) error {
	switch oid {
	case uint32(catalog.Rel):
		return d.Engine.Heap.Check(ctx, catalog.Relation(), nil, report)
	case uint32(xact.StatusRel):
		if _, _, err := d.Engine.RelationDigest(page.RelFile{Rel: xact.StatusRel}); err != nil {
			report(err.Error())
		}
		return nil
	}
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return err
	}
	owner, one := oid, c.IndexByOID(oid)
	if one != nil {
		owner = one.Table
	}
	table, c, err := d.table(ctx, t, owner, lock.AccessShare)
	if err != nil {
		return err
	}
	if table == nil {
		return noTable(oid)
	}
	if one != nil {
		if one = c.IndexByOID(oid); one == nil {
			return noIndex(oid)
		}
		return d.CheckIndex(ctx, c, one, report)
	}
	if err := d.Engine.Heap.Check(ctx, table.Heap(), table.RowCheck(), report); err != nil {
		return err
	}
	for _, i := range c.IndexesOf(owner) {
		if err := d.CheckIndex(ctx, c, i, report); err != nil {
			return err
		}
	}
	return nil
}

// CheckIndex has an index's access method look it over.
func (d *Deps) CheckIndex(ctx context.Context, c *catalog.Catalog, i *catalog.Index, report func(problem string)) error {
	table := c.TableByOID(i.Table)
	if table == nil {
		return noTable(i.Table)
	}
	m, err := d.method(c, i)
	if err != nil {
		return err
	}
	err = m.Check(ctx, i.Describe(table.Rel), func(problem string) {
		report(fmt.Sprintf("index %s: %s", i.Name, problem))
	})
	return within(err, "check index %q", i.Name)
}

// CheckBTree looks a B-tree index over for bt_index_check, and reports every problem found; with rows it also looks for every row of
// the table that is committed when it begins. Readers and writers go on meanwhile.
func (d *Deps) CheckBTree(ctx context.Context, t *xact.Txn, oid uint32, rows bool, report func(problem string)) error {
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return err
	}
	i := c.IndexByOID(oid)
	if i == nil {
		if table := c.TableByOID(oid); table != nil {
			return pgerr.New(pgerr.WrongObjectType, "%q is not an index", table.Name)
		}
		return noIndex(oid)
	}
	if _, c, err = d.table(ctx, t, i.Table, lock.AccessShare); err != nil {
		return err
	}
	if i = c.IndexByOID(oid); i == nil {
		return noIndex(oid)
	}
	if i.AM != "btree" {
		return pgerr.New(pgerr.FeatureNotSupported, "only B-Tree indexes are supported as targets for verification").
			WithDetail("Relation %q is not a B-Tree index.", i.Name).WithHint("Use quire_check.")
	}
	sound := true
	if err := d.CheckIndex(ctx, c, i, func(problem string) { sound = false; report(problem) }); err != nil || !rows || !sound {
		return err
	}
	snap := t.Latest()
	defer snap.Release()
	_, err = d.CompareEntries(ctx, c, i, snap, report)
	return err
}
