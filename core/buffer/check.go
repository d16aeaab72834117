package buffer

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/page"
)

// LeakError lists the pins and locks that are held when none should be.
type LeakError struct{ Leaks []Leak }

// A Leak is one frame in use.
type Leak struct {
	Arena  string
	Frame  int
	Tag    page.Tag
	Pins   int
	Locked bool // somebody holds the content lock
}

func (e *LeakError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d buffers are still in use:", len(e.Leaks))
	for i, l := range e.Leaks {
		if i == 10 {
			fmt.Fprintf(&s, " and %d more", len(e.Leaks)-i)
			break
		}
		fmt.Fprintf(&s, " page %v (%d pins", l.Tag, l.Pins)
		if l.Locked {
			s.WriteString(", locked")
		}
		s.WriteString(")")
	}
	return s.String()
}

// Check reports pins and content locks as a *LeakError. It is for moments in which nobody uses the pool.
func (p *Pool) Check() error {
	var leaks []Leak
	for _, a := range p.allArenas() {
		for i := range a.frames {
			b := &a.frames[i]
			locked := !b.content.TryLock()
			if !locked {
				b.content.Unlock()
			}
			if pins := b.pins.Load(); pins != 0 || locked {
				tag, _ := b.currentTag()
				leaks = append(leaks, Leak{Arena: a.name, Frame: i, Tag: tag, Pins: int(pins), Locked: locked})
			}
		}
	}
	if len(leaks) == 0 {
		return nil
	}
	return &LeakError{Leaks: leaks}
}
