package expr

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

// numberPattern is a pattern of to_char and to_number for numbers.
type numberPattern struct {
	tokens []string // "9", "0", ".", ",", or text between
	text   []bool
	// before and after are the digits on both sides of the point; firstZero is the first place before the point that prints a zero,
	// lastZero the last one after it, both -1 if there is none.
	before, after, firstZero, lastZero int
	fill                               bool   // FM
	sign                               string // "", "S", "MI", "PR", "SG", "PL"
	signFirst                          bool   // S or SG before the first digit
	ordinal                            string // "", "th", "TH"
	point                              bool
}

// numberWords are the words of a pattern; those that nobody formats are refused by name.
var numberWords = []string{"9", "0", ".", "D", ",", "G", "MI", "PL", "SG", "S", "PR", "FM", "TH", "th", "EEEE", "RN", "V", "L", "B", "C",
	"d", "g", "mi", "pl", "sg", "s", "pr", "fm", "eeee", "rn", "v", "l", "b", "c"}

func parseNumberPattern(s string) (p numberPattern, err error) {
	p.firstZero, p.lastZero = -1, -1
	digits := false
	add := func(token string, text bool) {
		p.tokens, p.text = append(p.tokens, token), append(p.text, text)
	}
	for s != "" {
		if s[0] == '"' {
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				end = len(s) - 1
			}
			add(s[1:1+end], true)
			s = s[min(len(s), end+2):]
			continue
		}
		w := longestWord(numberWords, s)
		if w == "" {
			n := datum.CharOffset(s, 1)
			add(s[:n], true)
			s = s[n:]
			continue
		}
		s = s[len(w):]
		switch word := strings.ToUpper(w); word {
		case "9", "0":
			digits = true
			if p.point {
				p.after++
				if w == "0" {
					p.lastZero = p.after
				}
			} else {
				if w == "0" && p.firstZero < 0 {
					p.firstZero = p.before
				}
				p.before++
			}
			add(w, false)
		case ".", "D":
			if p.point {
				return p, pgerr.New(pgerr.SyntaxError, "multiple decimal points")
			}
			p.point = true
			add(".", false)
		case ",", "G":
			add(",", false)
		case "FM":
			p.fill = true
		case "S", "MI", "PR", "SG", "PL":
			if p.sign != "" {
				return p, pgerr.New(pgerr.SyntaxError, `cannot use "%s" twice or with another sign`, word)
			}
			p.sign, p.signFirst = word, !digits
			if word != "S" && word != "PR" {
				add(word, false)
			}
		case "TH":
			p.ordinal = w
		default:
			return p, pgerr.New(pgerr.FeatureNotSupported, "%s in a number's pattern is not supported", word)
		}
	}
	return p, nil
}

// formatNumber prints a number under a pattern.
func formatNumber(n *numeric.Decimal, pattern string) (string, error) {
	p, err := parseNumberPattern(pattern)
	if err != nil {
		return "", err
	}
	whole, fraction, negative := p.digits(n)
	sign, after := p.signs(negative)
	var b strings.Builder
	place, seen, signed := 0, false, p.sign == "MI" || p.sign == "SG"
	writeSign := func() {
		if !signed {
			b.WriteString(sign)
			signed = true
		}
	}
	blank := func() {
		if !p.fill {
			b.WriteByte(' ')
		}
	}
	fractionEnd := p.after
	if p.fill { // zeros at the end go, up to the last one that the pattern asks for
		fractionEnd = max(len(strings.TrimRight(fraction, "0")), p.lastZero, 0)
	}
	inFraction := 0
	point := false
	for i, token := range p.tokens {
		if p.text[i] {
			b.WriteString(token)
			continue
		}
		switch token {
		case "9", "0":
			if point {
				if inFraction < min(fractionEnd, len(fraction)) {
					b.WriteByte(fraction[inFraction])
				}
				inFraction++
				continue
			}
			digit := whole[place]
			switch {
			case digit != ' ':
				writeSign()
				b.WriteByte(digit)
				seen = true
			default:
				blank()
			}
			place++
		case ",":
			if seen {
				b.WriteByte(',')
			} else {
				blank()
			}
		case ".":
			writeSign()
			point = true
			if p.after > 0 || !p.fill {
				b.WriteByte('.')
			}
		case "MI":
			switch {
			case negative:
				b.WriteByte('-')
			case p.fill:
			default:
				b.WriteByte(' ')
			}
		case "PL":
			if negative {
				blank()
			} else {
				b.WriteByte('+')
			}
		case "SG":
			if negative {
				b.WriteByte('-')
			} else {
				b.WriteByte('+')
			}
		}
	}
	writeSign()
	b.WriteString(after)
	if p.ordinal != "" && !negative && p.after == 0 {
		b.WriteString(ordinal(strings.TrimSpace(whole), p.ordinal == "TH"))
	}
	return b.String(), nil
}

// digits lays the number out in the pattern's places: blanks before the first digit that is printed, # everywhere if it does not fit.
func (p *numberPattern) digits(n *numeric.Decimal) (whole, fraction string, negative bool) {
	if n.Form != numeric.Finite {
		whole = strings.TrimPrefix(n.String(), "-")
		negative = n.Form == numeric.NegInfinity
		if len(whole) > p.before {
			return strings.Repeat("#", p.before), strings.Repeat("#", p.after), negative
		}
		return strings.Repeat(" ", p.before-len(whole)) + whole, "", negative
	}
	r := new(numeric.Decimal).Set(n).Round(p.after)
	negative = r.Sign() < 0
	text := strings.TrimPrefix(r.String(), "-")
	whole, fraction, _ = strings.Cut(text, ".")
	if len(strings.TrimLeft(whole, "0")) > p.before {
		return strings.Repeat("#", p.before), strings.Repeat("#", p.after), negative
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" && p.firstZero < 0 && (p.after == 0 || p.fill && r.Sign() == 0) && p.before > 0 {
		whole = "0"
	}
	pad := p.before - len(whole)
	out := []byte(strings.Repeat(" ", pad) + whole)
	for i := range pad {
		if p.firstZero >= 0 && i >= p.firstZero {
			out[i] = '0'
		}
	}
	return string(out), fraction, negative
}

// signs are what stands directly before the first digit, and after the last one.
func (p *numberPattern) signs(negative bool) (before, after string) {
	switch p.sign {
	case "PR":
		switch {
		case negative:
			return "<", ">"
		case p.fill:
			return "", ""
		}
		return " ", " "
	case "S":
		s := "+"
		if negative {
			s = "-"
		}
		if p.signFirst {
			return s, ""
		}
		return "", s
	case "", "PL":
		switch {
		case negative:
			return "-", ""
		case p.fill:
			return "", ""
		}
		return " ", ""
	}
	return "", ""
}

// readNumber is to_number: digits, point and sign are taken, what else the pattern lets pass is skipped.
func readNumber(s, pattern string) (Datum, error) {
	p, err := parseNumberPattern(pattern)
	if err != nil {
		return Datum{}, err
	}
	var b strings.Builder
	negative := false
	at := 0
	skipBlanks := func() {
		for at < len(s) && s[at] == ' ' {
			at++
		}
	}
	takeSign := func() {
		skipBlanks()
		if at < len(s) && (s[at] == '-' || s[at] == '+' || p.sign == "PR" && s[at] == '<') {
			negative = negative || s[at] != '+'
			at++
		}
	}
	takeSign()
	for i, token := range p.tokens {
		switch {
		case at >= len(s):
		case p.text[i]:
			at = min(len(s), at+len(token))
		case token == "9" || token == "0":
			takeSign()
			if at < len(s) && s[at] == '.' && strings.Contains(b.String(), ".") {
				break
			}
			if at < len(s) && s[at] >= '0' && s[at] <= '9' {
				b.WriteByte(s[at])
				at++
			}
		case token == ".":
			if s[at] == '.' {
				b.WriteByte('.')
				at++
			}
		case token == ",":
			if s[at] == ',' {
				at++
			}
		default:
			takeSign()
		}
	}
	if at < len(s) && strings.TrimSpace(s[at:]) == "-" {
		negative = true
	}
	digits := strings.TrimSuffix(b.String(), ".")
	if digits == "" {
		digits = " " // as the message has it
	}
	if negative {
		digits = "-" + digits
	}
	return datum.MustLookup(datum.Numeric).ParseText(digits, -1)
}
