package buffer

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

var stateNames = [...]string{stateFree: "free", stateLoading: "loading", stateReady: "ready", stateFresh: "fresh", stateFailed: "failed"}

// Dump prints one line for each frame that holds a block, in the order of arenas and frames.
func (p *Pool) Dump(w io.Writer) error {
	arenas := p.allArenas()
	slices.SortFunc(arenas, func(a, b *arena) int { return cmp.Compare(a.name, b.name) })
	var s strings.Builder
	for _, a := range arenas {
		fmt.Fprintf(&s, "arena %q: %d frames, hand at %d\n", a.name, len(a.frames), a.hand.Load()%uint64(len(a.frames)))
		for i := range a.frames {
			if line := a.frames[i].describe(); line != "" {
				fmt.Fprintf(&s, "%6d %s\n", i, line)
			}
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func (b *Buffer) describe() string {
	tag, used := b.currentTag()
	if !used {
		return ""
	}
	s := fmt.Sprintf("%v lsn %v %s", tag, b.Version(), stateNames[b.state.Load()])
	if b.dirty.Load() {
		s += " dirty"
	}
	return s + fmt.Sprintf(" pins=%d usage=%d", b.pins.Load(), b.usage.Load())
}
