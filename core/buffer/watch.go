package buffer

import (
	"errors"

	"github.com/quiredb/quire/core/page"
)

// A Watch tells whether a page is still what it was when the watch was set, without a pin and without a lock: by the version word of the
// frame, as readers of the arena do. A word never repeats, so that a frame that was given to another block and back does not deceive it.
// The zero Watch holds nothing. It must not be asked after Pool.Close.
type Watch struct {
	frame *Buffer
	word  uint64
}

// Watch sets a watch on a page that stands at a version; ok is false if it has another by now, is just being changed or does not exist.
// A page that is in no frame is read. An error is one of reading.
func (p *Pool) Watch(tag page.Tag, version page.LSN) (w Watch, ok bool, err error) {
	b, err := p.Pin(tag)
	if errors.Is(err, ErrBeyondEnd) {
		return Watch{}, false, nil
	}
	if err != nil {
		return Watch{}, false, err
	}
	defer b.Unpin()
	w = Watch{frame: b, word: b.word.Load()}
	// The version changes while the word is odd (B8), so a version read between two equal even words is that of the page.
	ok = w.word&1 == 0 && b.Version() == version && b.word.Load() == w.word
	return w, ok, nil
}

// Holds reports whether the page has not changed and not left its frame since. If so, this counts as a use for the clock hand. False
// says that one has to look again, not that the page changed.
func (w Watch) Holds() bool {
	if w.frame == nil || w.frame.word.Load() != w.word {
		return false
	}
	w.frame.touch()
	return true
}
