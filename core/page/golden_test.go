package page

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// TestGolden runs testdata/edits: each block edits the page that the block before left, and shows the encodings.
// The bytes are an on-disk format: a diff here is a format change.
func TestGolden(t *testing.T) {
	base := New()
	e := NewEditor(base)
	datadriven.RunTest(t, "testdata/edits", func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "new" {
			clear(base)
			return ""
		}
		e.Reset(base)
		for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
			if line == "" {
				continue
			}
			if err := command(e, strings.Fields(line)); err != nil {
				return fmt.Sprintf("%s: %v\n", line, err)
			}
		}
		forward := "none: raw"
		if list, ok := e.ForwardEdits(); ok {
			forward = hex.EncodeToString(list)
		}
		c, changed := checkChange(t, base, e, d.HasArg("image"))
		if !changed {
			return "no change\n"
		}
		copy(base, e.Page())
		require.NoError(t, base.Validate())
		return fmt.Sprintf("%v\nforward %s\nlogged  %s\n%s", c, short(forward), short(hex.EncodeToString(c.Payload)), layout(base))
	})
}

func short(hex string) string {
	if len(hex) > 200 {
		return fmt.Sprintf("%s… (%d bytes)", hex[:200], len(hex)/2)
	}
	return hex
}

func layout(p Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "page    lower=%d upper=%d special=%d flags=%04x", p.Lower(), p.Upper(), p.Special(), p.Flags())
	for i := 1; i <= p.NumItems(); i++ {
		id := p.itemID(i)
		if item, ok := p.Item(OffsetNumber(i)); ok {
			fmt.Fprintf(&b, " %d:%d=%.12q", i, id.Offset(), item)
		} else {
			fmt.Fprintf(&b, " %d:-", i)
		}
	}
	if p.IsArray() {
		fmt.Fprintf(&b, " %q", p[HeaderSize:min(p.Lower(), HeaderSize+16)])
	}
	return b.String() + "\n"
}

// command runs one line, such as "insert 3 text".
func command(e *Editor, args []string) error {
	num := func(i int) int {
		n, err := strconv.Atoi(args[i])
		check(err)
		return n
	}
	nums := func(from int) (out []int) {
		for i := from; i < len(args); i++ {
			out = append(out, num(i))
		}
		return out
	}
	switch args[0] {
	case "init":
		return e.Init(num(1), uint16(num(2)))
	case "write":
		return e.Write(num(1), []byte(args[2]))
	case "fill":
		return e.Fill(num(1), num(2), byte(num(3)))
	case "move":
		return e.Move(num(1), num(2), num(3))
	case "insert":
		return e.InsertItem(OffsetNumber(num(1)), []byte(args[2]))
	case "put":
		return e.PutItem(OffsetNumber(num(1)), []byte(args[2]))
	case "delete", "free":
		var offs []OffsetNumber
		for _, n := range nums(1) {
			offs = append(offs, OffsetNumber(n))
		}
		return e.DeleteItems(offs, args[0] == "free")
	case "overwrite":
		return e.OverwriteItem(OffsetNumber(num(1)), []byte(args[2]))
	case "array-insert":
		return e.ArrayInsert(num(1), num(2), num(3), num(4), []byte(args[5]))
	case "array-delete":
		return e.ArrayDelete(num(1), num(2), num(3), nums(4))
	case "special":
		return e.SetSpecial(num(1), []byte(args[2]))
	case "flags":
		return e.SetFlags(uint16(num(1)))
	case "bounds":
		return e.SetBounds(num(1), num(2))
	case "stamp":
		return e.StampLSN(num(1))
	case "raw":
		copy(e.Raw()[num(1):], args[2])
		return nil
	}
	panic("unknown command " + args[0])
}
