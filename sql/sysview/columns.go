package sysview

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// standIn is the type under which a type of PostgreSQL's is shown that Quire does not have.
var standIn = map[string]datum.OID{
	"xid": datum.Int8, "inet": datum.Text, "regproc": datum.Text, "int2vector": datum.Text, "oidvector": datum.Text,
	"pg_node_tree": datum.Text, "aclitem[]": datum.Text, "anyarray": datum.Text,
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
		info := datum.LookupName(typ)
		if info == nil {
			panic("sysview: column " + name + " has an unknown type " + typ)
		}
		out = append(out, Column{name, info.OID})
	}
	return out
}
