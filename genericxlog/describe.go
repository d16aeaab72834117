package genericxlog

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/page"
)

// Describe returns the blocks section on one line, for the log dump; empty if there is none. lsn is the record's.
func (b Body) Describe(lsn page.LSN) string {
	if len(b.Blocks) == 0 {
		return ""
	}
	var out strings.Builder
	if b.Annotation != "" {
		fmt.Fprintf(&out, "%q ", b.Annotation)
	}
	fmt.Fprintf(&out, "rel %v", b.Rel.File())
	for i := range b.Blocks {
		b.Blocks[i].describe(&out)
	}
	return out.String()
}

func (b *BlockRef) describe(out *strings.Builder) {
	fmt.Fprintf(out, " blk %d: %v %d B", b.Block, b.Change.Mode, len(b.Change.Payload))
	for _, word := range []struct {
		set  bool
		word string
	}{
		{b.Change.NewPage, " new"},
		{b.Change.Barrier, " barrier"},
		{b.Change.Stamped, " stamped"},
		{b.Recycled, " recycled"},
	} {
		if word.set {
			out.WriteString(word.word)
		}
	}
	if b.PrevLSN != 0 {
		fmt.Fprintf(out, " prev %v", b.PrevLSN)
	}
	if b.ConflictHorizon != 0 {
		fmt.Fprintf(out, " horizon %v", b.ConflictHorizon)
	}
	fmt.Fprintf(out, " crc %08x", b.CRC)
	if text := b.Change.Describe(); text != "" {
		fmt.Fprintf(out, " {%s}", text)
	}
}
