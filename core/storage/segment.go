package storage

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/page"
)

// DefaultSegmentBlocks is the number of blocks in a segment file: 1 GiB of pages.
const DefaultSegmentBlocks = 1 << 30 / page.Size

const baseDir = "base"

// A segment is one file of a fork; number counts from 0.
type segment struct {
	page.RelFile
	number int
}

// fileName returns the base name: "16384", "16384_init", "16384.1", "16384_vm".
func (s segment) fileName() string {
	name := strconv.FormatUint(uint64(s.Rel), 10) + s.Fork.Suffix()
	if s.number > 0 {
		name += "." + strconv.Itoa(s.number)
	}
	return name
}

// RelationPath is the first file of a fork, seen from the data directory.
func RelationPath(f page.RelFile) string {
	return filepath.Join(baseDir, segment{RelFile: f}.fileName())
}

// parseFileName is the inverse of fileName. Other names are not ours and are left alone.
func parseFileName(name string) (segment, bool) {
	var s segment
	rest, number, dotted := strings.Cut(name, ".")
	if dotted {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return s, false
		}
		s.number = n
	}
	for fork := page.InitFork; fork < page.NumForks; fork++ {
		if short, ok := strings.CutSuffix(rest, fork.Suffix()); ok {
			rest, s.Fork = short, fork
			break
		}
	}
	rel, err := strconv.ParseUint(rest, 10, 32)
	if err != nil {
		return s, false
	}
	s.Rel = page.RelFileNumber(rel)
	return s, s.fileName() == name
}

func (m *Manager) path(s segment) string {
	return filepath.Join(m.dir, baseDir, s.fileName())
}

// locate returns the segment that holds a block and the block's number inside it.
func (m *Manager) locate(tag page.Tag) (segment, int64) {
	per := m.opts.SegmentBlocks
	return segment{RelFile: tag.RelFile, number: int(tag.Block) / per}, int64(int(tag.Block) % per)
}
