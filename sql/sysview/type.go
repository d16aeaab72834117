package sysview

import (
	"context"
	_ "embed"
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// types15.txt has PostgreSQL 15's rows for the types there are and for the pseudo-types that signatures have.
//
//go:embed types15.txt
var recordedTypes string

// A form is a row of pg_type: how PostgreSQL would store and call a type. Clients look at it; Quire does not store like that.
type form struct {
	oid, elem, array                                                           uint32
	name                                                                       string
	length                                                                     int
	byValue, preferred                                                         bool
	kind, category                                                             char
	subscript, input, output, receive, send, modIn, modOut, analyze, collation uint32
	align, storage                                                             char
}

// forms are the rows of types15.txt in order of their numbers.
var forms, formOf = readForms(recordedTypes)

func readForms(text string) (list []*form, byOID map[datum.OID]*form) {
	byOID = map[datum.OID]*form{}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		length := -1
		switch f[2] {
		case "-1":
		case "-2":
			length = -2
		default:
			length = int(number(f[2]))
		}
		t := &form{
			oid: number(f[0]), name: f[1], length: length, byValue: f[3] == "t", kind: char(f[4][0]), category: char(f[5][0]), preferred: f[6] == "t",
			elem: number(f[7]), array: number(f[8]), subscript: number(f[9]), input: number(f[10]), output: number(f[11]), receive: number(f[12]),
			send: number(f[13]), modIn: number(f[14]), modOut: number(f[15]), analyze: number(f[16]), align: char(f[17][0]), storage: char(f[18][0]),
			collation: number(f[19]),
		}
		if t.array != 0 && datum.Lookup(datum.OID(t.array)) == nil { // a pseudo-type's
			t.array = 0
		}
		list = append(list, t)
		byOID[datum.OID(t.oid)] = t
	}
	return list, byOID
}

var _ = view("pg_type", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	for _, t := range forms {
		rows = append(rows, row(t.oid, t.name, CatalogNamespace, by, t.length, t.byValue, t.kind,
			t.category, t.preferred, true, char(','), 0, t.subscript,
			t.elem, t.array, t.input, t.output, t.receive, t.send, t.modIn,
			t.modOut, t.analyze, t.align, t.storage, false, 0, -1,
			0, t.collation, nil, nil, nil))
	}
	return rows, nil
})
