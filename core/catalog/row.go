package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	kindTable    kind = "table"
	kindIndex    kind = "index"
	kindSequence kind = "sequence"
	kindMethod   kind = "access method"
	kindRole     kind = "role"
	kindSetting  kind = "setting"
)

// space returns the namespace that names of the kind are unique in (C2).
func (k kind) space() string {
	if k == kindIndex || k == kindTable || k == kindSequence {
		return "relation"
	}
	return string(k)
}

// place is where an object's rows lie in the state that the object is from.
type place struct {
	tids []page.TID
	rows []string // their bytes: an object read again from equal rows at the same places is the same object
}

// A row is (oid, kind, name, file, inner, part, parts, definition). The JSON of a large definition is spread over several
// rows, numbered from 0; file is the relation's file number, 0 for an object without one; inner is the greatest OID of what is
// part of the object (constraints), or 0.
var rowType = datum.RowType{
	{OID: datum.Int8}, {OID: datum.Text}, {OID: datum.Text}, {OID: datum.Int8}, {OID: datum.Int8},
	{OID: datum.Int4}, {OID: datum.Int4}, {OID: datum.Bytea},
}

const (
	colOID = iota
	colKind
	colName
	colFile
	colInner
	colPart
	colParts
	colDefinition
	columns
)

// object is what the kinds have in common.
type object interface {
	head() (oid *uint32, name *string)
	kind() kind
	at() *place
	file() *page.RelFileNumber // nil for an object without files
}

func (t *Table) head() (*uint32, *string)        { return &t.OID, &t.Name }
func (i *Index) head() (*uint32, *string)        { return &i.OID, &i.Name }
func (q *Sequence) head() (*uint32, *string)     { return &q.OID, &q.Name }
func (a *AccessMethod) head() (*uint32, *string) { return &a.OID, &a.Name }
func (r *Role) head() (*uint32, *string)         { return &r.OID, &r.Name }
func (s *Setting) head() (*uint32, *string)      { return &s.OID, &s.Name }

func (*Table) kind() kind        { return kindTable }
func (*Index) kind() kind        { return kindIndex }
func (*Sequence) kind() kind     { return kindSequence }
func (*AccessMethod) kind() kind { return kindMethod }
func (*Role) kind() kind         { return kindRole }
func (*Setting) kind() kind      { return kindSetting }

func (t *Table) at() *place        { return &t.place }
func (i *Index) at() *place        { return &i.place }
func (q *Sequence) at() *place     { return &q.place }
func (a *AccessMethod) at() *place { return &a.place }
func (r *Role) at() *place         { return &r.place }
func (s *Setting) at() *place      { return &s.place }

func (t *Table) file() *page.RelFileNumber      { return &t.Rel }
func (i *Index) file() *page.RelFileNumber      { return &i.Rel }
func (q *Sequence) file() *page.RelFileNumber   { return &q.Rel }
func (*AccessMethod) file() *page.RelFileNumber { return nil }
func (*Role) file() *page.RelFileNumber         { return nil }
func (*Setting) file() *page.RelFileNumber      { return nil }

// encode returns the rows of an object.
func encode(o object) ([][]byte, error) {
	oid, name := o.head()
	const heads = 64 // the other columns, generously
	room := heap.MaxRowSize - heads - len(*name)
	if room < heap.MaxRowSize/2 {
		return nil, pgerr.New(pgerr.NameTooLong, "name of a %s has %d bytes, at most %d can be stored", o.kind(), len(*name), heap.MaxRowSize/2)
	}
	def, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode definition of %s %q: %w", o.kind(), *name, err)
	}
	var file int64
	if f := o.file(); f != nil {
		file = int64(*f)
	}
	var inner uint32
	if t, ok := o.(*Table); ok {
		for i := range t.Constraints {
			inner = max(inner, t.Constraints[i].OID)
		}
	}
	parts := (len(def) + room - 1) / room
	rows := make([][]byte, 0, parts)
	for chunk := range slices.Chunk(def, room) {
		rows = append(rows, rowType.AppendRow(nil, []datum.Datum{
			datum.NewInt(int64(*oid)), datum.NewText(string(o.kind())), datum.NewText(*name), datum.NewInt(file), datum.NewInt(int64(inner)),
			datum.NewInt(int64(len(rows))), datum.NewInt(int64(parts)), datum.NewBytes(chunk),
		}))
	}
	return rows, nil
}

// part is one row as it was read.
type part struct {
	tid page.TID
	row string
	col [columns]datum.Datum // aliases row
}

func readPart(tid page.TID, raw []byte) (part, error) {
	p := part{tid: tid, row: string(raw)}
	if err := rowType.DecodeRow([]byte(p.row), p.col[:]); err != nil {
		return p, damaged(tid, err)
	}
	return p, nil
}

// decode makes an object of its rows, in any order. Rows of kinds that a newer version may have added are errors:
// ignoring them could break them.
func decode(parts []part) (object, error) {
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.col[colPart].I, b.col[colPart].I) })
	first := &parts[0]
	o := newObject(kind(first.col[colKind].S))
	if o == nil {
		return nil, damaged(first.tid, fmt.Errorf("unknown kind of object %q", first.col[colKind].S))
	}
	var def []byte
	at := o.at()
	for i := range parts {
		p := &parts[i]
		if p.col[colPart].I != int64(i) || p.col[colParts].I != int64(len(parts)) {
			return nil, damaged(p.tid, fmt.Errorf("part %d of %d, found %d parts", p.col[colPart].I, p.col[colParts].I, len(parts)))
		}
		def = append(def, p.col[colDefinition].S...)
		at.tids, at.rows = append(at.tids, p.tid), append(at.rows, p.row)
	}
	if err := json.Unmarshal(def, o); err != nil {
		return nil, damaged(first.tid, err)
	}
	oid, name := o.head()
	*oid, *name = uint32(first.col[colOID].I), strings.Clone(first.col[colName].S)
	if f := o.file(); f != nil {
		*f = page.RelFileNumber(first.col[colFile].I)
	}
	if t, ok := o.(*Table); ok {
		rt, err := rowTypeOf(t.Columns)
		if err != nil {
			return nil, damaged(first.tid, err)
		}
		t.rowType, t.values = rt, make(valueCache, len(t.Columns))
	}
	return o, nil
}

func newObject(k kind) object {
	switch k {
	case kindTable:
		return new(Table)
	case kindIndex:
		return new(Index)
	case kindSequence:
		return new(Sequence)
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

// peek reads the numbers of a row.
func peek(tid page.TID, row []byte) (oid uint32, parts int, err error) {
	var d [columns]datum.Datum
	if err := rowType.DecodeColumns(row, []int{colOID, colParts}, d[:]); err != nil {
		return 0, 0, damaged(tid, err)
	}
	return uint32(d[colOID].I), int(d[colParts].I), nil
}

// peekHighest reads the greatest number in a row that came from the counter of OIDs.
func peekHighest(tid page.TID, row []byte) (uint32, error) {
	var d [columns]datum.Datum
	if err := rowType.DecodeColumns(row, []int{colOID, colFile, colInner}, d[:]); err != nil {
		return 0, damaged(tid, err)
	}
	return max(uint32(d[colOID].I), uint32(d[colFile].I), uint32(d[colInner].I)), nil
}
