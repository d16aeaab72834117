package copyfmt

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// textRow parses one line of the text format. Fields are cut first and their escapes resolved once the line is known
// to be complete, so that a line split over two reads is simply scanned again. A line may end in the end marker: what stands before
// it is the last row.
func (d *Decoder) textRow(b *Batch, at int) (int, error) {
	buf := b.buf
	mark, start := len(b.Fields), at
	escaped, end, next := false, -1, 0
	fieldEscaped := false
	cut := func(to int) {
		raw := buf[start:to]
		if string(raw) == d.opts.Null {
			b.Fields = append(b.Fields, Field{Null: true})
		} else {
			b.Fields = append(b.Fields, Field{Bytes: raw, Null: false})
			escaped = escaped || fieldEscaped
		}
		start, fieldEscaped = to+1, false
	}
	i := at
	// wrong is a mistake at i, unless the bytes before it are wrong already.
	wrong := func(err error) (int, error) {
		if bad := d.checkEncoding(buf, at, i, nil); bad != nil {
			return 0, bad
		}
		return 0, err
	}
scan:
	for i < len(buf) {
		switch d.class[buf[i]] {
		case ordinary:
			i++
		case delimiter:
			cut(i)
			i++
		case backslash:
			if i+1 >= len(buf) && !d.eof {
				return 0, errMore
			}
			if i+1 < len(buf) && buf[i+1] == '.' {
				after, err := d.marker(buf, i+2)
				if err != nil {
					return wrong(err)
				}
				end, next, d.last = i, after, true
				break scan
			}
			fieldEscaped = true
			i = min(i+2, len(buf))
		case newline:
			if d.eol == eolCR || d.eol == eolCRNL {
				return wrong(d.errorf(pgerr.BadCopyFileFormat, "literal newline found in data").hint(`Use "\n" to represent newline.`))
			}
			d.eol, end, next = eolNL, i, i+1
			break scan
		case carriage:
			if i+1 >= len(buf) && !d.eof && d.eol != eolCR {
				return 0, errMore
			}
			crnl := i+1 < len(buf) && buf[i+1] == '\n'
			if d.eol == eolNL || d.eol == eolCRNL && !crnl {
				return wrong(d.errorf(pgerr.BadCopyFileFormat, "literal carriage return found in data").hint(`Use "\r" to represent carriage return.`))
			}
			end, next = i, i+1
			if crnl && d.eol != eolCR {
				d.eol, next = eolCRNL, i+2
			} else {
				d.eol = eolCR
			}
			break scan
		}
	}
	if end < 0 {
		if !d.eof {
			return 0, errMore
		}
		end, next = len(buf), len(buf)
	}
	if err := d.checkEncoding(buf, at, end, nil); err != nil {
		return 0, err
	}
	if d.last && end == at {
		d.done = true
		return next, nil
	}
	cut(end)
	line := d.line
	d.line++
	b.spans = append(b.spans[:b.Rows], span{at, end, line})
	if !escaped {
		return next, nil
	}
	b.keepRaw(buf[at:end])
	for j := mark; j < len(b.Fields); j++ {
		f := &b.Fields[j]
		if f.Null {
			continue
		}
		var coded bool
		if f.Bytes, coded = unescape(f.Bytes); !coded {
			continue
		}
		if err := datum.ValidateUTF8(string(f.Bytes)); err != nil {
			return 0, d.rowError(b, pgerr.From(err))
		}
	}
	return next, nil
}

// marker reads what must follow the two bytes of an end marker: the end of its line, in the style of the lines before it.
func (d *Decoder) marker(buf []byte, i int) (after int, err error) {
	if i+2 > len(buf) && !d.eof {
		return 0, errMore
	}
	byteAt := func(i int) byte {
		if i < len(buf) {
			return buf[i]
		}
		return 0
	}
	other := func() (int, error) {
		return 0, d.errorf(pgerr.BadCopyFileFormat, "end-of-copy marker does not match previous newline style")
	}
	corrupt := func() (int, error) { return 0, d.errorf(pgerr.BadCopyFileFormat, "end-of-copy marker corrupt") }
	if d.eol == eolCRNL {
		switch byteAt(i) {
		case '\n':
			return other()
		case '\r':
			i++
		default:
			return corrupt()
		}
	}
	switch c := byteAt(i); {
	case c != '\r' && c != '\n':
		return corrupt()
	case c == '\r' && (d.eol == eolNL || d.eol == eolCRNL), c == '\n' && d.eol == eolCR:
		return other()
	}
	return i + 1, nil
}

func (e *LineError) hint(text string) *LineError {
	e.Err = e.Err.WithHint("%s", text)
	return e
}

// unescape resolves backslash sequences in place. An unknown escaped character stands for itself, a backslash at the end for nothing.
// coded says that a number stood for a byte that is not ASCII, or zero: the result must be looked at.
func unescape(f []byte) (out []byte, coded bool) {
	w := 0
	for r := 0; r < len(f); r++ {
		c := f[r]
		if c != '\\' {
			f[w] = c
			w++
			continue
		}
		if r++; r == len(f) {
			break
		}
		c = f[r]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case 'x':
			n, v := 0, 0
			for n < 2 && r+1 < len(f) && hexDigit(f[r+1]) >= 0 {
				v = v<<4 | hexDigit(f[r+1])
				r++
				n++
			}
			if n > 0 {
				c = byte(v)
				coded = coded || c == 0 || c >= 0x80
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v := int(c - '0')
			for n := 1; n < 3 && r+1 < len(f) && f[r+1] >= '0' && f[r+1] <= '7'; n++ {
				v = v<<3 | int(f[r+1]-'0')
				r++
			}
			c = byte(v)
			coded = coded || c == 0 || c >= 0x80
		}
		f[w] = c
		w++
	}
	return f[:w], coded
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// AppendText appends one value in the text format.
func AppendText(dst []byte, value []byte, o Options) []byte {
	for _, c := range value {
		switch c {
		case '\\':
			dst = append(dst, '\\', '\\')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\v':
			dst = append(dst, '\\', 'v')
		case o.Delimiter:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
