package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// languageInternal is the language of built-in functions.
const languageInternal = 12

var _ = view("pg_proc", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	for _, p := range env.Builtins.procs {
		rows = append(rows, procRow(p, by))
	}
	for _, m := range env.Catalog.AccessMethods() {
		rows = append(rows, procRow(handlerProc(partOID(handlerPart, m.OID, 0), m.Plugin), by))
	}
	return rows, nil
})

// internalType is the type of what only C sees, and handlerType what the handler of an index access method returns.
const (
	internalType datum.OID = 2281
	handlerType  datum.OID = 325
)

// handlerProc is the handler of an access method, which stands for its plugin.
func handlerProc(oid uint32, plugin string) *proc {
	return &proc{oid: oid, name: plugin, kind: 'f', volatility: 'v', strict: true, returns: handlerType, args: []datum.OID{internalType}, source: plugin}
}

func procRow(p *proc, owner uint32) []datum.Datum {
	args := make(oidVector, len(p.args))
	for i, a := range p.args {
		args[i] = int(a)
	}
	rows := float32(0)
	if p.set {
		rows = 1000
	}
	return row(p.oid, p.name, CatalogNamespace, owner, languageInternal, float32(1), rows, p.variadic,
		0, p.kind, false, false, p.strict, p.set, p.volatility,
		char('s'), len(args), 0, uint32(p.returns), args, nil, nil,
		nil, nil, nil, p.source, nil, nil, nil,
		nil)
}

var _ = view("pg_language", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	return [][]datum.Datum{row(languageInternal, "internal", boss(env.Catalog).OID, false, false, 0, 0, 0, nil)}, nil
})

var _ = view("pg_operator", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	for _, o := range env.Builtins.operators {
		kind := char('b')
		if o.left == 0 {
			kind = 'l'
		}
		rows = append(rows, row(o.oid, o.name, CatalogNamespace, by, kind, o.merges, o.hashes, uint32(o.left),
			uint32(o.right), uint32(o.result), o.commutator, o.negator, o.code, o.restriction, o.join))
	}
	return rows, nil
})

var _ = view("pg_cast", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, c := range env.Builtins.casts {
		rows = append(rows, row(c.oid, uint32(c.source), uint32(c.target), c.fn, c.context, c.method))
	}
	return rows, nil
})
