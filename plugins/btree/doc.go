// Package btree is the ordered access method: a B-tree in the form of Lehman and Yao, "Efficient locking for concurrent
// operations on B-trees" (1981), with the row's address as the last column of every key. cmd/btree serves it as a process of its own.
//
// It is written as a third party would write it: through plugins/sdk and with the ordering rules of core/ordkey. The README tells why
// a reader sees a sound tree without locks.
//
// Always true, of the pages after any record:
//
//	T1. Block 0 is the metapage; it names the root. All leaves are at level 0, the root alone is at the highest level. From the
//	    left-most page of a level the right links lead through all pages of that level, and the left links back.
//	T2. What orders entries is the full key: the encoded columns, then the row's address. No two entries have the same.
//	T3. A page's first item is its bound. All full keys of a page lie below its bound and not below that of its left sibling.
//	    A bound is as short as it can be: mostly a few bytes of a full key. The right-most page of a level has none.
//	T4. The downlinks of a level, from left to right, lead to the pages of the level below in order, and each separator is the
//	    bound of the page before. So there is no page that only a right link leads to.
//	T5. Keys move only to the right, and only to pages that are new: by a split. A page that is taken out of the tree is
//	    empty, and what it covered goes to its right sibling. So a page's lower end never rises while it is in the tree.
//	T6. A deleted page keeps its links. Its right link leads to a page whose lower end is not above the deleted page's.
//	T7. A link tells which life of a block it means; a block begins the next when it is used again. Who follows an old link to a
//	    block that is another page by now sees it by that and begins again from the root.
//	T8. A vacuum sees every entry that was there when it began: it looks once at each leaf whose block it passed, and at the right
//	    sibling of each leaf it looked at, if not before then after.
//	T9. Whoever adds an entry to a unique index changes the leaf where entries of its key begin, whichever leaf the entry goes to.
package btree
