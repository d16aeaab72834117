package page

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of edits. Each is wrapped with the values that broke the rule; the page is then as it was before the call.
var (
	// ErrNoSpace says that an item or array element does not fit. Split the page or take another.
	ErrNoSpace = errors.New("no space on page")
	// ErrArgument says that an edit names a place which the page does not have or which the edit may not touch.
	ErrArgument = errors.New("edit argument")
	// ErrMalformed says that an encoded list of edits, a diff or an image cannot be decoded.
	ErrMalformed = errors.New("malformed page change")
	// ErrBarrier says that a change has no way back.
	ErrBarrier = errors.New("change cannot be undone")
)

func argErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrArgument, fmt.Sprintf(format, args...))
}

func noSpaceErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNoSpace, fmt.Sprintf(format, args...))
}

func malformedf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// EditError says which edit of a list failed.
type EditError struct {
	Index int    // from 0
	Op    string // "insert", "write" …
	Err   error
}

func (e *EditError) Error() string { return fmt.Sprintf("edit %d (%s): %v", e.Index, e.Op, e.Err) }

func (e *EditError) Unwrap() error { return e.Err }

// Codes of edits. The low five bits of the first byte; the upper three are flags of the code.
const (
	codeWrite       = 1
	codeFill        = 2
	codeMove        = 3
	codeInsert      = 4
	codePut         = 5
	codeDelete      = 6
	codeResize      = 7
	codeArrayInsert = 8
	codeArrayDelete = 9
	codeFlags       = 10
	codeBounds      = 11
	codeStamp       = 12
	codeInit        = 13

	codeMask = 0x1f
)

const (
	flagZero      = 1 << 5 // move: what it overwrote was zero and is left out
	flagEnd       = 1 << 5 // insert: behind the last line pointer, whose number is left out
	flagKeepSlots = 1 << 5 // delete: line pointers stay, unused
	flagSame      = 1 << 6 // delete: all items are normal and of one length
	flagLower     = 1 << 5 // array: it ends at lower, which moves along
)

// codeFlagsKnown has the flags that a code may carry.
var codeFlagsKnown = [codeInit + 1]byte{
	codeMove: flagZero, codeInsert: flagEnd, codeDelete: flagKeepSlots | flagSame,
	codeArrayInsert: flagLower, codeArrayDelete: flagLower,
}

var codeNames = [...]string{
	codeWrite: "write", codeFill: "fill", codeMove: "move", codeInsert: "insert", codePut: "put",
	codeDelete: "delete", codeResize: "resize", codeArrayInsert: "array insert", codeArrayDelete: "array delete",
	codeFlags: "flags", codeBounds: "bounds", codeStamp: "stamp", codeInit: "init",
}

func codeName(code byte) string {
	if c := int(code & codeMask); c < len(codeNames) && codeNames[c] != "" {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", code&codeMask)
}

// An edit is one operation, decoded. A list of edits is their encodings one after the other. Integers are uvarints,
// those marked ± zigzag. There are two encodings: logged, which also runs backwards, and forward, which a plugin
// sends to the host. They differ where the second column says so.
//
//	             logged                                        forward
//	write        off n xor[n]                                  off n new[n]
//	fill         off n xor(1 byte)                             off n new(1 byte)
//	move         dst src n overwritten[…], none if flagZero    dst src n
//	insert       at len item[len]; no "at" if flagEnd          same
//	put          at len item[len]                              same
//	delete       set removed                                   set
//	resize       at oldLen newLen old[oldLen] new[newLen]      at newLen new[newLen]
//	array insert base width count index k elems[k*width]       same, flagLower unused
//	array delete base width count set removed[k*width]         no removed, flagLower unused
//	flags        old^new                                       new
//	bounds       ±(lower change) ±(upper change)               lower upper
//	stamp        off                                           same
//	init         special flags                                 same
//
// A set of k numbers from 0, increasing, is k and then runs: (gap<<1 | more), where gap counts the numbers skipped
// since the previous run, and if more is 1 the length of the run less 2.
//
// removed, of a delete, is with flagSame the length and then per item
//
//	±place item[length]
//
// and without it per item
//
//	(length<<2 | state) ±place item[length]     with storage
//	(length<<2 | state) offset                  without: the rest of the line pointer
//
// where place is the item's offset, in units of 8 bytes, less the one it would have if items lay from special
// downwards in the order of their line pointers: mostly 0.
type edit struct {
	code  byte // with flags
	at    int  // line pointer from 1
	off   int  // byte position; base of an array; destination of a move
	src   int
	n     int
	width int
	count int
	index int
	data  []byte // what is written or was removed
	old   []byte // of a resize
	set   numberSet
}

func (ed *edit) has(flag byte) bool { return ed.code&flag != 0 }

// decoder reads an encoded list. The first error stays.
type decoder struct {
	b   []byte
	err error
}

// number reads a uvarint of at most 16 bits; nothing on a page needs more.
func (d *decoder) number() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > 0xffff {
		d.fail("bad number")
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

// signed reads a zigzag number of at most 16 bits and a sign.
func (d *decoder) signed() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > 0x1ffff {
		d.fail("bad signed number")
		return 0
	}
	d.b = d.b[n:]
	return unzigzag(v)
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail("truncated")
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = malformedf("%s, %d bytes left", what, len(d.b))
	}
	d.b = nil
}

func appendNumber(dst []byte, v int) []byte { return binary.AppendUvarint(dst, uint64(v)) }

func appendSigned(dst []byte, v int) []byte { return binary.AppendUvarint(dst, zigzag(v)) }

func zigzag(v int) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(v uint64) int { return int(v>>1) ^ -int(v&1) }

// code reads the first byte of an edit.
func (d *decoder) code() byte {
	b := d.bytes(1)
	if d.err != nil {
		return 0
	}
	c := int(b[0] & codeMask)
	if c == 0 || c > codeInit || b[0]&^codeMask&^codeFlagsKnown[c] != 0 {
		d.fail(fmt.Sprintf("unknown edit code %#x", b[0]))
		return 0
	}
	return b[0]
}

// decodeLogged reads the next edit of a logged list.
func decodeLogged(d *decoder) (ed edit, err error) {
	if ed.code = d.code(); d.err != nil {
		return ed, d.err
	}
	switch ed.code & codeMask {
	case codeWrite:
		ed.off, ed.n = d.number(), d.number()
		ed.data = d.bytes(ed.n)
	case codeFill:
		ed.off, ed.n = d.number(), d.number()
		ed.data = d.bytes(1)
	case codeMove:
		ed.off, ed.src, ed.n = d.number(), d.number(), d.number()
		if !ed.has(flagZero) {
			_, n := overwritten(ed.off, ed.src, ed.n)
			ed.data = d.bytes(n)
		}
	case codeDelete:
		ed.set = decodeSet(d)
		decodeRemoved(d, &ed)
	case codeResize:
		ed.at = d.number()
		oldLen, newLen := d.number(), d.number()
		ed.old, ed.data = d.bytes(oldLen), d.bytes(newLen)
	case codeArrayDelete:
		ed.off, ed.width, ed.count, ed.set = d.number(), d.number(), d.number(), decodeSet(d)
		ed.data = d.bytes(ed.set.len() * ed.width)
	case codeBounds:
		ed.off, ed.src = d.signed(), d.signed()
	default:
		decodeCommon(d, &ed)
	}
	return ed, d.err
}

// decodeForward reads the next edit of a forward list.
func decodeForward(d *decoder) (ed edit, err error) {
	if ed.code = d.code(); d.err != nil {
		return ed, d.err
	}
	switch ed.code & codeMask {
	case codeWrite:
		ed.off, ed.n = d.number(), d.number()
		ed.data = d.bytes(ed.n)
	case codeFill:
		ed.off, ed.n = d.number(), d.number()
		ed.data = d.bytes(1)
	case codeMove:
		ed.off, ed.src, ed.n = d.number(), d.number(), d.number()
	case codeDelete:
		ed.set = decodeSet(d)
	case codeResize:
		ed.at, ed.n = d.number(), d.number()
		ed.data = d.bytes(ed.n)
	case codeArrayDelete:
		ed.off, ed.width, ed.count, ed.set = d.number(), d.number(), d.number(), decodeSet(d)
	case codeBounds:
		ed.off, ed.src = d.number(), d.number()
	default:
		decodeCommon(d, &ed)
	}
	return ed, d.err
}

// decodeCommon reads the edits that both encodings share.
func decodeCommon(d *decoder, ed *edit) {
	switch ed.code & codeMask {
	case codeInsert, codePut:
		if ed.code != codeInsert|flagEnd {
			ed.at = d.number()
		}
		ed.data = d.bytes(d.number())
	case codeArrayInsert:
		ed.off, ed.width, ed.count, ed.index = d.number(), d.number(), d.number(), d.number()
		ed.n = d.number()
		ed.data = d.bytes(ed.n * ed.width)
	case codeFlags, codeStamp:
		ed.off = d.number()
	case codeInit:
		ed.off, ed.n = d.number(), d.number()
	}
}
