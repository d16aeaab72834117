package page

import "fmt"

// Mode is the form of a Change.
type Mode uint8

const (
	// ModeEdits is a logged list of edits, see edit.
	ModeEdits Mode = iota
	// ModeDiff is a list of fragments of the XOR of both pages.
	ModeDiff
	// ModeImage is the new page without LSN, checksum and hole.
	ModeImage
)

// String is the mode in lower case.
func (m Mode) String() string {
	switch m {
	case ModeEdits:
		return "edits"
	case ModeDiff:
		return "diff"
	case ModeImage:
		return "image"
	}
	return fmt.Sprintf("mode%d", uint8(m))
}

// Change leads from one version of a page to the next, and back unless Barrier.
//
// The payload of a diff or an image that is Stamped begins with the stamps. All integers are uvarints:
//
//	+---+-------------------+----------------------------------------
//	| k | k offsets         | the diff or image
//	+---+-------------------+----------------------------------------
//
// A diff is fragments to the end of the payload. skip counts the bytes since the previous fragment, from byte 12:
//
//	+------+--------+-------------+
//	| skip | length | xor[length] |  ...
//	+------+--------+-------------+
//
// An image is the bytes [12,lower) and [upper,8192), or [12,8192) if the page has no sane header.
type Change struct {
	Mode    Mode
	NewPage bool // the old page is all zero: Apply needs none, Undo needs no data
	Barrier bool // the old page is lost: no Undo
	Stamped bool // the record's own LSN is part of the new page
	Payload []byte
}

// settledSize is the length in bytes up to which edits that are settled are not compared with other forms.
const settledSize = 1024

// Change returns the smallest form of what was done, an image if forceImage, and whether anything changed at all. The
// payload is the Editor's memory and valid until the next Reset or edit. Stamps count as change.
func (e *Editor) Change(forceImage bool) (c Change, changed bool) {
	p := e.Page()
	copy(p[:ContentStart], e.base[:ContentStart])
	if e.raw {
		e.finishRaw()
	}
	c = Change{NewPage: e.fresh, Stamped: len(e.stamps) > 0}
	if !e.compare && len(e.logged) == 0 {
		return Change{}, false
	}
	if !forceImage && e.settled() && len(e.logged) < settledSize {
		c.Mode, c.Payload = ModeEdits, e.logged
		return c, true
	}
	c.Mode = ModeImage
	limit := imageSize(p) + stampsSize(e.stamps)
	if useEdits := !e.compare && len(e.logged) <= limit && !forceImage; useEdits {
		c.Mode, c.Payload, limit = ModeEdits, e.logged, len(e.logged)
	}
	e.out = appendStamps(e.out[:0], e.stamps)
	prefix := len(e.out)
	if !forceImage {
		var complete bool
		if e.out, complete = appendDiff(e.out, e.base[:], p, limit-prefix); complete {
			if len(e.out) == prefix && !c.Stamped {
				return Change{}, false
			}
			if len(e.out) < limit {
				c.Mode, c.Payload = ModeDiff, e.out
			}
		}
	} else if !c.Stamped && Page(e.base[:]).sameContent(p) {
		return Change{}, false
	}
	switch c.Mode {
	case ModeImage:
		e.out = appendImage(e.out[:prefix], p)
		c.Payload = e.out
		c.Barrier = !e.fresh
	case ModeEdits:
		c.Barrier = e.reinit
	}
	return c, true
}

// finishRaw brings bytes written at will into the form that a Change can carry: the hole zero, stamps only where
// zeros wait for them.
func (e *Editor) finishRaw() {
	p := e.Page()
	lower, upper, ok := p.hole()
	if ok {
		clear(p[lower:upper])
	}
	kept := e.stamps[:0]
	for _, s := range e.stamps {
		if p.checkStamp(int(s)) == nil {
			kept = append(kept, s)
		}
	}
	e.stamps = kept
}

func (p Page) sameContent(q Page) bool {
	return string(p[ContentStart:Size]) == string(q[ContentStart:Size])
}

func stampsSize(stamps []uint16) int {
	if len(stamps) == 0 {
		return 0
	}
	n := numberSize(len(stamps))
	for _, s := range stamps {
		n += numberSize(int(s))
	}
	return n
}

func appendStamps(dst []byte, stamps []uint16) []byte {
	if len(stamps) == 0 {
		return dst
	}
	dst = appendNumber(dst, len(stamps))
	for _, s := range stamps {
		dst = appendNumber(dst, int(s))
	}
	return dst
}

// numberSize is the length of a 16-bit uvarint.
func numberSize(v int) int {
	switch {
	case v < 1<<7:
		return 1
	case v < 1<<14:
		return 2
	}
	return 3
}

// imageSize is the length of appendImage's output in bytes.
func imageSize(p Page) int {
	lower, upper, ok := p.hole()
	if !ok {
		return Size - ContentStart
	}
	return Size - ContentStart - (upper - lower)
}

func appendImage(dst []byte, p Page) []byte {
	lower, upper, ok := p.hole()
	if !ok {
		return append(dst, p[ContentStart:]...)
	}
	return append(append(dst, p[ContentStart:lower]...), p[upper:]...)
}
