package copyfmt

import "github.com/quiredb/quire/core/pgerr"

// textRow parses one line of the text format. Fields are cut first and their escapes resolved once the line is known
// to be complete, so that a line split over two reads is simply scanned again.
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
			fieldEscaped = true
			i += 2
		case newline:
			if d.eol == eolCR || d.eol == eolCRNL {
				return 0, d.errorf(b, at, i, pgerr.BadCopyFileFormat, "literal newline found in data").(*LineError).hint(`Use "\n" to represent newline.`)
			}
			d.eol, end, next = eolNL, i, i+1
			break scan
		case carriage:
			if d.eol == eolNL {
				return 0, d.errorf(b, at, i, pgerr.BadCopyFileFormat, "literal carriage return found in data").(*LineError).hint(`Use "\r" to represent carriage return.`)
			}
			if i+1 >= len(buf) && !d.eof && d.eol != eolCR {
				return 0, errMore
			}
			if d.eol != eolCR && i+1 < len(buf) && buf[i+1] == '\n' {
				d.eol, end, next = eolCRNL, i, i+2
				break scan
			}
			if d.eol == eolCRNL {
				return 0, d.errorf(b, at, i, pgerr.BadCopyFileFormat, "literal carriage return found in data").(*LineError).hint(`Use "\r" to represent carriage return.`)
			}
			d.eol, end, next = eolCR, i, i+1
			break scan
		}
	}
	if end < 0 {
		if !d.eof {
			return 0, errMore
		}
		end, next = len(buf), len(buf)
	}
	if end-at == 2 && buf[at] == '\\' && buf[at+1] == '.' {
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
		if !b.Fields[j].Null {
			b.Fields[j].Bytes = unescape(b.Fields[j].Bytes)
		}
	}
	return next, nil
}

func (e *LineError) hint(text string) *LineError {
	e.Err = e.Err.WithHint("%s", text)
	return e
}

// unescape resolves backslash sequences in place. An unknown escaped character stands for itself.
func unescape(f []byte) []byte {
	w := 0
	for r := 0; r < len(f); r++ {
		c := f[r]
		if c != '\\' || r+1 >= len(f) {
			f[w] = c
			w++
			continue
		}
		r++
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
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v := int(c - '0')
			for n := 1; n < 3 && r+1 < len(f) && f[r+1] >= '0' && f[r+1] <= '7'; n++ {
				v = v<<3 | int(f[r+1]-'0')
				r++
			}
			c = byte(v)
		}
		f[w] = c
		w++
	}
	return f[:w]
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
