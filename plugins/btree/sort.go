package btree

import (
	"bytes"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// A sorter puts full keys in order.
type sorter struct {
	data []byte
	refs []sortRef
}

type sortRef struct{ at, key int }

func (s *sorter) add(key []byte, tid page.TID) {
	s.refs = append(s.refs, sortRef{len(s.data), len(key)})
	s.data = appendTID(append(s.data, key...), tid)
}

func (s *sorter) full(r sortRef) []byte { return s.data[r.at : r.at+r.key+page.TIDSize] }

// each calls fn for every full key in order.
func (s *sorter) each(fn func(key, tid []byte) error) error {
	slices.SortFunc(s.refs, func(a, b sortRef) int { return bytes.Compare(s.full(a), s.full(b)) })
	for _, r := range s.refs {
		f := s.full(r)
		if err := fn(f[:r.key], f[r.key:]); err != nil {
			return err
		}
	}
	return nil
}
