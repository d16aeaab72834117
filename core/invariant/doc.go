// Package invariant holds checks that are too dear for production.
//
// Code guards them with the constant Enabled, so that without the build tag the compiler removes check and arguments alike:
//
//	if invariant.Enabled {
//		invariant.That(p.Verify(tag) == nil, "page %v leaves the pool unsealed", tag)
//	}
//
// The tag is "invariants": go test -tags invariants ./core/...
//
// A violated invariant is a bug in Quire, never bad input, and panics.
package invariant

import "fmt"

// That panics with the formatted message if cond is false and the build carries the tag. Arguments are evaluated either
// way, so costly ones belong inside an if on Enabled.
func That(cond bool, format string, args ...any) {
	if Enabled && !cond {
		panic("invariant violated: " + fmt.Sprintf(format, args...))
	}
}

// ScribbleByte fills memory that must not be read any more. It is neither zero nor a plausible small number.
const ScribbleByte = 0xDB

// Scribble overwrites b in builds with invariants and does nothing otherwise.
func Scribble(b []byte) {
	if !Enabled {
		return
	}
	for i := range b {
		b[i] = ScribbleByte
	}
}
