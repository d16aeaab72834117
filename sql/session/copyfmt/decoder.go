package copyfmt

import (
	"errors"
	"fmt"
	"io"

	"github.com/quiredb/quire/core/pgerr"
)

// readChunk is how many bytes one read asks for.
const readChunk = 64 << 10

// LineError is a malformed row. Line counts from 1; Text is the row as it came in.
type LineError struct {
	Line int
	Text string
	Err  *pgerr.Error
}

func (e *LineError) Error() string { return e.Err.Message }
func (e *LineError) Unwrap() error { return e.Err }

// Where is the context line without the table's name: `line 3: "1	2"`.
func (e *LineError) Where() string {
	if e.Text == "" {
		return fmt.Sprintf("line %d", e.Line)
	}
	return fmt.Sprintf("line %d: \"%s\"", e.Line, e.Text)
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
	done    bool // end marker or end of input was reached
	started bool // header line or binary signature was consumed
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

// Fill replaces b's rows with up to maxRows next ones. It returns io.EOF, with no rows, after the last row. After any
// other error the decoder is of no further use.
func (d *Decoder) Fill(b *Batch, maxRows int) error {
	b.reset(len(d.columns))
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
				return err
			}
		default:
			return err
		}
	}
	d.keepTail(b, at)
	if b.Rows == 0 {
		return io.EOF
	}
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
		return d.errorf(b, at, len(b.buf), pgerr.ProgramLimitExceeded, "COPY row exceeds the limit of %d bytes", MaxRow)
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
	return err
}

// row parses the row that starts at byte at and returns where the next one starts.
func (d *Decoder) row(b *Batch, at int) (int, error) {
	if d.opts.Format == Binary {
		return d.binaryRow(b, at)
	}
	if at == len(b.buf) {
		if !d.eof {
			return 0, errMore
		}
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
		b.Fields = b.Fields[:mark]
		return next, nil
	}
	if !d.started {
		d.started = true
		if d.opts.Header {
			err := d.checkHeader(b, mark, at, next)
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
		return d.rowError(b, pgerr.BadCopyFileFormat, `missing data for column "%s"`, d.columns[got])
	default:
		if len(d.columns) == 0 && got == 1 && len(b.Fields[mark].Bytes) == 0 {
			b.Fields = b.Fields[:mark]
			return nil
		}
		return d.rowError(b, pgerr.BadCopyFileFormat, "extra data after last expected column")
	}
}

// checkHeader compares a header line with the column names under HEADER MATCH.
func (d *Decoder) checkHeader(b *Batch, mark, at, next int) error {
	line := b.spans[b.Rows].line
	b.spans = b.spans[:b.Rows]
	if !d.opts.HeaderMatch {
		return nil
	}
	after := d.line
	d.line = line // errors are about this line, which is read already
	defer func() { d.line = after }()
	got := b.Fields[mark:]
	if len(got) != len(d.columns) {
		return d.errorf(b, at, next, pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(got), len(d.columns))
	}
	for i, f := range got {
		name := string(f.Bytes)
		if f.Null {
			name = d.opts.Null
		}
		if name != d.columns[i] {
			return d.errorf(b, at, next, pgerr.BadCopyFileFormat, `column name mismatch in header line field %d: got "%s", expected "%s"`, i+1, name, d.columns[i])
		}
	}
	return nil
}

// rowError reports the row whose span was recorded last.
func (d *Decoder) rowError(b *Batch, code pgerr.Code, format string, args ...any) error {
	s := b.spans[b.Rows]
	return &LineError{Line: s.line, Text: b.LineText(b.Rows), Err: pgerr.New(code, format, args...)}
}

// errorf reports the line that is being read.
func (d *Decoder) errorf(b *Batch, from, to int, code pgerr.Code, format string, args ...any) error {
	text := ""
	if d.opts.Format != Binary {
		text = shorten(b.buf[from:to])
		if s, ok := b.raw[b.Rows]; ok {
			text = s
		}
		for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
			text = text[:len(text)-1]
		}
	}
	return &LineError{Line: d.line, Text: text, Err: pgerr.New(code, format, args...)}
}
