package genericxlog_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// The files in testdata/lessons are lessons: each begins with an empty relation 16384 and says in comments what it shows.
// Regenerate the answers with -rewrite and read the difference.
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata/lessons", func(t *testing.T, path string) {
		l := &lesson{world: newWorld(t)}
		l.rel = l.create(16384)
		datadriven.RunTest(t, path, l.run)
	})
}

type lesson struct {
	*world
	rel  genericxlog.Relation
	seen int // records shown
}

func (l *lesson) run(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	switch d.Cmd {
	case "record":
		err := l.record(d, &out)
		l.showRecords(&out)
		if err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
		}
	case "finish-edits":
		l.finishEdits(d, &out)
		l.showRecords(&out)
	case "page":
		var blk int
		d.ScanArgs(t, "blk", &blk)
		describePage(&out, l.page(l.rel, page.BlockNumber(blk)))
	case "undo":
		var blk int
		var to string
		d.ScanArgs(t, "blk", &blk)
		d.ScanArgs(t, "to", &to)
		l.undo(&out, page.BlockNumber(blk), to)
	case "redo":
		l.redo(&out)
	default:
		t.Fatalf("unknown command %s", d.Cmd)
	}
	return out.String()
}

// record runs the lock-holding form. Input lines: "blk OP ARGS", in order of registration.
func (l *lesson) record(d *datadriven.TestData, out *strings.Builder) error {
	s := l.gx.Start(l.rel)
	defer s.Abort()
	pinned := map[page.BlockNumber]*buffer.Buffer{}
	defer func() {
		for _, b := range pinned {
			release(b)
		}
	}()
	if d.HasArg("annotate") {
		var text string
		d.ScanArgs(l.t.(*testing.T), "annotate", &text)
		s.Annotate(text)
	}
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		blk := page.BlockNumber(number(l.t, words[0]))
		if pinned[blk] == nil {
			pinned[blk] = l.pin(l.rel, blk)
		}
		var flags genericxlog.Flags
		switch words[1] {
		case "full-image":
			flags = genericxlog.FullImage
		case "horizon":
			s.SetConflictHorizon(pinned[blk], pinned[blk].Version())
			continue
		case "recycled":
			s.SetRecycled(pinned[blk])
			continue
		}
		e, err := s.RegisterBuffer(pinned[blk], flags)
		if err == nil {
			err = edit(l.t, e, words[1:])
		}
		if err != nil {
			return err
		}
	}
	lsn, err := s.Finish()
	if err == nil && lsn == 0 {
		out.WriteString("no record\n")
	}
	return err
}

// edit runs one line of a lesson on an editor.
func edit(t testing.TB, e *page.Editor, words []string) error {
	arg := func(i int) int { return number(t, words[i]) }
	bytes := func(i int) []byte {
		b, err := hex.DecodeString(words[i])
		require.NoError(t, err)
		return b
	}
	switch words[0] {
	case "register", "full-image":
		return nil
	case "init":
		return e.Init(arg(1), 0)
	case "insert":
		return e.InsertItem(page.OffsetNumber(arg(1)), bytes(2))
	case "overwrite":
		return e.OverwriteItem(page.OffsetNumber(arg(1)), bytes(2))
	case "delete":
		var offs []page.OffsetNumber
		for i := range words[1:] {
			offs = append(offs, page.OffsetNumber(arg(i+1)))
		}
		return e.DeleteItems(offs, false)
	case "write":
		return e.Write(arg(1), bytes(2))
	case "stamp":
		return e.StampLSN(arg(1))
	case "raw":
		copy(e.Raw()[arg(1):], bytes(2))
		return nil
	}
	t.Fatalf("unknown edit %q", words[0])
	return nil
}

// finishEdits runs the conditional form on copies taken now, or at the versions given by "stale".
func (l *lesson) finishEdits(d *datadriven.TestData, out *strings.Builder) {
	var blocks []genericxlog.BlockEdit
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		be := l.forward(l.rel, page.BlockNumber(number(l.t, words[0])), func(e *page.Editor) error {
			return edit(l.t, e, words[1:])
		})
		if d.HasArg("stale") {
			be.Version--
		}
		blocks = append(blocks, be)
	}
	versions, err := l.gx.FinishEdits(l.rel, 0, "", blocks)
	var conflict *genericxlog.ConflictError
	switch {
	case errors.As(err, &conflict):
		fmt.Fprintf(out, "conflict on page %v\n", conflict.Tag)
	case err != nil:
		fmt.Fprintf(out, "error: %v\n", err)
	default:
		fmt.Fprintf(out, "versions %v\n", versions)
	}
}

// showRecords prints the records that are new since the last call.
func (l *lesson) showRecords(out *strings.Builder) {
	all := l.records()
	for _, rec := range all[l.seen:] {
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(l.t, err)
		fmt.Fprintf(out, "%v %v %d bytes: %s\n", rec.LSN, rec.Kind, rec.EndLSN-rec.LSN, body.Describe())
	}
	l.seen = len(all)
}

func (l *lesson) undo(out *strings.Builder, blk page.BlockNumber, to string) {
	lsn, err := page.ParseLSN(to)
	require.NoError(l.t, err)
	r := l.reader()
	defer r.Close()
	p := l.page(l.rel, blk)
	if err := genericxlog.UndoPage(p, l.rel.Tag(blk), r.ReadAt, lsn); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return
	}
	describePage(out, p)
}

// redo applies the whole log once more, to pages that have it all.
func (l *lesson) redo(out *strings.Builder) {
	applied, skipped := 0, 0
	for _, rec := range l.records() {
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(l.t, err)
		n, err := l.gx.ApplyBlocks(body, rec, nil)
		require.NoError(l.t, err)
		applied += n
		skipped += len(body.Blocks) - n
	}
	fmt.Fprintf(out, "%d pages changed, %d skipped\n", applied, skipped)
}

func describePage(out *strings.Builder, p page.Page) {
	if p.IsNew() {
		out.WriteString("new\n")
		return
	}
	fmt.Fprintf(out, "%v, hole [%d,%d)\n", p.LSN(), p.Lower(), p.Upper())
	if p.IsArray() {
		return
	}
	for off := 1; off <= p.NumItems(); off++ {
		item, _ := p.Item(page.OffsetNumber(off))
		fmt.Fprintf(out, "%d: %x\n", off, item)
	}
}

func number(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
