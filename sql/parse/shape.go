package parse

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// ConstantKind is what the grammar makes of a constant. Together with the words around it, it decides how a statement is analysed;
// the value does not.
type ConstantKind byte

// The kinds. They stand for their constants in Shape.Key, where no text that has a shape can hold such bytes.
const (
	Integer ConstantKind = 1 + iota // int4
	Bigint                          // int8, beyond int4 with either sign
	Decimal                         // numeric: digits, a point, digits
	String                          // quoted, of a type not known yet
)

// A Constant is a number or a quoted string in a query text.
type Constant struct {
	Kind ConstantKind
	At   int    // where it begins, in bytes of the text
	Text string // a number's digits, without a sign; what a string says, without its quotes
}

// A Shape is a query text with its constants taken out: texts that differ in their constants alone have one shape, and one parse tree
// but for those. It is used again from one text to the next.
type Shape struct {
	Key       []byte // the text with a ConstantKind in the place of each constant
	Constants []Constant
}

// maxShapeBytes and maxShapeConstants bound what is looked at: bulk data does not come back.
const (
	maxShapeBytes     = 4 << 10
	maxShapeConstants = 256
)

// classes of bytes in a query text.
const (
	plain    = iota // copied: operators, parentheses, white space
	letter          // begins an identifier
	digit           // begins a number
	quote           // begins a string
	ident           // begins a quoted identifier
	terminal        // a semicolon
	refused         // leaves the text without a shape: parameters, dollar quotes, backslashes, control and other bytes
)

var classOf = func() (class [256]byte) {
	for c := range class {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
			class[c] = letter
		case c >= '0' && c <= '9':
			class[c] = digit
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7f || c == '$' || c == '\\':
			class[c] = refused
		}
	}
	class['\''], class['"'], class[';'] = quote, ident, terminal
	return class
}()

// Scan takes the shape of a text. It is false where the text might be anything but one statement in plain ASCII outside of its strings
// with constants in their plainest forms: then only the parser knows. What it takes for a constant still has to be found in the
// parse tree, at that very place (Template).
func (s *Shape) Scan(query string) bool {
	s.Key, s.Constants = s.Key[:0], s.Constants[:0]
	if len(query) > maxShapeBytes {
		return false
	}
	from := 0 // of what has not been copied to Key
	for i := 0; i < len(query); {
		c := query[i]
		switch classOf[c] {
		case plain:
			if i+1 < len(query) && (c == '-' && query[i+1] == '-' || c == '/' && query[i+1] == '*' || c == '.' && classOf[query[i+1]] == digit) {
				return false // a comment, or a number without digits before the point
			}
			i++
		case letter:
			for i++; i < len(query) && (classOf[query[i]] == letter || classOf[query[i]] == digit); i++ {
			}
			if i < len(query) && query[i] == '\'' {
				return false // E'', B'', X'', N''
			}
		case digit:
			constant, end := number(query, i)
			if constant.Kind == 0 || len(s.Constants) == maxShapeConstants {
				return false
			}
			s.Key = append(append(s.Key, query[from:i]...), byte(constant.Kind))
			s.Constants = append(s.Constants, constant)
			i, from = end, end
		case quote:
			text, end, ok := quoted(query, i)
			if !ok || len(s.Constants) == maxShapeConstants {
				return false
			}
			s.Key = append(append(s.Key, query[from:i]...), byte(String))
			s.Constants = append(s.Constants, Constant{String, i, text})
			i, from = end, end
		case ident:
			end := strings.IndexByte(query[i+1:], '"')
			if end < 0 || oddIdentifier(query[i+1:i+1+end]) {
				return false
			}
			i += end + 2
		case terminal:
			if len(bytes.Trim([]byte(query[i+1:]), " \t\r\n")) > 0 {
				return false
			}
			i++
		default:
			return false
		}
	}
	s.Key = append(s.Key, query[from:]...)
	return true
}

// oddIdentifier reports a byte that a quoted identifier may hold and a shape may not.
func oddIdentifier(name string) bool {
	for i := range len(name) {
		if classOf[name[i]] == refused {
			return true
		}
	}
	return false
}

// number reads the number at i. Its Kind is 0 where the number is not plain, or where its sign decides its type.
func number(query string, i int) (c Constant, end int) {
	c.At = i
	for end = i; end < len(query) && classOf[query[end]] == digit; end++ {
	}
	whole := end - i
	if end < len(query) && query[end] == '.' {
		for end++; end < len(query) && classOf[query[end]] == digit; end++ {
		}
		if query[end-1] == '.' {
			return c, end
		}
	}
	if end < len(query) && (classOf[query[end]] == letter || query[end] == '.') {
		return c, end // 1e5, 0x1f, 1_000, 1.2.3
	}
	c.Text = query[i:end]
	switch {
	case end > i+whole:
		c.Kind = Decimal
	case whole > 18:
	default:
		switch v := c.Int(); {
		case v < 1<<31:
			c.Kind = Integer
		case v > 1<<31: // its negative is an int4 for 1<<31 alone
			c.Kind = Bigint
		}
	}
	return c, end
}

// Int is the value of an Integer or Bigint.
func (c Constant) Int() int64 {
	v := int64(0)
	for i := range len(c.Text) {
		v = v*10 + int64(c.Text[i]-'0')
	}
	return v
}

// quoted reads the string at i.
func quoted(query string, i int) (text string, end int, ok bool) {
	doubled := false
	from := i + 1
	for end = from; ; end++ {
		if end == len(query) {
			return "", end, false
		}
		c := query[end]
		if c == '\'' {
			if end+1 == len(query) || query[end+1] != '\'' {
				break
			}
			doubled = true
			end++
		}
		if c < utf8.RuneSelf && classOf[c] == refused && c != '$' {
			return "", end, false
		}
	}
	text = query[from:end]
	if !utf8.ValidString(text) {
		return "", end, false
	}
	if doubled {
		text = strings.ReplaceAll(text, "''", "'")
	}
	return text, end + 1, true
}
