package copyfmt

import (
	"encoding/binary"
	"errors"
	"slices"

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
		next, err := d.binaryStart(b.buf, at)
		if err != nil {
			return 0, err
		}
		d.started = true
		return next, nil
	}
	buf := b.buf[at:]
	if len(buf) < 2 {
		if d.eof { // by the protocol a stream may end without its trailer, and PostgreSQL does not mind half a count
			d.done = true
		}
		return at, errMore
	}
	n := int(int16(binary.BigEndian.Uint16(buf)))
	if n == -1 {
		if len(buf) > 2 {
			return 0, d.errorf(pgerr.BadCopyFileFormat, "received copy data after EOF marker")
		}
		if !d.eof {
			return 0, errMore
		}
		d.done = true
		return at + 2, nil
	}
	if n != len(d.columns) {
		return 0, d.errorf(pgerr.BadCopyFileFormat, "row field count is %d, expected %d", n, len(d.columns))
	}
	mark, i := len(b.Fields), 2
	for column := range n {
		f, size, err := d.binaryField(buf[i:])
		if err == nil {
			b.Fields, i = append(b.Fields, f), i+size
			continue
		}
		var le *LineError
		if errors.As(err, &le) {
			le.Column, le.Before = d.columns[column], slices.Clone(b.Fields[mark:])
		}
		b.Fields = b.Fields[:mark]
		return 0, err
	}
	b.spans = append(b.spans, span{at, at, d.line})
	d.line++
	b.Rows++
	return at + i, nil
}

// binaryField cuts one field, of size bytes with its length, from the start of buf.
func (d *Decoder) binaryField(buf []byte) (f Field, size int, err error) {
	short := func() (Field, int, error) {
		if !d.eof {
			return Field{}, 0, errMore
		}
		return Field{}, 0, d.errorf(pgerr.BadCopyFileFormat, "unexpected EOF in COPY data")
	}
	if len(buf) < 4 {
		return short()
	}
	n := int(int32(binary.BigEndian.Uint32(buf)))
	switch {
	case n == -1:
		return Field{Null: true}, 4, nil
	case n < 0:
		return Field{}, 0, d.errorf(pgerr.BadCopyFileFormat, "invalid field size")
	case n >= maxAlloc:
		e := d.errorf(pgerr.ProgramLimitExceeded, "out of memory")
		e.Err = e.Err.WithDetail("Cannot enlarge string buffer containing 0 bytes by %d more bytes.", n)
		return Field{}, 0, e
	case len(buf)-4 < n:
		return short()
	}
	return Field{Bytes: buf[4 : 4+n]}, 4 + n, nil
}

// maxAlloc is the length of a field that PostgreSQL does not wait for: its strings stay below one gibibyte. What is shorter and
// exceeds MaxRow is found when so much has come.
const maxAlloc = 1<<30 - 1

func (d *Decoder) binaryStart(whole []byte, at int) (int, error) {
	bad := func(message string) (int, error) {
		return 0, &LineError{Err: pgerr.New(pgerr.BadCopyFileFormat, "%s", message)}
	}
	buf := whole[at:]
	if n := min(len(buf), len(signature)); string(buf[:n]) != signature[:n] || d.eof && n < len(signature) {
		return bad("COPY file signature not recognized")
	}
	short := func(message string) (int, error) {
		if d.eof {
			return bad(message)
		}
		return 0, errMore
	}
	buf = buf[min(len(buf), len(signature)):]
	if len(buf) < 4 {
		return short("invalid COPY file header (missing flags)")
	}
	switch flags := binary.BigEndian.Uint32(buf); {
	case flags&(1<<16) != 0:
		return bad("invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return bad("unrecognized critical flags in COPY file header")
	}
	if buf = buf[4:]; len(buf) < 4 {
		return short("invalid COPY file header (missing length)")
	}
	ext := int(int32(binary.BigEndian.Uint32(buf)))
	if ext < 0 {
		return bad("invalid COPY file header (missing length)")
	}
	if buf = buf[4:]; len(buf) < ext {
		return short("invalid COPY file header (wrong length)")
	}
	return at + len(signature) + 8 + ext, nil
}
