package copyfmt

import "github.com/quiredb/quire/core/pgerr"

// csvRow parses one record of the csv format; a quoted field may span lines. By PostgreSQL's count a line end in quotes counts if it
// is a newline where the lines before ended in one, and a carriage return otherwise; a row has the number of its last line.
func (d *Decoder) csvRow(b *Batch, at int) (int, error) {
	buf := b.buf
	mark, start := len(b.Fields), at
	quoted := false // the current field contains a quoted part
	any, lines := false, 0
	cut := func(to int) {
		raw := buf[start:to]
		if !quoted && string(raw) == d.opts.Null {
			b.Fields = append(b.Fields, Field{Null: true})
		} else {
			b.Fields = append(b.Fields, Field{Bytes: raw, Null: false})
		}
		start, quoted = to+1, false
	}
	if at < len(buf) && buf[at] == '\\' && d.class['\\'] == ordinary {
		next, err := d.csvMarker(buf, at)
		if err != nil || d.done {
			return next, err
		}
	}
	i, end, next := at, -1, 0
	// wrong is a mistake at i, unless the bytes before it are wrong already.
	wrong := func(err *LineError) (int, error) {
		if bad := d.checkEncoding(buf, at, i, d.linesInQuotes); bad != nil {
			return 0, bad
		}
		err.Line += lines
		return 0, err
	}
scan:
	for i < len(buf) {
		switch d.class[buf[i]] {
		case delimiter:
			cut(i)
			i++
		case quoteMark:
			quoted, any = true, true
			closing, inside := d.closingQuote(buf, i+1)
			lines += inside
			if closing < 0 {
				if !d.eof {
					return 0, errMore
				}
				if i = len(buf); d.opts.Header && !d.opts.HeaderMatch && !d.started {
					end, next = i, i // nobody looks at the fields of this line
					break scan
				}
				err := d.errorf(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
				err.Text, err.Shown = shorten(buf[at:]), true
				return wrong(err)
			}
			if closing+1 >= len(buf) && !d.eof {
				return 0, errMore // a second quote may follow
			}
			i = closing + 1
		case newline:
			if d.eol == eolCR || d.eol == eolCRNL {
				return wrong(d.errorf(pgerr.BadCopyFileFormat, "unquoted newline found in data").hint("Use quoted CSV field to represent newline."))
			}
			d.eol, end, next = eolNL, i, i+1
			break scan
		case carriage:
			if i+1 >= len(buf) && !d.eof && d.eol != eolCR {
				return 0, errMore
			}
			crnl := i+1 < len(buf) && buf[i+1] == '\n'
			if d.eol == eolNL || d.eol == eolCRNL && !crnl {
				return wrong(d.errorf(pgerr.BadCopyFileFormat, "unquoted carriage return found in data").hint("Use quoted CSV field to represent carriage return."))
			}
			end, next = i, i+1
			if crnl && d.eol != eolCR {
				d.eol, next = eolCRNL, i+2
			} else {
				d.eol = eolCR
			}
			break scan
		default:
			i++
		}
	}
	if end < 0 {
		if !d.eof {
			return 0, errMore
		}
		end, next = len(buf), len(buf)
	}
	if err := d.checkEncoding(buf, at, end, d.linesInQuotes); err != nil {
		return 0, err
	}
	cut(end)
	b.spans = append(b.spans[:b.Rows], span{at, end, d.line + lines})
	d.line += lines + 1
	if any {
		b.keepRaw(buf[at:end])
		for j := mark; j < len(b.Fields); j++ {
			if !b.Fields[j].Null {
				b.Fields[j].Bytes = d.unquote(b.Fields[j].Bytes)
			}
		}
	}
	return next, nil
}

// csvMarker looks whether a row that starts with a backslash is the end marker, which is a line of its own, and sets done.
func (d *Decoder) csvMarker(buf []byte, at int) (next int, err error) {
	if len(buf)-at < 4 && !d.eof {
		return 0, errMore
	}
	rest := buf[at+1:]
	if len(rest) < 2 || rest[0] != '.' {
		return at, nil
	}
	i := 1
	if d.eol == eolCRNL {
		if rest[1] != '\r' || len(rest) < 3 {
			return at, nil
		}
		i++
	}
	switch c := rest[i]; {
	case c != '\r' && c != '\n':
		return at, nil
	case c == '\r' && (d.eol == eolNL || d.eol == eolCRNL), c == '\n' && d.eol == eolCR:
		return 0, d.errorf(pgerr.BadCopyFileFormat, "end-of-copy marker does not match previous newline style")
	}
	d.done = true
	return at + 2 + i, nil
}

// countedEnd is the line end that counts within quotes.
func (d *Decoder) countedEnd() byte {
	if d.eol == eolNL {
		return '\n'
	}
	return '\r'
}

// linesInQuotes counts the line ends in quotes of the start of a row.
func (d *Decoder) linesInQuotes(row []byte) int {
	n := 0
	for i := 0; i < len(row); i++ {
		if row[i] == d.opts.Quote {
			closing, inside := d.closingQuote(row, i+1)
			if n += inside; closing < 0 {
				break
			}
			i = closing
		}
	}
	return n
}

// closingQuote finds the quote that ends the quoted part starting at byte i, and counts line ends on the way. Without one at is
// negative.
func (d *Decoder) closingQuote(buf []byte, i int) (at, lines int) {
	quote, escape, end := d.opts.Quote, d.opts.Escape, d.countedEnd()
	for ; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == escape && i+1 < len(buf) && (buf[i+1] == quote || buf[i+1] == escape):
			i++
		case c == quote:
			if escape == quote && i+1 >= len(buf) && !d.eof {
				return -1, lines
			}
			return i, lines
		case c == end:
			lines++
		}
	}
	return -1, lines
}

// unquote removes the quotes of one field and resolves its escapes, in place.
func (d *Decoder) unquote(f []byte) []byte {
	quote, escape := d.opts.Quote, d.opts.Escape
	w, in := 0, false
	for r := 0; r < len(f); r++ {
		c := f[r]
		switch {
		case !in && c == quote:
			in = true
			continue
		case in && c == escape && r+1 < len(f) && (f[r+1] == quote || f[r+1] == escape):
			r++
			c = f[r]
		case in && c == quote:
			in = false
			continue
		}
		f[w] = c
		w++
	}
	return f[:w]
}

// AppendCSV appends one value in the csv format, quoted if it has to be. alone says that the row has one column.
func AppendCSV(dst []byte, value []byte, o Options, alone bool) []byte {
	need := o.ForceQuote || string(value) == o.Null || alone && string(value) == `\.`
	for _, c := range value {
		if need {
			break
		}
		need = c == o.Delimiter || c == o.Quote || c == '\n' || c == '\r'
	}
	if !need {
		return append(dst, value...)
	}
	dst = append(dst, o.Quote)
	for _, c := range value {
		if c == o.Quote || c == o.Escape {
			dst = append(dst, o.Escape)
		}
		dst = append(dst, c)
	}
	return append(dst, o.Quote)
}
