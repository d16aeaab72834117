package sysview

import (
	"context"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
)

// quire_plugins shows every access method: what the plugin directory has and what the catalog knows.
var quirePlugins = &View{
	OID: 9001, Name: "quire_plugins",
	Columns: columns("name name, version text, state text, pid integer, path text, sha256 text, created boolean, indexes bigint, reason text"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var infos []am.Info
		if env.AMs != nil {
			infos = slices.Clone(env.AMs.List())
		}
		for _, m := range env.Catalog.AccessMethods() {
			if !slices.ContainsFunc(infos, func(i am.Info) bool { return i.Name == m.Name }) {
				infos = append(infos, am.Info{Name: m.Name, State: "absent", Reason: "the plugin directory has no file of this name; put it back, or drop the access method"})
			}
		}
		slices.SortFunc(infos, func(a, b am.Info) int { return strings.Compare(a.Name, b.Name) })
		indexes := map[string]int64{}
		for _, x := range env.Catalog.Indexes() {
			indexes[x.AM]++
		}
		var rows [][]datum.Datum
		for _, i := range infos {
			var pid, sum any
			if env.PluginPID != nil {
				pid = orNull(env.PluginPID(i.Name))
			}
			m := env.Catalog.AccessMethod(i.Name)
			if m != nil {
				sum = orNull(m.SHA256)
			}
			rows = append(rows, row(i.Name, orNull(i.Version), i.State, pid, orNull(i.Path), sum, m != nil, indexes[i.Name], orNull(i.Reason)))
		}
		return rows, nil
	},
}
