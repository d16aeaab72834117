package genericxlog

import (
	"fmt"
	"strings"
)

// Describe returns the blocks section on one line, for the log dump; empty if there is none.
func (b Body) Describe() string {
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

// describe prints one block reference: what was done, then where the page came from.
func (b *BlockRef) describe(out *strings.Builder) {
	fork := ""
	if b.Map {
		fork = "vm "
	}
	fmt.Fprintf(out, " %sblk %d {%v}", fork, b.Block, b.Change)
	if b.Recycled {
		out.WriteString(" recycled")
	}
	if b.PrevLSN != 0 {
		fmt.Fprintf(out, " prev %v", b.PrevLSN)
	}
	if b.ConflictHorizon != 0 {
		fmt.Fprintf(out, " horizon %v", b.ConflictHorizon)
	}
	fmt.Fprintf(out, " crc %08x", b.CRC)
}
