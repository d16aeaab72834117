package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// likePattern is a LIKE pattern taken apart: pieces of literal text and _ between the % signs.
type likePattern struct {
	pieces     []likePiece
	headAnchor bool // nothing may come before the first piece
	tailAnchor bool
	fold       bool
	// dangling is set if the pattern ends with its escape character: no text fits, and one that reaches that place is an error.
	dangling *likePattern
}

func errDanglingEscape() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

// likePiece is a run without %. skip marks the characters that stand for any one character.
type likePiece struct {
	text  string // used if there is no _
	runes []rune // used otherwise; -1 stands for any character
}

// compileLike reads a pattern with backslash as its escape. bytes makes _ stand for a byte.
func compileLike(pattern string, fold bool) *likePattern {
	p := &likePattern{headAnchor: true, tailAnchor: true, fold: fold}
	if fold {
		pattern = strings.ToLower(pattern)
	}
	var piece []rune
	wild, any := false, false
	flush := func() {
		if len(piece) == 0 {
			return
		}
		if wild {
			p.pieces = append(p.pieces, likePiece{runes: piece})
		} else {
			p.pieces = append(p.pieces, likePiece{text: string(piece)})
		}
		piece, wild = nil, false
	}
	escaped := false
	for i, c := range pattern {
		switch {
		case escaped:
			piece, escaped = append(piece, c), false
		case c == '\\':
			escaped = true
		case c == '%':
			if i == 0 {
				p.headAnchor = false
			}
			flush()
			any = true
			p.tailAnchor = false
			continue
		case c == '_':
			piece, wild = append(piece, -1), true
		default:
			piece = append(piece, c)
		}
		p.tailAnchor = true
	}
	if escaped {
		p.dangling = compileLike(pattern[:len(pattern)-1]+"_%", fold)
	}
	flush()
	if !any && len(p.pieces) == 0 { // the empty pattern
		p.pieces = []likePiece{{}}
	}
	return p
}

// matchAt returns how many bytes of s the piece covers at its start, or -1.
func (l *likePiece) matchAt(s string) int {
	if l.runes == nil {
		if strings.HasPrefix(s, l.text) {
			return len(l.text)
		}
		return -1
	}
	n := 0
	for _, want := range l.runes {
		if n == len(s) {
			return -1
		}
		c, size := utf8.DecodeRuneInString(s[n:])
		if want != -1 && c != want {
			return -1
		}
		n += size
	}
	return n
}

// find returns where the piece first occurs in s and where that ends, or -1.
func (l *likePiece) find(s string) (at, end int) {
	if l.runes == nil {
		i := strings.Index(s, l.text)
		return i, i + len(l.text)
	}
	for i := range s {
		if n := l.matchAt(s[i:]); n >= 0 {
			return i, i + n
		}
	}
	return -1, -1
}

// tailStart returns where the piece must start to end with s, or -1.
func (l *likePiece) tailStart(s string) int {
	if l.runes == nil {
		return len(s) - len(l.text)
	}
	at := len(s)
	for range l.runes {
		if at == 0 {
			return -1
		}
		_, n := utf8.DecodeLastRuneInString(s[:at])
		at -= n
	}
	return at
}

// match reports whether the whole of s fits.
func (p *likePattern) match(s string) (bool, error) {
	if p.fold {
		s = strings.ToLower(s)
	}
	if p.dangling != nil {
		if p.dangling.fits(s) {
			return false, errDanglingEscape()
		}
		return false, nil
	}
	return p.fits(s), nil
}

// fits matches a text whose case is folded already. Pieces between the anchors are taken where they first occur, which is enough,
// since % covers anything.
func (p *likePattern) fits(s string) bool {
	pieces := p.pieces
	if p.headAnchor && len(pieces) > 0 {
		n := pieces[0].matchAt(s)
		if n < 0 || len(pieces) == 1 && p.tailAnchor && n != len(s) {
			return false
		}
		s, pieces = s[n:], pieces[1:]
		if len(pieces) == 0 {
			return true
		}
	}
	if p.tailAnchor && len(pieces) > 0 {
		last := &pieces[len(pieces)-1]
		at := last.tailStart(s)
		if at < 0 || last.matchAt(s[at:]) < 0 {
			return false
		}
		s, pieces = s[:at], pieces[:len(pieces)-1]
	}
	for i := range pieces {
		at, end := pieces[i].find(s)
		if at < 0 {
			return false
		}
		s = s[end:]
	}
	return true
}

// LikePrefix returns the literal text that every match of a LIKE pattern starts with, and whether the pattern is nothing else:
// what an ordered index can use.
func LikePrefix(pattern string) (prefix string, exact bool) {
	var b strings.Builder
	escaped := false
	for _, c := range pattern {
		switch {
		case escaped:
			b.WriteRune(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '%' || c == '_':
			return b.String(), false
		default:
			b.WriteRune(c)
		}
	}
	return b.String(), !escaped
}

// likeEscape turns a pattern with another escape character, or none, into one with backslash.
func likeEscape(_ *EvalCtx, a, b Datum) (Datum, error) {
	if utf8.RuneCountInString(b.S) > 1 {
		return Datum{}, pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	if b.S == `\` {
		return a, nil
	}
	escape, _ := utf8.DecodeRuneInString(b.S)
	var out strings.Builder
	after := false
	for _, c := range a.S {
		switch {
		case b.S != "" && c == escape && !after:
			out.WriteByte('\\')
			after = true
			continue
		case c == '\\' && !after:
			out.WriteString(`\\`)
		default:
			out.WriteRune(c)
		}
		after = false
	}
	return datum.NewText(out.String()), nil
}
