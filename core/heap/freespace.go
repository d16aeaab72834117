package heap

import (
	"math"
	"sync"

	"github.com/quiredb/quire/core/page"
)

const (
	freeUnit  = 32  // bytes of free space per step of the map
	freeGroup = 256 // blocks whose maximum is kept
)

// freeSpace remembers, in steps of 32 bytes, how much room pages have. It is a guess: whoever goes there looks for
// himself. It lives in memory only; after a start it is empty until rows are deleted and vacuumed.
type freeSpace struct {
	room []uint8 // by block
	most []uint8 // by group of blocks; never below the greatest in the group
	from int     // group to look at first
}

// set notes that a block has free bytes of room.
func (f *freeSpace) set(blk page.BlockNumber, free int) {
	step := uint8(min(free/freeUnit, math.MaxUint8))
	if int(blk) >= len(f.room) {
		if step == 0 {
			return
		}
		f.grow(int(blk) + 1)
	}
	f.room[blk] = step
	if g := int(blk) / freeGroup; step > f.most[g] {
		f.most[g] = step
	}
}

func (f *freeSpace) grow(n int) {
	n = (n + freeGroup - 1) / freeGroup * freeGroup
	f.room = append(f.room, make([]uint8, n-len(f.room))...)
	f.most = append(f.most, make([]uint8, n/freeGroup-len(f.most))...)
}

// take returns a block that should have size bytes of room, and forgets its room so that nobody else is sent there.
func (f *freeSpace) take(size int) (page.BlockNumber, bool) {
	want := uint8(min((size+freeUnit-1)/freeUnit, math.MaxUint8))
	for i := range f.most {
		g := (f.from + i) % len(f.most)
		if f.most[g] < want {
			continue
		}
		if blk, ok := f.takeIn(g, want); ok {
			f.from = g
			return blk, true
		}
	}
	return 0, false
}

// takeIn looks through one group, and corrects its maximum if that promised too much.
func (f *freeSpace) takeIn(g int, want uint8) (page.BlockNumber, bool) {
	var most uint8
	for i, step := range f.room[g*freeGroup : (g+1)*freeGroup] {
		if step >= want {
			blk := g*freeGroup + i
			f.room[blk] = 0
			return page.BlockNumber(blk), true
		}
		most = max(most, step)
	}
	f.most[g] = most
	return 0, false
}

// cut forgets the blocks from n on.
func (f *freeSpace) cut(n page.BlockNumber) {
	for blk := int(n); blk < len(f.room); blk++ {
		f.room[blk] = 0
	}
}

// relState is what a Store remembers of a relation.
type relState struct {
	slots [slotCount]slot

	mu       sync.Mutex
	free     freeSpace
	rows     []uint16 // by block, what the last vacuum counted; 0 for not known
	lastUsed bool     // the last page was already given out as a first target
}

func newRelState() *relState {
	s := &relState{}
	for i := range s.slots {
		s.slots[i].block = page.InvalidBlock
	}
	return s
}

func (s *relState) noteFree(blk page.BlockNumber, free int) {
	s.mu.Lock()
	s.free.set(blk, free)
	s.mu.Unlock()
}

// noteRows remembers how many rows a vacuum found on a page.
func (s *relState) noteRows(blk page.BlockNumber, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for int(blk) >= len(s.rows) {
		s.rows = append(s.rows, 0)
	}
	s.rows[blk] = uint16(rows)
}

// counted returns what the last vacuum of this process counted on a page, and the page's free space in bytes, less than a step too little; 0 rows if it
// did not look or found none.
func (s *relState) counted(blk page.BlockNumber) (rows, free int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(blk) >= len(s.rows) {
		return 0, 0
	}
	if int(blk) < len(s.free.room) {
		free = int(s.free.room[blk]) * freeUnit
	}
	return int(s.rows[blk]), free
}
