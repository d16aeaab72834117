package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/quiredb/quire/core/page"
)

// blocksPerFile is how many blocks a file of a relation holds: 1 GiB.
const blocksPerFile = 1 << 30 / page.Size

// dumpPage prints one page straight from its file.
func dumpPage(w io.Writer, dir string, tag page.Tag) error {
	name := strconv.FormatUint(uint64(tag.Rel), 10) + tag.Fork.Suffix()
	if n := int(tag.Block / blocksPerFile); n > 0 {
		name += "." + strconv.Itoa(n)
	}
	path := filepath.Join(dir, "base", name)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	p := page.New()
	off := int64(tag.Block%blocksPerFile) * page.Size
	if _, err := f.ReadAt(p, off); errors.Is(err, io.EOF) {
		return fmt.Errorf("%s ends before block %d; the last one it has is %d", path, tag.Block, lastBlock(f))
	} else if err != nil {
		return err
	}
	fmt.Fprintf(w, "page %v in %s at offset %d\n", tag, path, off)
	if p.IsNew() {
		fmt.Fprintln(w, "new: all zeros")
		return nil
	}
	checksum := "matches"
	if err := p.Verify(tag); err != nil {
		checksum = err.Error()
	}
	fmt.Fprintf(w, "lsn %v  checksum %08x (%s)\nflags %#04x  lower %d  upper %d  special %d  free %d\n",
		p.LSN(), p.Checksum(), checksum, p.Flags(), p.Lower(), p.Upper(), p.Special(), p.FreeSpace())
	if err := p.Validate(); err != nil {
		fmt.Fprintf(w, "layout: %v\n", err)
		fmt.Fprint(w, hex.Dump(p))
		return nil
	}
	if p.IsArray() {
		fmt.Fprint(w, hex.Dump(p[page.HeaderSize:p.Lower()]))
	}
	for i := 1; !p.IsArray() && i <= p.NumItems(); i++ {
		off := page.OffsetNumber(i)
		id := p.ItemID(off)
		fmt.Fprintf(w, "item %d: state %d, %d bytes at %d\n", i, id.Flags(), id.Length(), id.Offset())
		if item, ok := p.Item(off); ok {
			fmt.Fprint(w, hex.Dump(item))
		}
	}
	if s := p.SpecialArea(); len(s) > 0 {
		fmt.Fprintf(w, "special space, %d bytes:\n%s", len(s), hex.Dump(s))
	}
	return nil
}

func lastBlock(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return -1
	}
	return info.Size()/page.Size - 1
}
