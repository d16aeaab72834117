// Package bloom is a bloom filter index as an access method, for equality on any of many columns. cmd/bloom serves it as a
// process of its own.
//
// From the user's side it is PostgreSQL's contrib/bloom: one signature of `length` bits a row, `colN` bits of it set
// for column N, searched from end to end. It is also the example of docs/writing-an-access-method.md and uses nothing
// that a third party could not use.
//
// Always true:
//
//	M1. Block 0 is the metapage; its parameters never change. Blocks from 1 on are data pages, in no order.
//	M2. A data page is a packed array of entries from the header up to lower; its length says how many there are.
//	M3. The metapage lists pages that may have room, the last of them being filled. The list is a hint: a page in
//	    it may be full, and one with room may be missing until the next vacuum.
//	M4. A page without entries is flagged deleted by vacuum. Whoever takes it (from the list or handed out again by the
//	    host) clears the flag in the record that puts entries into it.
//	M5. An insert that finds room changes one page. The metapage changes together with the page that made it change.
package bloom
