package copyfmt

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/pgerr"
)

// signature opens a binary stream.
const signature = "PGCOPY\n\xff\r\n\x00"

// A binary stream is a header, rows and a trailer. Integers are big endian.
//
//	0            11       15            19
//	+------------+--------+-------------+-----------+
//	| signature  | flags  | ext. length | extension |
//	+------------+--------+-------------+-----------+
//	row: fields int16, then for each field length int32 (-1 = NULL) and bytes; trailer: int16 -1

// BinaryHeader is what opens the output.
func BinaryHeader(dst []byte) []byte {
	return append(append(dst, signature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// BinaryTrailer is what ends the output.
func BinaryTrailer(dst []byte) []byte { return append(dst, 0xff, 0xff) }

// binaryRow parses one row, consuming the header first.
func (d *Decoder) binaryRow(b *Batch, at int) (int, error) {
	if !d.started {
		next, err := d.binaryStart(b, at)
		if err != nil {
			return 0, err
		}
		d.started = true
		return next, nil
	}
	buf := b.buf[at:]
	if len(buf) < 2 {
		return 0, d.short(b, at, len(buf) == 0)
	}
	n := int(int16(binary.BigEndian.Uint16(buf)))
	if n == -1 {
		if len(buf) > 2 {
			return 0, d.errorf(b, at, at, pgerr.BadCopyFileFormat, "received copy data after EOF marker")
		}
		if !d.eof {
			return 0, errMore
		}
		d.done = true
		return at + 2, nil
	}
	if n != len(d.columns) {
		return 0, d.errorf(b, at, at, pgerr.BadCopyFileFormat, "row field count is %d, expected %d", n, len(d.columns))
	}
	mark, i := len(b.Fields), 2
	for range n {
		if len(buf)-i < 4 {
			b.Fields = b.Fields[:mark]
			return 0, d.short(b, at, false)
		}
		size := int(int32(binary.BigEndian.Uint32(buf[i:])))
		i += 4
		switch {
		case size == -1:
			b.Fields = append(b.Fields, Field{Null: true})
		case size < 0 || size > MaxRow:
			b.Fields = b.Fields[:mark]
			return 0, d.errorf(b, at, at, pgerr.BadCopyFileFormat, "invalid field size")
		case len(buf)-i < size:
			b.Fields = b.Fields[:mark]
			return 0, d.short(b, at, false)
		default:
			b.Fields = append(b.Fields, Field{Bytes: buf[i : i+size]})
			i += size
		}
	}
	b.spans = append(b.spans, span{at, at, d.line})
	d.line++
	b.Rows++
	return at + i, nil
}

// short asks for more input, or reports that there is none. A stream may end without its trailer, as in PostgreSQL's
// protocol version 3.
func (d *Decoder) short(b *Batch, at int, boundary bool) error {
	switch {
	case !d.eof:
		return errMore
	case boundary:
		d.done = true
		return errMore
	default:
		return d.errorf(b, at, at, pgerr.BadCopyFileFormat, "unexpected EOF in COPY data")
	}
}

func (d *Decoder) binaryStart(b *Batch, at int) (int, error) {
	bad := func(format string, args ...any) (int, error) {
		return 0, &LineError{Line: 1, Err: pgerr.New(pgerr.BadCopyFileFormat, format, args...)}
	}
	buf := b.buf[at:]
	if n := min(len(buf), len(signature)); string(buf[:n]) != signature[:n] || d.eof && n < len(signature) {
		return bad("COPY file signature not recognized")
	}
	if len(buf) < len(signature)+8 {
		if d.eof {
			return bad("invalid COPY file header (missing length)")
		}
		return 0, errMore
	}
	flags := binary.BigEndian.Uint32(buf[len(signature):])
	if flags&0xffff0000 != 0 {
		return bad("unrecognized critical flags in COPY file header")
	}
	ext := int(int32(binary.BigEndian.Uint32(buf[len(signature)+4:])))
	if ext < 0 || ext > MaxRow {
		return bad("invalid COPY file header (wrong length)")
	}
	if len(buf) < len(signature)+8+ext {
		if d.eof {
			return bad("invalid COPY file header (wrong length)")
		}
		return 0, errMore
	}
	return at + len(signature) + 8 + ext, nil
}
