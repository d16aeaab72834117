package catalog

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

// Index is an index on a table. Values from a Catalog are shared and must not be changed.
type Index struct {
	OID      uint32             `json:"-"`
	Name     string             `json:"-"`
	Table    uint32             `json:"table"` // OID
	Rel      page.RelFileNumber `json:"-"`
	Unlogged bool               `json:"unlogged,omitempty"`
	AM       string             `json:"am"`
	Columns  []IndexColumn      `json:"columns"`
	Options  map[string]string  `json:"options,omitempty"` // as the access method normalised them
	// Given are the options as the user wrote them, for showing the index.
	Given   map[string]string `json:"given,omitempty"`
	Unique  bool              `json:"unique,omitempty"`
	Primary bool              `json:"primary,omitempty"`
	Comment string            `json:"comment,omitempty"`
	// BuiltBy is set if the build met rows whose older versions, which old snapshots see, have other keys and share the entry: only
	// snapshots that see this transaction's commit may read the index. Writers write it all the same.
	BuiltBy xact.XID `json:"builtBy,omitempty"`
	Stats   Stats    `json:"stats"`

	place place
}

// IndexColumn is one key column of an index.
type IndexColumn struct {
	Attr    int       `json:"attr"` // position in the table's columns, from 0
	Name    string    `json:"name"`
	Type    datum.OID `json:"type"`
	OpClass string    `json:"opclass"`
	ordkey.Order
}

// Relation returns the relation that holds the index's pages.
func (i *Index) Relation() genericxlog.Relation {
	return genericxlog.Relation{Rel: i.Rel, Fork: page.MainFork, Unlogged: i.Unlogged, Arena: i.AM}
}

// Serves reports whether a snapshot may read the index (see BuiltBy).
func (i *Index) Serves(snap *xact.Snapshot) (bool, error) {
	if i.BuiltBy == xact.InvalidXID {
		return true, nil
	}
	if snap.Own(i.BuiltBy) {
		return false, nil // its transaction may have an older snapshot itself
	}
	return snap.XIDVisible(i.BuiltBy)
}

// Describe returns the index as its access method is told of it.
func (i *Index) Describe(heap page.RelFileNumber) am.Index {
	columns := make([]am.Column, len(i.Columns))
	for n, c := range i.Columns {
		columns[n] = am.Column{Name: c.Name, Type: c.Type, OpClass: c.OpClass, Order: c.Order}
	}
	return am.Index{
		OID: i.OID, Name: i.Name, Rel: i.Relation(), Heap: heap,
		Columns: columns, Options: i.Options, Unique: i.Unique,
	}
}

// Clone returns a copy whose columns and options may be changed.
func (i *Index) Clone() *Index {
	c := *i
	c.Columns = append([]IndexColumn(nil), i.Columns...)
	c.Options, c.Given = cloneMap(i.Options), cloneMap(i.Given)
	return &c
}
