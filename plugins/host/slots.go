package host

import (
	"maps"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// slots are the indexes whose description the plugin's end of a lane keeps, so that a call names a number in its place. A lane whose call did
// not end in order is broken, so both ends agree on what each slot has.
type slots struct {
	kept  []am.Index
	of    map[page.RelFileNumber]int // where kept has an index, by its file
	clock int                        // the slot that goes next when all are taken
}

// describe says in a call which index it is about.
func (s *slots) describe(m *pb.Call, idx am.Index) {
	if idx.Rel.Rel == 0 { // it does not exist yet
		m.Index = wire.IndexToProto(indexInfo(idx))
		return
	}
	at, known := s.of[idx.Rel.Rel]
	if !known {
		at = s.take(idx.Rel.Rel)
	}
	m.IndexSlot = uint32(1 + at)
	if known && sameDescription(s.kept[at], idx) {
		return
	}
	m.Index = wire.IndexToProto(indexInfo(idx))
	idx.Columns, idx.Options = slices.Clone(idx.Columns), maps.Clone(idx.Options)
	s.kept[at] = idx
}

// take gives a slot to an index.
func (s *slots) take(rel page.RelFileNumber) int {
	if s.of == nil {
		s.of = make(map[page.RelFileNumber]int)
	}
	at := len(s.kept)
	if at < wire.MaxIndexSlots {
		s.kept = append(s.kept, am.Index{})
	} else {
		at = s.clock
		s.clock = (s.clock + 1) % wire.MaxIndexSlots
		delete(s.of, s.kept[at].Rel.Rel)
	}
	s.of[rel] = at
	return at
}

// sameDescription reports whether a plugin is told the same about two indexes.
func sameDescription(a, b am.Index) bool {
	return a.OID == b.OID && a.Name == b.Name && a.Rel == b.Rel && a.Unique == b.Unique &&
		slices.Equal(a.Columns, b.Columns) && maps.Equal(a.Options, b.Options)
}

// indexInfo is what a plugin is told about an index.
func indexInfo(idx am.Index) wire.IndexInfo {
	info := wire.IndexInfo{
		OID: idx.OID, Name: idx.Name, Rel: idx.Rel.Rel, Options: idx.Options, Unique: idx.Unique, Unlogged: idx.Rel.Unlogged,
	}
	for _, c := range idx.Columns {
		info.Columns = append(info.Columns, wire.Column{
			Name: c.Name, Type: uint32(c.Type), OpClass: c.OpClass, Descending: c.Desc, NullsFirst: c.NullsFirst,
		})
	}
	return info
}
