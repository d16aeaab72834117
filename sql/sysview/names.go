package sysview

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Fixed OIDs, PostgreSQL's where it has one for the thing.
const (
	HeapAM               = 2 // the access method of tables
	DatabaseOID          = 5
	CatalogNamespace     = 11
	PublicNamespace      = 2200
	InformationNamespace = 13207
	tablespaceOID        = 1663
	encodingUTF8         = 6
	defaultCollation     = 100
	nameCollation        = 950
)

// SystemRelation is a relation that no catalog object describes. The number of its file is also its OID.
type SystemRelation struct {
	Rel     page.RelFileNumber
	Name    string
	am      uint32
	columns []string
	types   []datum.OID
}

var systemRelations = []SystemRelation{
	{catalog.Rel, catalog.Relation().Name, HeapAM, []string{"oid", "kind", "name", "definition"},
		[]datum.OID{datum.Int8, datum.Text, datum.Text, datum.Bytea}},
	{xact.StatusRel, "quire_commit_status", 0, nil, nil},
}

// SystemRelations returns the system relations by OID. The list must not be changed.
func SystemRelations() []SystemRelation { return systemRelations }

// role returns the OID of a role by name, 0 if there is none.
func role(c *catalog.Catalog, name string) uint32 {
	if r := c.Role(name); r != nil {
		return r.OID
	}
	return 0
}

// boss is the superuser who has been there longest: he owns what nobody made.
func boss(c *catalog.Catalog) *catalog.Role {
	var first *catalog.Role
	for _, r := range c.Roles() {
		if r.Superuser && (first == nil || r.OID < first.OID) {
			first = r
		}
	}
	if first == nil {
		return &catalog.Role{}
	}
	return first
}

// ownerOID is the OID of an object's owner.
func ownerOID(c *catalog.Catalog, name string) uint32 {
	if oid := role(c, name); oid != 0 {
		return oid
	}
	return boss(c).OID
}

// ownerName is the name of an object's owner.
func ownerName(c *catalog.Catalog, name string) string {
	if c.Role(name) != nil {
		return name
	}
	return boss(c).Name
}

// aclText prints an access list as PostgreSQL does; nil stays nil.
func aclText(list []catalog.Grant) aclItems {
	var out aclItems
	for _, g := range list {
		out = append(out, aclName(g.Role)+"="+g.Privileges+"/"+aclName(g.Grantor))
	}
	return out
}

// aclName quotes a role's name if it has more than letters, digits and underscores.
func aclName(name string) string {
	for _, r := range name {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// reloptions lists storage parameters as name=value.
func reloptions(options map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(options)) {
		out = append(out, k+"="+options[k])
	}
	return out
}

// persistence is pg_class.relpersistence.
func persistence(unlogged bool) char {
	if unlogged {
		return 'u'
	}
	return 'p'
}
