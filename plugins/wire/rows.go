package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// Row is a row of the table as the index sees it: its address and the values of the indexed columns.
type Row struct {
	TID    page.TID
	Values []Value
}

// AppendRow packs a row of a known number of columns.
//
//	0            4             6
//	+------------+-------------+----------------------------+
//	| block, u32 | offset, u16 | a value for each column    |
//	+------------+-------------+----------------------------+
//
// Integers are little endian. A value is uvarint(0) for NULL, else uvarint(length+1) and the bytes.
func AppendRow(dst []byte, tid page.TID, values []Value) []byte {
	dst = tid.AppendBinary(dst)
	for _, v := range values {
		dst = AppendValue(dst, v)
	}
	return dst
}

// AppendValue packs one value.
func AppendValue(dst []byte, v Value) []byte {
	if v == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(v))+1)
	return append(dst, v...)
}

// DecodeRows unpacks count rows of columns values each. Values alias packed.
func DecodeRows(packed []byte, count, columns int) ([]Row, error) {
	if columns < 0 || columns > MaxColumns {
		return nil, fmt.Errorf("%w: rows of %d columns, the limit is %d", ErrProtocol, columns, MaxColumns)
	}
	if count < 0 || count > len(packed)/(6+columns) {
		return nil, fmt.Errorf("%w: %d rows announced in %d bytes", ErrProtocol, count, len(packed))
	}
	rows := make([]Row, count)
	values := make([]Value, count*columns)
	rest := packed
	for i := range rows {
		var err error
		if rows[i].TID, rest, err = cutTID(rest); err != nil {
			return nil, fmt.Errorf("row %d of %d: %w", i, count, err)
		}
		rows[i].Values = values[i*columns : (i+1)*columns : (i+1)*columns]
		for c := range rows[i].Values {
			if rows[i].Values[c], rest, err = cutValue(rest); err != nil {
				return nil, fmt.Errorf("row %d of %d, column %d: %w", i, count, c, err)
			}
		}
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last of %d rows", ErrProtocol, len(rest), count)
	}
	return rows, nil
}

func cutValue(b []byte) (Value, []byte, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 {
		return nil, nil, fmt.Errorf("%w: value without a length", ErrProtocol)
	}
	b = b[w:]
	if n == 0 {
		return nil, b, nil
	}
	n--
	if n > uint64(len(b)) {
		return nil, nil, fmt.Errorf("%w: value of %d bytes, %d are left", ErrProtocol, n, len(b))
	}
	return Value(b[:n:n]), b[n:], nil
}
