package wal

import (
	"fmt"
	"strconv"

	"github.com/quiredb/quire/core/page"
)

// SegmentBytes is the size of a segment file, 16 MiB.
const SegmentBytes = 16 << 20

// FirstLSN is where the first record of a new log lies: segment 1, because archiving tools treat segment 0 as "none".
const FirstLSN page.LSN = SegmentBytes

// DirName is the directory of the segments inside a data directory.
const DirName = "pg_wal"

// SegmentName returns the file name of the segment that holds lsn: eight hexadecimal digits each for the timeline, for
// the upper half of the LSN and for the number of the segment within that 4 GiB.
func SegmentName(tli page.TimelineID, lsn page.LSN) string {
	g := geometry{SegmentBytes}
	return g.name(tli, g.number(lsn))
}

// ParseSegmentName is the inverse of SegmentName; the LSN is the segment's first. ok is false for any other file name.
func ParseSegmentName(name string) (tli page.TimelineID, start page.LSN, ok bool) {
	g := geometry{SegmentBytes}
	tli, n, ok := g.parse(name)
	return tli, g.start(n), ok
}

// geometry is the arithmetic of segments of one size, a power of two. Production knows SegmentBytes only; tests use
// tiny segments to meet boundaries often.
type geometry struct{ size uint64 }

func (g geometry) number(lsn page.LSN) uint64   { return uint64(lsn) / g.size }
func (g geometry) start(number uint64) page.LSN { return page.LSN(number * g.size) }
func (g geometry) offset(lsn page.LSN) int64    { return int64(uint64(lsn) % g.size) }
func (g geometry) perFourGiB() uint64           { return 1 << 32 / g.size }
func (g geometry) firstLSN() page.LSN           { return page.LSN(g.size) }

func (g geometry) name(tli page.TimelineID, number uint64) string {
	return fmt.Sprintf("%08X%08X%08X", uint32(tli), number/g.perFourGiB(), number%g.perFourGiB())
}

func (g geometry) parse(name string) (tli page.TimelineID, number uint64, ok bool) {
	if len(name) != 24 {
		return 0, 0, false
	}
	var part [3]uint64
	for i := range part {
		digits := name[8*i : 8*i+8]
		for _, c := range []byte(digits) {
			if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
				return 0, 0, false
			}
		}
		part[i], _ = strconv.ParseUint(digits, 16, 32) // eight hexadecimal digits always fit
	}
	if part[0] == 0 || part[2] >= g.perFourGiB() {
		return 0, 0, false
	}
	return page.TimelineID(part[0]), part[1]*g.perFourGiB() + part[2], true
}
