package page

import "encoding/binary"

// MaxForward bounds the list that ForwardEdits returns and Replay takes, in bytes. A page needs no longer one: send
// the image.
const MaxForward = 64 << 10

// maxLogged bounds the logged list. A longer one could not be the smallest form of the change.
const maxLogged = Size

// Editor is a private copy of a page and the list of what was done to it. Methods that edit check everything first:
// after an error the copy is as it was before the call. The zero value needs Reset. An Editor keeps its memory from
// one Reset to the next, so a page changed through a reused Editor costs no allocation.
type Editor struct {
	page, base [Size]byte

	logged  []byte         // edits that also run backwards; void if compare
	forward []byte         // edits for transport; void if raw
	stamps  []uint16       // places for the record's LSN (P6)
	out     []byte         // payload of a diff or an image; before Change scratch
	offs    []OffsetNumber // scratch of Replay
	indexes []int

	fresh    bool // the base is all zero
	reinit   bool // Init ran on a base that is not
	raw      bool // the owner took the bytes: nothing is recorded any more
	compare  bool // logged is incomplete, only diff and image are left
	overflow bool // forward was longer than MaxForward

	loose bool // an edit may have broken the layout of a base that was sound
	plain int  // edits that nothing takes back: items and stamps put in
	other bool // edits of other kinds
}

// NewEditor returns an Editor on a copy of base.
func NewEditor(base Page) *Editor {
	e := new(Editor)
	e.Reset(base)
	return e
}

// Reset starts over on a copy of base. A Change of this Editor is void afterwards.
func (e *Editor) Reset(base Page) {
	_ = base[Size-1]
	copy(e.page[:], base)
	copy(e.base[:], base)
	e.logged, e.forward, e.stamps = e.logged[:0], e.forward[:0], e.stamps[:0]
	e.fresh = base.IsNew() && isZero(base[ContentStart:Size])
	e.reinit, e.raw, e.compare, e.overflow = false, false, false, false
	e.loose, e.plain, e.other = false, 0, false
}

// Page is the copy as it stands, to read only. It stays valid, and changes, until the next Reset.
func (e *Editor) Page() Page { return e.page[:] }

// Raw is the copy to write at will. From now on nothing is recorded: Change compares pages and zeroes the hole.
func (e *Editor) Raw() Page {
	e.raw, e.compare, e.loose = true, true, true
	return e.page[:]
}

// ReplaceImage makes the copy equal to img, in place of all edits so far. LSN and checksum stay those of the base.
func (e *Editor) ReplaceImage(img Page) {
	e.stamps = e.stamps[:0]
	copy(e.Raw()[ContentStart:], img[ContentStart:Size])
}

// ForwardEdits is the list of edits for transport, which Replay takes on the other side. It reports false if the
// copy's owner took the raw bytes or the list grew too long: send the image then. The bytes are the Editor's own and
// valid until its next edit.
func (e *Editor) ForwardEdits() ([]byte, bool) {
	if e.raw || e.overflow {
		return nil, false
	}
	return e.forward, true
}

// KeepsLayout reports whether the copy is as sound as the base was: nothing was done to it but edits that leave no layout broken, so
// that who trusts the base need not Validate.
func (e *Editor) KeepsLayout() bool { return !e.loose }

// settled reports whether the edits are known to change the page, and to be about as short as a comparison would find it.
func (e *Editor) settled() bool {
	return !e.compare && !e.loose && !e.other && !e.reinit && e.plain > 0
}

// Stamp puts the LSN at the stamped places of the copy, as Change.Apply does. Call it after Change.
func (e *Editor) Stamp(lsn LSN) {
	for _, off := range e.stamps {
		binary.LittleEndian.PutUint64(e.page[off:], uint64(lsn))
	}
}

// free fails if one of the ranges [lo,hi) touches a stamped place (P6).
func (e *Editor) free(ranges ...[2]int) error {
	for _, s := range e.stamps {
		for _, r := range ranges {
			if lo := int(s); r[0] < lo+stampSize && lo < r[1] {
				return argErrorf("bytes [%d,%d) wait for the LSN: StampLSN comes last", lo, lo+stampSize)
			}
		}
	}
	return nil
}

// freeItems fails if an item edit of the whole page would touch a stamped place.
func (e *Editor) freeItems() error {
	if len(e.stamps) == 0 {
		return nil
	}
	p := e.Page()
	return e.free([2]int{HeaderSize, p.Lower() + lpSize}, [2]int{p.Upper() - 1, p.Special()})
}

// recorded checks the lists' lengths after an edit was appended.
func (e *Editor) recorded() {
	if len(e.logged) > maxLogged {
		e.compare = true
		e.logged = e.logged[:0]
	}
	if len(e.forward) > MaxForward {
		e.overflow = true
		e.forward = e.forward[:0]
	}
}

// wantLogged and wantForward report whether an edit is to be appended to the list.
func (e *Editor) wantLogged() bool  { return !e.compare }
func (e *Editor) wantForward() bool { return !e.raw && !e.overflow }

// both appends an edit whose two encodings are the same.
func (e *Editor) both(code byte, numbers ...int) {
	if e.wantLogged() {
		e.logged = appendEdit(e.logged, code, numbers...)
	}
	if e.wantForward() {
		e.forward = appendEdit(e.forward, code, numbers...)
	}
}

// data appends bytes to an edit begun with both.
func (e *Editor) data(b []byte) {
	if e.wantLogged() {
		e.logged = append(e.logged, b...)
	}
	if e.wantForward() {
		e.forward = append(e.forward, b...)
	}
	e.recorded()
}

func appendEdit(dst []byte, code byte, numbers ...int) []byte {
	dst = append(dst, code)
	for _, n := range numbers {
		dst = appendNumber(dst, n)
	}
	return dst
}
