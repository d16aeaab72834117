package sysview

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
)

var _ = view("pg_locks", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, l := range env.Engine.Locks.List() {
		rows = append(rows, lockRow(env.Catalog, l))
	}
	return rows, nil
})

func lockRow(c *catalog.Catalog, l lock.Info) []datum.Datum {
	var database, relation, block, offset, xid any
	switch l.Tag.Kind {
	case lock.KindRelation:
		database, relation = DatabaseOID, int64(l.Tag.ID)
	case lock.KindTuple, lock.KindRow:
		database, relation = DatabaseOID, int64(l.Tag.ID)
		if t, _ := c.RelFile(page.RelFileNumber(l.Tag.ID)); t != nil { // the heap knows its file
			relation = t.OID
		}
		block, offset = int64(l.Tag.Sub>>16), int64(l.Tag.Sub&0xffff)
	case lock.KindTransaction:
		xid = int64(l.Tag.ID)
	case lock.KindName:
		database = DatabaseOID
	}
	return row(l.Tag.Kind.String(), database, relation, block, offset, nil, xid,
		nil, nil, nil, nil, l.PID, l.Mode.String(), l.Granted,
		false, nil)
}
