package sysview

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// The list is filled in init: pg_class and pg_attribute show it.
func init() {
	for _, v := range recordedViews {
		if v.Rows == nil {
			v.Rows = func(context.Context, *Env) ([][]datum.Datum, error) { return nil, nil }
		}
		all = append(all, v)
	}
	all = append(all, quirePlugins)
	slices.SortFunc(all, func(a, b *View) int {
		return cmp.Or(-strings.Compare(a.Schema, b.Schema), strings.Compare(a.Name, b.Name))
	})
	for _, v := range all {
		byName[v.Schema+"."+v.Name] = v
		byOID[v.OID] = v
	}
}

var (
	all    []*View
	byName = map[string]*View{}
	byOID  = map[uint32]*View{}
)
