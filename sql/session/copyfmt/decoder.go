package copyfmt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// readChunk is how many bytes one read asks for.
const readChunk = 64 << 10

// LineError is a malformed row. Line counts from 1, and 0 is the header of the binary format, which has no lines; Text is the row as
// it came in, where so much was read as to make it Shown; Column is the one that a binary row breaks off in. Before are the fields of the row that
// precede the mistake: what is wrong with one of them comes first.
type LineError struct {
	Line   int
	Text   string
	Shown  bool
	Column string
	Before []Field
	Err    *pgerr.Error
}

func (e *LineError) Error() string { return e.Err.Message }
func (e *LineError) Unwrap() error { return e.Err }

// Where is the context line without the table's name: `line 3: "1	2"`; nothing for the binary header.
func (e *LineError) Where() string {
	switch {
	case e.Line == 0:
		return ""
	case e.Column != "":
		return fmt.Sprintf("line %d, column %s", e.Line, e.Column)
	case e.Shown:
		return fmt.Sprintf("line %d: \"%s\"", e.Line, e.Text)
	}
	return fmt.Sprintf("line %d", e.Line)
}

// Decoder splits COPY input into batches of rows.
type Decoder struct {
	r       io.Reader
	opts    Options
	columns []string
	class   [256]byte
	eol     eol
	line    int // number of the line being read
	tail    []byte
	eof     bool // r is drained
	last    bool // the end marker stood behind the row before
	done    bool // end marker or end of input was reached
	started bool // header line or binary signature was consumed
	failed  error
}

type eol uint8

const (
	eolUnknown eol = iota
	eolNL
	eolCR
	eolCRNL
)

// Byte classes of the text and csv scanners.
const (
	ordinary byte = iota
	delimiter
	backslash
	newline
	carriage
	quoteMark
)

// NewDecoder reads rows with one field for each of columns from r.
func NewDecoder(r io.Reader, opts Options, columns []string) *Decoder {
	d := &Decoder{r: r, opts: opts, columns: columns, line: 1}
	d.class['\n'], d.class['\r'] = newline, carriage
	d.class[opts.Delimiter] = delimiter
	switch opts.Format {
	case Text:
		d.class['\\'] = backslash
	case CSV:
		d.class[opts.Quote] = quoteMark
	}
	return d
}

// errMore says that the buffer ends inside a row.
var errMore = errors.New("row is not complete yet")

// Fill replaces b's rows with up to maxRows next ones. It returns io.EOF, with no rows, after the last row, and any other error, by
// C4, when the rows before it have been returned; the decoder is of no further use then.
func (d *Decoder) Fill(b *Batch, maxRows int) error {
	b.reset(len(d.columns))
	if d.failed != nil {
		return d.failed
	}
	b.buf = append(b.buf[:0], d.tail...)
	d.tail = d.tail[:0]
	at := 0
	for !d.done && b.Rows < maxRows {
		next, err := d.row(b, at)
		switch {
		case err == nil:
			at = next
		case errors.Is(err, errMore):
			// Growing the buffer moves it, so fields of earlier rows would point into the old copy. That copy stays
			// alive through them; only a full batch avoids it, hence reads come in large chunks.
			if b.Rows > 0 && len(b.buf)-at < readChunk && b.Rows >= maxRows/2 {
				d.keepTail(b, at)
				return nil
			}
			if err := d.read(b, at); err != nil {
				return d.fail(b, err)
			}
		default:
			return d.fail(b, err)
		}
	}
	d.keepTail(b, at)
	if b.Rows == 0 {
		return io.EOF
	}
	return nil
}

// fail returns an error, or keeps it for the next call if there are rows to return first.
func (d *Decoder) fail(b *Batch, err error) error {
	if b.Rows == 0 {
		return err
	}
	var le *LineError
	if errors.As(err, &le) { // the next call has another buffer
		for i := range le.Before {
			le.Before[i].Bytes = bytes.Clone(le.Before[i].Bytes)
		}
	}
	d.failed = err
	return nil
}

func (d *Decoder) keepTail(b *Batch, at int) {
	if at < len(b.buf) {
		d.tail = append(d.tail[:0], b.buf[at:]...)
	}
}

// read appends one chunk of input to the buffer.
func (d *Decoder) read(b *Batch, at int) error {
	if len(b.buf)-at > MaxRow {
		return d.errorf(pgerr.ProgramLimitExceeded, "COPY row exceeds the limit of %d bytes", MaxRow)
	}
	if d.eof {
		return nil
	}
	n := len(b.buf)
	if cap(b.buf)-n < readChunk {
		grown := make([]byte, n, max(2*cap(b.buf), n+4*readChunk))
		copy(grown, b.buf)
		b.buf = grown
	}
	got, err := d.r.Read(b.buf[n : n+readChunk])
	b.buf = b.buf[:n+got]
	if err == io.EOF {
		d.eof = true
		return nil
	}
	return d.broken(err)
}

// Drain reads what the client still sends behind an end marker: his copy is over when he says so, and may fail until then.
func (d *Decoder) Drain() error {
	_, err := io.Copy(io.Discard, d.r)
	return d.broken(err)
}

// broken places an error of the input.
func (d *Decoder) broken(err error) error {
	if err == nil {
		return nil
	}
	return &LineError{Line: d.line, Err: pgerr.From(err)}
}

// row parses the row that starts at byte at and returns where the next one starts.
func (d *Decoder) row(b *Batch, at int) (int, error) {
	if d.opts.Format == Binary {
		return d.binaryRow(b, at)
	}
	if d.last {
		d.done = true
		return at, nil
	}
	if at == len(b.buf) && !d.eof {
		return 0, errMore
	}
	if at == len(b.buf) && (d.started || !d.opts.HeaderMatch) { // a header must be there
		d.done = true
		return at, nil
	}
	mark := len(b.Fields)
	var next int
	var err error
	if d.opts.Format == CSV {
		next, err = d.csvRow(b, at)
	} else {
		next, err = d.textRow(b, at)
	}
	if err != nil {
		b.Fields = b.Fields[:mark]
		return 0, err
	}
	if d.done {
		if b.Fields = b.Fields[:mark]; !d.started && d.opts.HeaderMatch { // the marker is in the place of the header
			b.Fields = append(b.Fields, Field{Null: d.opts.Null == ""})
			b.spans = append(b.spans[:b.Rows], span{at, at, d.line})
			return next, d.checkHeader(b, mark)
		}
		return next, nil
	}
	if !d.started {
		d.started = true
		if d.opts.Header {
			err := d.checkHeader(b, mark)
			b.Fields = b.Fields[:mark]
			delete(b.raw, b.Rows)
			return next, err
		}
	}
	if err := d.checkWidth(b, mark); err != nil {
		return 0, err
	}
	b.Rows++
	return next, nil
}

func (d *Decoder) checkWidth(b *Batch, mark int) error {
	switch got := len(b.Fields) - mark; {
	case got == len(d.columns):
		return nil
	case got < len(d.columns):
		if got == 1 && len(d.columns) == 0 {
			return nil
		}
		err := d.rowError(b, pgerr.New(pgerr.BadCopyFileFormat, `missing data for column "%s"`, d.columns[got]))
		err.Before = slices.Clone(b.Fields[mark:])
		b.Fields = b.Fields[:mark]
		return err
	default:
		if len(d.columns) == 0 && got == 1 && len(b.Fields[mark].Bytes) == 0 {
			b.Fields = b.Fields[:mark]
			return nil
		}
		b.Fields = b.Fields[:mark]
		return d.rowError(b, pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column"))
	}
}

// checkHeader compares a header line, which is read already, with the column names under HEADER MATCH.
func (d *Decoder) checkHeader(b *Batch, mark int) error {
	if !d.opts.HeaderMatch {
		b.spans = b.spans[:b.Rows]
		return nil
	}
	bad := func(format string, args ...any) error {
		return d.rowError(b, pgerr.New(pgerr.BadCopyFileFormat, format, args...))
	}
	got := b.Fields[mark:]
	if len(got) != len(d.columns) {
		return bad("wrong number of fields in header line: got %d, expected %d", len(got), len(d.columns))
	}
	for i, f := range got {
		switch {
		case f.Null:
			return bad(`column name mismatch in header line field %d: got null value ("%s"), expected "%s"`, i+1, d.opts.Null, d.columns[i])
		case string(f.Bytes) != d.columns[i]:
			return bad(`column name mismatch in header line field %d: got "%s", expected "%s"`, i+1, f.Bytes, d.columns[i])
		}
	}
	b.spans = b.spans[:b.Rows]
	return nil
}

// rowError reports the row whose span was recorded last, and shows it.
func (d *Decoder) rowError(b *Batch, err *pgerr.Error) *LineError {
	return &LineError{Line: b.spans[b.Rows].line, Text: b.LineText(b.Rows), Shown: true, Err: err}
}

// errorf reports the line that is being read, of which there is nothing to show yet.
func (d *Decoder) errorf(code pgerr.Code, format string, args ...any) *LineError {
	return &LineError{Line: d.line, Err: pgerr.New(code, format, args...)}
}

// checkEncoding reports bytes of buf[from:to] that are no UTF-8. lines is how many line ends the row has before them.
func (d *Decoder) checkEncoding(buf []byte, from, to int, lines func(before []byte) int) error {
	if utf8.Valid(buf[from:to]) && bytes.IndexByte(buf[from:to], 0) < 0 {
		return nil
	}
	for at := from; at < to; {
		r, n := utf8.DecodeRune(buf[at:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			line := d.line
			if lines != nil {
				line += lines(buf[from:at])
			}
			return &LineError{Line: line, Err: pgerr.From(datum.ValidateUTF8(string(buf[at:min(at+utf8.UTFMax, len(buf))])))}
		}
		at += n
	}
	return nil
}
