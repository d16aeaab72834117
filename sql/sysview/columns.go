package sysview

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// columns15.txt has the system relations of PostgreSQL 15 that are shown here: a line with the name and OID of each, and under it
// its columns with their types. TestRecordedFilesArePostgreSQLs asks a server for it again.
//
//go:embed columns15.txt
var recorded string

// standIn is the type under which a type of PostgreSQL's is shown that Quire does not have. Transactions have 64-bit numbers here.
var standIn = map[string]datum.OID{
	"xid": datum.Int8, "inet": datum.Text, "anyarray": datum.Text, "information_schema.sql_identifier": datum.Name,
	"information_schema.character_data": datum.Varchar, "information_schema.cardinal_number": datum.Int4,
	"information_schema.yes_or_no": datum.Varchar, "information_schema.time_stamp": datum.Timestamptz,
}

// recordedViews are the relations of columns15.txt by their qualified names, without rows.
var recordedViews = readRecorded(recorded)

func readRecorded(text string) map[string]*View {
	out := map[string]*View{}
	var v *View
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if column, ok := strings.CutPrefix(line, "  "); ok {
			v.Columns = append(v.Columns, columns(column)...)
			continue
		}
		words := strings.Fields(line)
		oid, err := strconv.ParseUint(words[1], 10, 32)
		if err != nil {
			panic("sysview: columns15.txt: " + line)
		}
		v = &View{OID: uint32(oid)}
		v.Schema, v.Name, _ = strings.Cut(words[0], ".")
		out[words[0]] = v
	}
	return out
}

// columns reads a list like "oid oid, relname name".
func columns(spec string) []Column {
	var out []Column
	for field := range strings.SplitSeq(spec, ",") {
		name, typ, _ := strings.Cut(strings.TrimSpace(field), " ")
		if oid, ok := standIn[typ]; ok {
			out = append(out, Column{name, oid})
			continue
		}
		t, err := datum.ParseType(typ)
		if err != nil {
			panic("sysview: column " + name + " has an unknown type " + typ)
		}
		out = append(out, Column{name, t.OID})
	}
	return out
}
