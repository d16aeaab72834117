package sysview

import (
	"slices"
	"strings"
)

func sortedViews() []*View {
	views := []*View{}
	slices.SortFunc(views, func(a, b *View) int { return strings.Compare(a.Name, b.Name) })
	return views
}

func viewsByName() map[string]*View {
	m := make(map[string]*View, len(all))
	for _, v := range all {
		m[v.Name] = v
	}
	return m
}
