package sysview

import (
	"context"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
)

// quire_plugins shows every plugin that the directory has or that an access method needs; one that serves several access
// methods has a row for each.
var quirePlugins = &View{
	OID: 9001, Schema: "pg_catalog", Name: "quire_plugins",
	Columns: columns("name name, access_method name, version text, state text, pid integer, path text, sha256 text, indexes bigint, reason text"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		c := env.Catalog
		indexes := map[string]int64{}
		for _, x := range c.Indexes() {
			indexes[x.AM]++
		}
		var rows [][]datum.Datum
		for _, i := range plugins(env) {
			var pid any
			if env.PluginPID != nil {
				pid = orNull(env.PluginPID(i.Name))
			}
			served := false
			for _, m := range c.AccessMethods() {
				if m.Plugin == i.Name {
					rows = append(rows, row(i.Name, m.Name, orNull(i.Version), i.State, pid, orNull(i.Path), orNull(m.SHA256), indexes[m.Name], orNull(i.Reason)))
					served = true
				}
			}
			if !served {
				rows = append(rows, row(i.Name, nil, orNull(i.Version), i.State, pid, orNull(i.Path), nil, 0, orNull(i.Reason)))
			}
		}
		return rows, nil
	},
}

// plugins lists what the registry has, and what the catalog has in vain, by name.
func plugins(env *Env) []am.Info {
	var infos []am.Info
	if env.AMs != nil {
		infos = slices.Clone(env.AMs.List())
	}
	for _, m := range env.Catalog.AccessMethods() {
		if !slices.ContainsFunc(infos, func(i am.Info) bool { return i.Name == m.Plugin }) {
			infos = append(infos, am.Info{Name: m.Plugin, State: "absent",
				Reason: "the plugin directory has no file of this name; put it back, or drop the access method"})
		}
	}
	slices.SortFunc(infos, func(a, b am.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos
}
