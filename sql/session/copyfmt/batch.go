package copyfmt

// Field is one value of a row: NULL, or bytes inside the batch's buffer.
type Field struct {
	Null  bool
	Bytes []byte
}

// Batch is a run of rows. Fields holds them row after row.
type Batch struct {
	Fields []Field
	Rows   int

	buf   []byte
	spans []span         // place of each row in buf
	raw   map[int]string // text of rows whose escapes were resolved in place
	width int
}

type span struct{ from, to, line int }

// Row is the fields of row i.
func (b *Batch) Row(i int) []Field { return b.Fields[i*b.width : (i+1)*b.width] }

// Line is the line number of row i in the input, counted from 1.
func (b *Batch) Line(i int) int { return b.spans[i].line }

// LineText is the text of row i as it came in, cut to a readable length; empty for binary rows.
func (b *Batch) LineText(i int) string {
	if s, ok := b.raw[i]; ok {
		return s
	}
	return shorten(b.buf[b.spans[i].from:b.spans[i].to])
}

func (b *Batch) reset(width int) {
	b.Fields, b.Rows, b.spans, b.raw, b.width = b.Fields[:0], 0, b.spans[:0], nil, width
}

// keepRaw saves the text of the row being parsed before its escapes are resolved.
func (b *Batch) keepRaw(line []byte) {
	if b.raw == nil {
		b.raw = make(map[int]string)
	}
	if _, ok := b.raw[b.Rows]; !ok {
		b.raw[b.Rows] = shorten(line)
	}
}

// contextBytes is how much of a line PostgreSQL shows in an error's context.
const contextBytes = 100

func shorten(line []byte) string {
	if len(line) <= contextBytes {
		return string(line)
	}
	cut := contextBytes
	for cut > 0 && line[cut]&0xC0 == 0x80 {
		cut--
	}
	return string(line[:cut]) + "..."
}
