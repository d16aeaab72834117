package parse

import "unicode/utf8"

// stride is the distance in bytes between two remembered places of a Locator.
const stride = 1 << 10

// Locator turns byte locations of one query text into character positions. Making one costs a pass over the text, a
// look-up at most one stride, so that a statement with a million constants can be located constant by constant.
type Locator struct {
	query string
	runes []int // characters before byte i*stride, nil when every character is one byte
}

// NewLocator prepares the look-up for query.
func NewLocator(query string) *Locator {
	l := &Locator{query: query}
	for i := 0; i < len(query); i++ {
		if query[i] >= utf8.RuneSelf {
			l.index()
			break
		}
	}
	return l
}

func (l *Locator) index() {
	n := 0
	for i := 0; i < len(l.query); i++ {
		if i%stride == 0 {
			l.runes = append(l.runes, n)
		}
		if utf8.RuneStart(l.query[i]) {
			n++
		}
	}
}

// At is the 1-based character position of the byte at location, 0 when the location is unknown.
func (l *Locator) At(location int32) int {
	if location < 0 || int(location) > len(l.query) {
		return 0
	}
	if l.runes == nil {
		return int(location) + 1
	}
	block := int(location) / stride
	if block >= len(l.runes) {
		block = len(l.runes) - 1
	}
	n := l.runes[block]
	for i := block * stride; i < int(location); i++ {
		if utf8.RuneStart(l.query[i]) {
			n++
		}
	}
	return n + 1
}
