package lock

import "fmt"

// Kind says what sort of thing a Tag names.
type Kind uint8

// The kinds of things that can be locked.
const (
	KindRelation    Kind = iota + 1 // a table or an index, by its OID
	KindTransaction                 // a transaction, by its number; it holds Exclusive on itself until it has ended
	KindTuple                       // a place in the queue for one row, by table and TID
	KindName                        // a name in the catalog, whether or not an object has it
	KindRow                         // a row itself, until the end of the transaction, by table and TID (SELECT FOR UPDATE)
)

// String returns PostgreSQL's word for the kind, as in pg_locks.locktype. It has none for a row, whose lock is on disk there.
func (k Kind) String() string {
	switch k {
	case KindRelation:
		return "relation"
	case KindTransaction:
		return "transactionid"
	case KindTuple:
		return "tuple"
	case KindName:
		return "object"
	case KindRow:
		return "row"
	}
	return "unknown"
}

// Tag names a thing that can be locked. Tags are compared as values.
type Tag struct {
	Kind Kind
	ID   uint64 // the relation's OID or the transaction's number
	Sub  uint64 // for a tuple or a row: block<<16 | offset
	Name string // for a name
}

// Relation is the tag of a table or an index.
func Relation(oid uint32) Tag { return Tag{Kind: KindRelation, ID: uint64(oid)} }

// Transaction is the tag of a transaction number.
func Transaction(xid uint64) Tag { return Tag{Kind: KindTransaction, ID: xid} }

// Tuple is the tag of one row of a relation.
func Tuple(rel uint32, block uint32, offset uint16) Tag {
	return Tag{Kind: KindTuple, ID: uint64(rel), Sub: uint64(block)<<16 | uint64(offset)}
}

// Row is the tag of a row version that is locked for longer than a change takes.
func Row(rel uint32, block uint32, offset uint16) Tag {
	t := Tuple(rel, block, offset)
	t.Kind = KindRow
	return t
}

// Name is the tag of a name within a namespace, such as Name("relation", "t").
func Name(space, name string) Tag { return Tag{Kind: KindName, Name: space + " " + name} }

// String describes the thing as it appears in the detail of a deadlock: "relation 16384", "transaction 731".
func (t Tag) String() string {
	switch t.Kind {
	case KindRelation:
		return fmt.Sprintf("relation %d", t.ID)
	case KindTransaction:
		return fmt.Sprintf("transaction %d", t.ID)
	case KindTuple:
		return fmt.Sprintf("tuple (%d,%d) of relation %d", t.Sub>>16, t.Sub&0xffff, t.ID)
	case KindRow:
		return fmt.Sprintf("row (%d,%d) of relation %d", t.Sub>>16, t.Sub&0xffff, t.ID)
	case KindName:
		return "name of " + t.Name
	}
	return "unknown thing"
}
