package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
)

var pgLocks = &View{
	OID: 12073, Name: "pg_locks",
	Columns: columns("locktype text, database oid, relation oid, page integer, tuple smallint, virtualxid text, transactionid xid, " +
		"classid oid, objid oid, objsubid smallint, virtualtransaction text, pid integer, mode text, granted boolean, " +
		"fastpath boolean, waitstart timestamptz"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, l := range env.Engine.Locks.List() {
			rows = append(rows, lockRow(l))
		}
		return rows, nil
	},
}

func lockRow(l lock.Info) []datum.Datum {
	var database, relation, page, tuple, xid any
	switch l.Tag.Kind {
	case lock.KindRelation:
		database, relation = DatabaseOID, int64(l.Tag.ID)
	case lock.KindTuple:
		database, relation = DatabaseOID, int64(l.Tag.ID)
		page, tuple = int64(l.Tag.Sub>>16), int64(l.Tag.Sub&0xffff)
	case lock.KindTransaction:
		xid = int64(l.Tag.ID)
	case lock.KindName:
		database = DatabaseOID
	}
	return row(l.Tag.Kind.String(), database, relation, page, tuple, nil, xid,
		nil, nil, nil, nil, l.PID, l.Mode.String(), l.Granted,
		false, nil)
}
