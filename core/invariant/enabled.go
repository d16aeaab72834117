//go:build invariants

package invariant

// Enabled tells whether this build carries the tag "invariants".
const Enabled = true
