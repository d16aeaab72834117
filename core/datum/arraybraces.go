package datum

// What came last in the braces of an array's text; it decides what may come next.
type braceState uint8

const (
	braceNothing     braceState = iota
	braceOpened                 // {
	braceItem                   // an element without quotes
	braceQuoted                 // an element within quotes
	braceQuoteEnded             // one behind its quotes
	braceComma                  // a comma behind an element
	braceClosed                 // }
	braceClosedComma            // a comma behind that
)

// braceWalk goes through the braces of an array's text and counts.
type braceWalk struct {
	t      *arrayText
	state  braceState
	quoted bool
	some   bool // there is an element
	depth  int
	dims   int
	// counts has the elements of the array at hand in each depth, last what the ones before had there, items what the first dimension of each
	// depth has so far.
	counts, last, items [maxDimensions]int64
}

func (s braceState) in(list ...braceState) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

// braces judges all that follows the bounds, and returns the length of each dimension; none for an empty array.
func (t *arrayText) braces() ([]int64, error) {
	w := &braceWalk{t: t, dims: 1}
	for i := range w.counts {
		w.counts[i] = 1
	}
	for i := 0; ; i++ {
		w.some = w.some || w.state.in(braceItem, braceQuoted)
		if i == len(t.rest) {
			return nil, t.malformed("Unexpected end of input.")
		}
		if t.rest[i] == '\\' {
			if !w.state.in(braceOpened, braceItem, braceQuoted, braceComma) {
				return nil, t.malformed("Unexpected \"%c\" character.", '\\')
			}
			if w.state != braceQuoted {
				w.state = braceItem
			}
			i++ // the character behind it is one of the element
			if i == len(t.rest) {
				return nil, t.malformed("Unexpected end of input.")
			}
			continue
		}
		if err := w.step(t.rest[i]); err != nil {
			return nil, err
		}
		if w.state == braceClosed && w.depth == 0 {
			return w.end(t.rest[i+1:])
		}
	}
}

func (w *braceWalk) end(rest string) ([]int64, error) {
	for i := range len(rest) {
		if !isSpace(rest[i]) {
			return nil, w.t.malformed("Junk after closing right brace.")
		}
	}
	if !w.some {
		return nil, nil
	}
	return w.items[:w.dims], nil
}

func (w *braceWalk) step(c byte) error {
	switch {
	case c == '"':
		return w.quote()
	case w.quoted:
	case c == '{':
		return w.open()
	case c == '}':
		return w.close()
	case c == ',':
		return w.comma()
	case !isSpace(c):
		if !w.state.in(braceOpened, braceItem, braceComma) {
			return w.t.malformed("Unexpected array element.")
		}
		w.state = braceItem
	}
	return nil
}

func (w *braceWalk) quote() error {
	if !w.state.in(braceOpened, braceQuoted, braceComma) {
		return w.t.malformed("Unexpected array element.")
	}
	w.quoted = !w.quoted
	w.state = braceQuoteEnded
	if w.quoted {
		w.state = braceQuoted
	}
	return nil
}

func (w *braceWalk) open() error {
	if !w.state.in(braceNothing, braceOpened, braceClosedComma) {
		return w.t.malformed("Unexpected \"%c\" character.", '{')
	}
	w.state = braceOpened
	if w.depth >= maxDimensions {
		return errDimensions(w.depth + 1)
	}
	w.items[w.depth] = 0
	w.depth++
	w.dims = max(w.dims, w.depth)
	return nil
}

func (w *braceWalk) close() error {
	if !w.state.in(braceItem, braceQuoteEnded, braceClosed) && !(w.depth == 1 && w.state == braceOpened) {
		return w.t.malformed("Unexpected \"%c\" character.", '}')
	}
	if w.depth == w.dims {
		w.items[w.dims-1]++
	}
	w.state = braceClosed
	w.depth--
	if at := w.depth; w.last[at] != 0 && w.counts[at] != w.last[at] {
		return w.t.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	w.last[w.depth], w.counts[w.depth] = w.counts[w.depth], 1
	if w.depth > 0 {
		w.items[w.depth-1]++
	}
	return nil
}

func (w *braceWalk) comma() error {
	if !w.state.in(braceItem, braceQuoteEnded, braceClosed) {
		return w.t.malformed("Unexpected \"%c\" character.", ',')
	}
	if w.state == braceClosed {
		w.state = braceClosedComma
	} else {
		w.state = braceComma
		w.items[w.dims-1]++
	}
	w.counts[w.depth-1]++
	return nil
}
