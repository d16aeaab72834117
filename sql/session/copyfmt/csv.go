package copyfmt

import "github.com/quiredb/quire/core/pgerr"

// csvRow parses one record of the csv format; a quoted field may span lines.
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
	i, end, next := at, -1, 0
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
				return 0, d.errorf(b, at, len(buf), pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
			}
			if closing+1 >= len(buf) && !d.eof {
				return 0, errMore // a second quote may follow
			}
			i = closing + 1
		case newline:
			if d.eol == eolCR || d.eol == eolCRNL {
				return 0, d.errorf(b, at, i, pgerr.BadCopyFileFormat, "unquoted newline found in data").(*LineError).hint("Use quoted CSV field to represent newline.")
			}
			d.eol, end, next = eolNL, i, i+1
			break scan
		case carriage:
			if i+1 >= len(buf) && !d.eof && d.eol != eolCR {
				return 0, errMore
			}
			crnl := i+1 < len(buf) && buf[i+1] == '\n'
			if d.eol == eolNL || d.eol == eolCRNL && !crnl {
				return 0, d.errorf(b, at, i, pgerr.BadCopyFileFormat, "unquoted carriage return found in data").(*LineError).hint("Use quoted CSV field to represent carriage return.")
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
	if end-at == 2 && buf[at] == '\\' && buf[at+1] == '.' {
		d.done = true
		return next, nil
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

// closingQuote finds the quote that ends the quoted part starting at byte i, and counts line ends on the way.
func (d *Decoder) closingQuote(buf []byte, i int) (at, lines int) {
	quote, escape := d.opts.Quote, d.opts.Escape
	for ; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == escape && i+1 < len(buf) && (buf[i+1] == quote || buf[i+1] == escape):
			i++
		case c == quote:
			if escape == quote && i+1 >= len(buf) && !d.eof {
				return -1, lines
			}
			return i, lines
		case c == '\n':
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
