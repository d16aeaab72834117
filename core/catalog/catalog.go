package catalog

import (
	"sync"

	"github.com/tidwall/btree"

	"github.com/quiredb/quire/core/page"
)

// Catalog is one state of all objects (C1). Everything it returns is shared and must not be changed.
type Catalog struct {
	version   page.LSN
	tables    btree.Map[string, *Table]
	indexes   btree.Map[string, *Index]
	sequences btree.Map[string, *Sequence]
	methods   btree.Map[string, *AccessMethod]
	roles     btree.Map[string, *Role]
	settings  btree.Map[string, *Setting]
	byOID     map[uint32]object
	ofTable   map[uint32][]*Index // by table, in order of OID
	byRelFile map[page.RelFileNumber]object
	derived   sync.Map
}

func newCatalog() *Catalog {
	return &Catalog{
		byOID: map[uint32]object{}, ofTable: map[uint32][]*Index{}, byRelFile: map[page.RelFileNumber]object{},
	}
}

// add enters an object while the Catalog is being made.
func (c *Catalog) add(o object) {
	oid, name := o.head()
	c.byOID[*oid] = o
	switch o := o.(type) {
	case *Table:
		c.tables.Set(*name, o)
		c.byRelFile[o.Rel] = o
	case *Index:
		c.indexes.Set(*name, o)
		c.byRelFile[o.Rel] = o
		c.ofTable[o.Table] = append(c.ofTable[o.Table], o)
	case *Sequence:
		c.sequences.Set(*name, o)
		c.byRelFile[o.Rel] = o
	case *AccessMethod:
		c.methods.Set(*name, o)
	case *Role:
		c.roles.Set(*name, o)
	case *Setting:
		c.settings.Set(*name, o)
	}
}

// Table returns the table of this name, or nil.
func (c *Catalog) Table(name string) *Table { return get(&c.tables, name) }

// TableByOID returns a table, or nil.
func (c *Catalog) TableByOID(oid uint32) *Table {
	t, _ := c.byOID[oid].(*Table)
	return t
}

// Index returns the index of this name, or nil.
func (c *Catalog) Index(name string) *Index { return get(&c.indexes, name) }

// IndexByOID returns an index, or nil.
func (c *Catalog) IndexByOID(oid uint32) *Index {
	i, _ := c.byOID[oid].(*Index)
	return i
}

// IndexesOf returns the indexes of a table in the order of their creation.
func (c *Catalog) IndexesOf(table uint32) []*Index { return c.ofTable[table] }

// AccessMethod returns the access method of this name, or nil.
func (c *Catalog) AccessMethod(name string) *AccessMethod { return get(&c.methods, name) }

// Role returns the role of this name, or nil.
func (c *Catalog) Role(name string) *Role { return get(&c.roles, name) }

// Setting returns the stored value of a setting, or nil.
func (c *Catalog) Setting(name string) *Setting { return get(&c.settings, name) }

// Tables returns all tables by name.
func (c *Catalog) Tables() []*Table { return c.tables.Values() }

// Indexes returns all indexes by name.
func (c *Catalog) Indexes() []*Index { return c.indexes.Values() }

// AccessMethods returns all access methods by name.
func (c *Catalog) AccessMethods() []*AccessMethod { return c.methods.Values() }

// Roles returns all roles by name.
func (c *Catalog) Roles() []*Role { return c.roles.Values() }

// Settings returns all stored settings by name.
func (c *Catalog) Settings() []*Setting { return c.settings.Values() }

// HasRelation reports whether a table, an index or a sequence has this name.
func (c *Catalog) HasRelation(name string) bool {
	return c.Table(name) != nil || c.Index(name) != nil || c.Sequence(name) != nil
}

// RelFile returns the table or the index that a file belongs to; both are nil if it belongs to neither.
func (c *Catalog) RelFile(rel page.RelFileNumber) (*Table, *Index) {
	switch o := c.byRelFile[rel].(type) {
	case *Table:
		return o, nil
	case *Index:
		return nil, o
	}
	return nil, nil
}

// Version tells states apart: equal versions are equal states, unless a transaction sees changes of its own.
func (c *Catalog) Version() page.LSN { return c.version }

// Derived keeps what users make of this state, for each other and for as long as the state is in use. A key is of a type of its user's
// own. What depends on more than the state is compared with that each time by who takes it out.
func (c *Catalog) Derived() *sync.Map { return &c.derived }

func get[T any](m *btree.Map[string, *T], name string) *T {
	v, _ := m.Get(name)
	return v
}
