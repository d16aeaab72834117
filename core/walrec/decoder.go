package walrec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed marks a payload that cannot be what was written. The record's checksum was right, so this is a bug or a
// log of another format; redo stops on it.
var ErrMalformed = errors.New("malformed WAL record payload")

// decoder reads a payload from its front. The first error sticks, so a caller checks once, in done.
type decoder struct {
	what string
	b    []byte
	err  error
}

func (d *decoder) fail(field, problem string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s, field %s: %s", ErrMalformed, d.what, field, problem)
		d.b = nil
	}
}

// uint reads a number of at most most.
func (d *decoder) uint(field string, most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	switch {
	case n <= 0 || n > 1 && d.b[n-1] == 0:
		d.fail(field, "not a number")
		return 0
	case v > most:
		d.fail(field, fmt.Sprintf("%d is more than %d", v, most))
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) uint64(field string) uint64 { return d.uint(field, math.MaxUint64) }
func (d *decoder) uint32(field string) uint32 { return uint32(d.uint(field, math.MaxUint32)) }

// int reads a number that may be negative.
func (d *decoder) int(field string) int64 {
	v := d.uint64(field)
	return int64(v>>1) ^ -int64(v&1)
}

// count reads the length of a list whose elements take at least size bytes each.
func (d *decoder) count(field string, size int) int {
	v := d.uint64(field)
	if v > uint64(len(d.b)/size) {
		d.fail(field, fmt.Sprintf("%d elements do not fit into the %d bytes that follow", v, len(d.b)))
		return 0
	}
	return int(v)
}

// bytes reads n bytes, which alias the input.
func (d *decoder) bytes(field string, n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail(field, fmt.Sprintf("%d bytes announced, %d follow", n, len(d.b)))
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) string(field string) string { return string(d.bytes(field, d.count(field, 1))) }

// done reports the first error, or that bytes are left over.
func (d *decoder) done() error {
	if d.err == nil && len(d.b) > 0 {
		d.fail("end", fmt.Sprintf("%d bytes left over", len(d.b)))
	}
	return d.err
}

func appendInt(dst []byte, v int64) []byte {
	return binary.AppendUvarint(dst, uint64(v)<<1^uint64(v>>63))
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
