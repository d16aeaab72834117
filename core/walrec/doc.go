// Package walrec encodes and decodes what log records say besides page edits: the payload of each kind.
//
// A payload stands in the body of its record behind the block section that genericxlog writes. Integers are varints of
// encoding/binary, strings and lists have their length first, and a payload ends where its body ends.
//
// Always true:
//
//	R1. Decoding accepts any bytes: it returns an error or a value, never panics, and allocates no more than a small
//	    multiple of the input.
//	R2. Decode(Append(nil, v)) is v, and Append(nil, Decode(b)) is b: each value has one form.
//	R3. A form never changes. What must change gets another record kind, or a new format version in the control file.
//
// Nothing here locks or keeps state.
package walrec
