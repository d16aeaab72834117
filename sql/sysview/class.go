package sysview

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
)

var _ = view("pg_class", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	c := env.Catalog
	var rows [][]datum.Datum
	for _, r := range systemRelations {
		n, err := env.Engine.Pool.Length(page.RelFile{Rel: r.Rel})
		if err != nil {
			return nil, err
		}
		rows = append(rows, class{
			oid: uint32(r.Rel), name: r.Name, namespace: CatalogNamespace, owner: boss(c).OID, am: r.am, file: uint32(r.Rel),
			stats: catalog.Stats{Pages: n, Tuples: -1}, persistence: 'p', kind: 'r', natts: len(r.columns), identity: 'n',
		}.row())
	}
	for _, v := range All() {
		rows = append(rows, class{
			oid: v.OID, name: v.Name, namespace: v.Namespace(), owner: boss(c).OID, stats: catalog.Stats{Tuples: -1},
			persistence: 'p', kind: 'v', natts: len(v.Columns), identity: 'n',
		}.row())
	}
	for _, t := range c.Tables() {
		rows = append(rows, tableClass(c, t).row())
	}
	for _, i := range c.Indexes() {
		row := class{
			oid: i.OID, name: i.Name, namespace: PublicNamespace, am: methodOID(c, i.AM), file: uint32(i.Rel), stats: i.Stats,
			persistence: persistence(i.Unlogged), kind: 'i', natts: len(i.Columns), identity: 'n', options: i.Given,
		}
		if t := c.TableByOID(i.Table); t != nil {
			row.owner = ownerOID(c, t.Owner)
		}
		rows = append(rows, row.row())
	}
	for _, q := range c.Sequences() {
		rows = append(rows, class{
			oid: q.OID, name: q.Name, namespace: PublicNamespace, owner: ownerOID(c, q.Owner), file: uint32(q.Rel),
			stats: catalog.Stats{Pages: 1, Tuples: 1}, persistence: 'p', kind: 'S', natts: 3, identity: 'n', acl: aclText(q.ACL),
		}.row())
	}
	return rows, nil
})

func tableClass(c *catalog.Catalog, t *catalog.Table) class {
	checks := 0
	for i := range t.Constraints {
		if t.Constraints[i].Kind == catalog.Check {
			checks++
		}
	}
	return class{
		oid: t.OID, name: t.Name, namespace: PublicNamespace, owner: ownerOID(c, t.Owner), am: HeapAM, file: uint32(t.Rel), stats: t.Stats,
		hasIndex: len(c.IndexesOf(t.OID)) > 0, persistence: persistence(t.Unlogged), kind: 'r', natts: len(t.Columns), checks: checks,
		identity: 'd', options: t.Options, acl: aclText(t.ACL),
	}
}

// class is what rows of pg_class differ in.
type class struct {
	oid         uint32
	name        string
	namespace   uint32
	owner, am   uint32
	file        uint32
	stats       catalog.Stats
	hasIndex    bool
	persistence char
	kind        char
	natts       int
	checks      int
	identity    char
	options     map[string]string
	acl         aclItems
}

func (c class) row() []datum.Datum {
	tuples := float32(c.stats.Tuples)
	if c.stats == (catalog.Stats{}) {
		tuples = -1 // never counted
	}
	return row(c.oid, c.name, c.namespace, 0, 0, c.owner, c.am, c.file,
		0, int64(c.stats.Pages), tuples, int64(c.stats.AllVisible), 0, c.hasIndex,
		false, c.persistence, c.kind, c.natts, c.checks, false,
		false, false, false, false, true,
		c.identity, false, 0, nil, nil, c.acl,
		reloptions(c.options), nil)
}

func methodOID(c *catalog.Catalog, name string) uint32 {
	if m := c.AccessMethod(name); m != nil {
		return m.OID
	}
	return 0
}
