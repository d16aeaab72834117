package catalog

import (
	"encoding/json"
	"fmt"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// Rel is the relation that holds the catalog.
const Rel page.RelFileNumber = 1

// Relation returns the heap that holds the catalog, for vacuum and checks.
func Relation() heap.Relation { return heap.Relation{Rel: Rel, Name: "quire_catalog"} }

// kind says what sort of object a row describes.
type kind string

const (
	kindTable   kind = "table"
	kindIndex   kind = "index"
	kindMethod  kind = "access method"
	kindRole    kind = "role"
	kindSetting kind = "setting"
)

// space returns the namespace that names of the kind are unique in (C2).
func (k kind) space() string {
	if k == kindIndex || k == kindTable {
		return "relation"
	}
	return string(k)
}

// place is where an object's row lies in the state that the object is from.
type place struct {
	tid page.TID
	row string // the row's bytes: an object read again from equal bytes is the same object
}

var rowType = datum.RowType{{OID: datum.Int8}, {OID: datum.Text}, {OID: datum.Text}, {OID: datum.Bytea}}

// object is what the kinds have in common.
type object interface {
	head() (oid *uint32, name *string)
	kind() kind
	at() *place
}

func (t *Table) head() (*uint32, *string)        { return &t.OID, &t.Name }
func (i *Index) head() (*uint32, *string)        { return &i.OID, &i.Name }
func (a *AccessMethod) head() (*uint32, *string) { return &a.OID, &a.Name }
func (r *Role) head() (*uint32, *string)         { return &r.OID, &r.Name }
func (s *Setting) head() (*uint32, *string)      { return &s.OID, &s.Name }

func (*Table) kind() kind        { return kindTable }
func (*Index) kind() kind        { return kindIndex }
func (*AccessMethod) kind() kind { return kindMethod }
func (*Role) kind() kind         { return kindRole }
func (*Setting) kind() kind      { return kindSetting }

func (t *Table) at() *place        { return &t.place }
func (i *Index) at() *place        { return &i.place }
func (a *AccessMethod) at() *place { return &a.place }
func (r *Role) at() *place         { return &r.place }
func (s *Setting) at() *place      { return &s.place }

// encode returns the row of an object.
func encode(o object) ([]byte, error) {
	oid, name := o.head()
	def, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode definition of %s %q: %w", o.kind(), *name, err)
	}
	row := rowType.AppendRow(nil, []datum.Datum{
		datum.NewInt(int64(*oid)), datum.NewText(string(o.kind())), datum.NewText(*name), datum.NewBytes(def),
	})
	if len(row) > heap.MaxRowSize {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "definition of %s %q is too big: size %d, maximum size %d",
			o.kind(), *name, len(row), heap.MaxRowSize)
	}
	return row, nil
}

// decode reads a row. Rows of kinds that a newer version may have added are errors: ignoring them could break them.
func decode(tid page.TID, raw []byte) (object, error) {
	var row [4]datum.Datum
	text := string(raw) // values alias it
	if err := rowType.DecodeRow([]byte(text), row[:]); err != nil {
		return nil, damaged(tid, err)
	}
	o := newObject(kind(row[1].S))
	if o == nil {
		return nil, damaged(tid, fmt.Errorf("unknown kind of object %q", row[1].S))
	}
	if err := json.Unmarshal(row[3].Bytes(), o); err != nil {
		return nil, damaged(tid, err)
	}
	oid, name := o.head()
	*oid, *name = uint32(row[0].I), row[2].S
	*o.at() = place{tid: tid, row: text}
	if t, ok := o.(*Table); ok {
		t.rowType = rowTypeOf(t.Columns)
	}
	return o, nil
}

func newObject(k kind) object {
	switch k {
	case kindTable:
		return new(Table)
	case kindIndex:
		return new(Index)
	case kindMethod:
		return new(AccessMethod)
	case kindRole:
		return new(Role)
	case kindSetting:
		return new(Setting)
	}
	return nil
}

func damaged(tid page.TID, err error) error {
	return pgerr.New(pgerr.DataCorrupted, "catalog row %v cannot be read: %w", tid, err).
		WithHint("The directory may belong to a newer version; otherwise restore it from a replica or a backup.")
}

// peekOID reads the OID of a row.
func peekOID(row []byte) (uint32, bool) {
	var d [4]datum.Datum
	if err := rowType.DecodeColumns(row, []int{0}, d[:]); err != nil {
		return 0, false
	}
	return uint32(d[0].I), true
}
