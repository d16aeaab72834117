package sysview

import (
	"slices"
	"strings"
)

// The list is filled in init: pg_class and pg_attribute show it.
func init() {
	all = []*View{
		pgAM, pgAttrdef, pgAttribute, pgClass, pgDatabase, pgExtension, pgIndex, pgIndexes, pgLocks, pgNamespace, pgRoles, pgSettings,
		pgStatActivity, pgStatReplication, pgStatUserTables, pgStats, pgTables, pgType, pgUser, quirePlugins,
	}
	slices.SortFunc(all, func(a, b *View) int { return strings.Compare(a.Name, b.Name) })
	for _, v := range all {
		byName[v.Name] = v
	}
}

var (
	all    []*View
	byName = map[string]*View{}
)
