package page

import (
	"fmt"
	"strings"
)

// String tells in one line what the change does, for the log dump: "edits: insert 3 (16 bytes), flags ^0001". It never
// fails; what it cannot decode it says so of.
func (c Change) String() string {
	var b strings.Builder
	b.WriteString(c.Mode.String())
	for _, f := range []struct {
		on   bool
		name string
	}{{c.NewPage, "new page"}, {c.Barrier, "barrier"}, {c.Stamped, "stamped"}} {
		if f.on {
			b.WriteString(", " + f.name)
		}
	}
	b.WriteString(": ")
	d := decoder{b: c.Payload}
	if c.Mode != ModeEdits {
		if _, err := c.stamps(&d); err != nil {
			return b.String() + err.Error()
		}
	}
	switch c.Mode {
	case ModeEdits:
		describeEdits(&b, &d)
	case ModeDiff:
		describeDiff(&b, &d)
	default:
		fmt.Fprintf(&b, "%d bytes", len(d.b))
	}
	return b.String()
}

func describeEdits(b *strings.Builder, d *decoder) {
	for sep := ""; len(d.b) > 0; sep = ", " {
		b.WriteString(sep)
		ed, err := decodeLogged(d)
		if err != nil {
			b.WriteString(err.Error())
			return
		}
		b.WriteString(ed.describe())
	}
}

func describeDiff(b *strings.Builder, d *decoder) {
	at := ContentStart
	for sep := ""; len(d.b) > 0; sep = " " {
		skip, n := d.number(), d.number()
		if d.bytes(n); d.err != nil {
			b.WriteString(sep + d.err.Error())
			return
		}
		at += skip
		fmt.Fprintf(b, "%s[%d,%d)", sep, at, at+n)
		at += n
	}
}

func (ed *edit) describe() string {
	name := codeName(ed.code)
	switch ed.code & codeMask {
	case codeWrite, codeFill:
		return fmt.Sprintf("%s [%d,%d)", name, ed.off, ed.off+ed.n)
	case codeMove:
		return fmt.Sprintf("move [%d,%d) to %d", ed.src, ed.src+ed.n, ed.off)
	case codeInsert:
		if ed.has(flagEnd) {
			return fmt.Sprintf("append (%d bytes)", len(ed.data))
		}
		return fmt.Sprintf("insert %d (%d bytes)", ed.at, len(ed.data))
	case codePut:
		return fmt.Sprintf("put %d (%d bytes)", ed.at, len(ed.data))
	case codeDelete:
		if ed.has(flagKeepSlots) {
			name = "free"
		}
		return fmt.Sprintf("%s %s", name, ed.set.describe(1))
	case codeResize:
		return fmt.Sprintf("overwrite %d (%d to %d bytes)", ed.at, len(ed.old), len(ed.data))
	case codeArrayInsert:
		return fmt.Sprintf("array %d: insert %d of %d bytes at %d of %d", ed.off, ed.n, ed.width, ed.index, ed.count)
	case codeArrayDelete:
		return fmt.Sprintf("array %d: delete %s of %d of %d bytes", ed.off, ed.set.describe(0), ed.count, ed.width)
	case codeFlags:
		return fmt.Sprintf("flags ^%04x", ed.off)
	case codeBounds:
		return fmt.Sprintf("bounds %+d %+d", ed.off, ed.src)
	case codeStamp:
		return fmt.Sprintf("stamp %d", ed.off)
	}
	return fmt.Sprintf("init special %d flags %04x", ed.off, ed.n)
}

// describe prints the runs of a set as "{1 3-5}", counting from first; of long sets the start.
func (s numberSet) describe(first int) string {
	const most = 16
	var b strings.Builder
	from, to, runs := -1, -2, 0
	run := func() {
		if from >= 0 {
			if runs++; runs > 1 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%d", from+first)
			if to > from {
				fmt.Fprintf(&b, "-%d", to+first)
			}
		}
	}
	for it := s.iter(); it.next(); to = it.v {
		if it.v != to+1 {
			run()
			if runs == most {
				return fmt.Sprintf("{%s …} (%d)", b.String(), s.len())
			}
			from = it.v
		}
	}
	run()
	return "{" + b.String() + "}"
}
