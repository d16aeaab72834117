package datum

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrRow marks row bytes that cannot be what AppendRow wrote for these columns.
var ErrRow = errors.New("row does not match its table's columns")

// RowType lists the columns of a table.
type RowType []Type

// A row is stored without padding; integers are little endian.
//
//	+-----------------------+---------------------+----------------------------- - -
//	| uvarint 2*columns+any | null bitmap, if any | values that are not null ...
//	+-----------------------+---------------------+----------------------------- - -
//
// any is 1 if at least one value is null; then bit i%8 of byte i/8 of the bitmap is set for a null in column i. A value of
// fixed size takes TypeInfo.Len bytes, any other an uvarint length and its bytes. A float4 is stored in four bytes.

// AppendRow appends the stored form of a row. It panics if the number of values is not the number of columns.
func (rt RowType) AppendRow(dst []byte, row []Datum) []byte {
	if len(row) != len(rt) {
		panic("datum: row has another number of columns than its type")
	}
	head := uint64(len(rt)) << 1
	for i := range row {
		if row[i].Null {
			head |= 1
			break
		}
	}
	dst = binary.AppendUvarint(dst, head)
	bitmap := len(dst)
	if head&1 != 0 {
		for range (len(rt) + 7) / 8 {
			dst = append(dst, 0)
		}
	}
	for i := range row {
		if row[i].Null {
			dst[bitmap+i>>3] |= 1 << (i & 7)
			continue
		}
		dst = appendValue(dst, rt[i].OID, &row[i])
	}
	return dst
}

// storage is how a type is stored. A table is faster than a switch over OIDs, which are far apart.
type storage uint8

const (
	storeVarlena storage = iota
	store1
	store2
	store4
	store4Unsigned
	store4Float
	store8
	store16
)

var storages = func() (table [oidSpace]storage) {
	for _, t := range RegTypes() {
		table[t] = store4Unsigned
	}
	for kind, list := range map[storage][]OID{
		store1: {Bool, Char}, store2: {Int2}, store4: {Int4, Date}, store4Unsigned: {OIDType}, store4Float: {Float4},
		store8: {Int8, Float8, Timestamp, Timestamptz, PgLSN}, store16: {UUID, Interval},
	} {
		for _, t := range list {
			table[t] = kind
		}
	}
	return table
}()

var storageWidths = [...]uint8{store1: 1, store2: 2, store4: 4, store4Unsigned: 4, store4Float: 4, store8: 8, store16: 16}

func storageOf(t OID) storage { return storages[t&(oidSpace-1)] }

func appendValue(dst []byte, t OID, d *Datum) []byte {
	switch storageOf(t) {
	case store1:
		return append(dst, byte(d.I))
	case store2:
		return binary.LittleEndian.AppendUint16(dst, uint16(d.I))
	case store4, store4Unsigned:
		return binary.LittleEndian.AppendUint32(dst, uint32(d.I))
	case store4Float:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(d.Float())))
	case store8:
		return binary.LittleEndian.AppendUint64(dst, uint64(d.I))
	case store16:
		n := len(dst)
		dst = append(dst, d.S...)
		for len(dst) < n+16 { // a datum of the right type is 16 bytes long
			dst = append(dst, 0)
		}
		return dst[:n+16]
	}
	return append(binary.AppendUvarint(dst, uint64(len(d.S))), d.S...)
}

// RowSize returns the length of what AppendRow would append.
func (rt RowType) RowSize(row []Datum) int {
	n, null := 0, false
	for i := range row {
		if row[i].Null {
			null = true
			continue
		}
		if w := storageWidths[storageOf(rt[i].OID)]; w != 0 {
			n += int(w)
			continue
		}
		n += uvarintLen(uint64(len(row[i].S))) + len(row[i].S)
	}
	head := uint64(len(rt)) << 1
	if null {
		n += (len(rt) + 7) / 8
	}
	return n + uvarintLen(head)
}

func uvarintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// DecodeRow reads a row into row, which has a place per column. Columns that were added after the row was written are null.
// S aliases data: Clone what must outlive it.
func (rt RowType) DecodeRow(data []byte, row []Datum) error {
	return rt.decode(data, row, len(rt), nil, nil)
}

// DecodeColumns reads the columns whose numbers need lists in ascending order, and leaves the other places of row alone. It
// stops at the last column needed.
func (rt RowType) DecodeColumns(data []byte, need []int, row []Datum) error {
	if len(need) == 0 {
		return nil
	}
	return rt.decode(data, row, need[len(need)-1]+1, need, nil)
}

func (rt RowType) decode(data []byte, row []Datum, upTo int, need []int, missing []Datum) error {
	head, pos := binary.Uvarint(data)
	if pos <= 0 {
		return ErrRow
	}
	stored := int(head >> 1)
	if head>>1 > uint64(len(rt)) {
		return ErrRow
	}
	var bitmap []byte
	if head&1 != 0 {
		n := (stored + 7) / 8
		if len(data)-pos < n {
			return ErrRow
		}
		bitmap = data[pos : pos+n]
		pos += n
	}
	next := 0 // index into need
	for i := 0; i < upTo; i++ {
		wanted := need == nil
		if !wanted && need[next] == i {
			wanted = true
			next++
		}
		if i >= stored {
			switch {
			case !wanted:
			case missing != nil:
				row[i] = missing[i]
			default:
				row[i] = Datum{Null: true}
			}
			continue
		}
		if bitmap != nil && bitmap[i>>3]&(1<<(i&7)) != 0 {
			if wanted {
				row[i] = Datum{Null: true}
			}
			continue
		}
		kind := storageOf(rt[i].OID)
		w := int(storageWidths[kind])
		if w == 0 {
			var n uint64
			if pos < len(data) && data[pos] < 0x80 { // nearly always: one byte of length
				n = uint64(data[pos])
				pos++
			} else {
				var used int
				n, used = binary.Uvarint(data[pos:])
				if used <= 0 {
					return ErrRow
				}
				pos += used
			}
			if n > uint64(len(data)-pos) {
				return ErrRow
			}
			if wanted {
				row[i] = Datum{S: alias(data[pos : pos+int(n)])}
			}
			pos += int(n)
			continue
		}
		if len(data)-pos < w {
			return ErrRow
		}
		if wanted {
			row[i] = fixedValue(kind, data[pos:pos+w])
		}
		pos += w
	}
	return nil
}

func fixedValue(kind storage, b []byte) Datum {
	switch kind {
	case store1:
		return Datum{I: int64(b[0])}
	case store2:
		return Datum{I: int64(int16(binary.LittleEndian.Uint16(b)))}
	case store4:
		return Datum{I: int64(int32(binary.LittleEndian.Uint32(b)))}
	case store4Unsigned:
		return Datum{I: int64(binary.LittleEndian.Uint32(b))}
	case store4Float:
		return NewFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case store16:
		return Datum{S: alias(b)}
	}
	return Datum{I: int64(binary.LittleEndian.Uint64(b))}
}
