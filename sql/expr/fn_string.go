package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/pgerr"
)

// maxText is the longest value that functions may build: 1 GB less the header, PostgreSQL's limit.
const maxText = 1<<30 - 6

const text = datum.Text

func errTooLong() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

func text1(f func(s string) string) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) { return datum.NewText(f(a.S)), nil }
}

func textInt(f func(s string) int) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) { return datum.NewInt(int64(f(a.S))), nil }
}

func registerString(r *Registry) {
	concat2 := func(_ *EvalCtx, a, b Datum) (Datum, error) { return datum.NewText(a.S + b.S), nil }
	r.op2("||", text, text, text, Immutable, concat2)
	r.op2("^@", text, text, datum.Bool, Immutable, startsWith)
	// Anything that is not an array can be appended to a text: it is cast.
	cast := func(b *Builder, left, right Expr) (Expr, error) {
		left, err := b.Cast(left, TypeOf(text))
		if err != nil {
			return nil, err
		}
		if right, err = b.Cast(right, TypeOf(text)); err != nil {
			return nil, err
		}
		return b.Op("||", left, right)
	}
	for _, args := range [][]OID{{text, AnyNonArray}, {AnyNonArray, text}} {
		r.RegisterOperator(&Operator{Name: "||", Left: args[0], Right: args[1], Expand: cast,
			Fn: fn2("||", args[0], args[1], text, Stable, concat2)})
	}

	for _, name := range []string{"length", "char_length", "character_length"} {
		r.Register(fn1(name, text, datum.Int4, Immutable, textInt(utf8.RuneCountInString)),
			fn1(name, datum.BPChar, datum.Int4, Immutable, textInt(func(s string) int { return utf8.RuneCountInString(ordkey.TrimBlanks(s)) })))
	}
	position := func(_ *EvalCtx, a, b Datum) (Datum, error) {
		i := strings.Index(a.S, b.S)
		if i < 0 {
			return datum.NewInt(0), nil
		}
		return datum.NewInt(int64(utf8.RuneCountInString(a.S[:i]) + 1)), nil
	}
	substring3 := func(_ *EvalCtx, a []Datum) (Datum, error) { return substring(a[0].S, a[1].I, a[2].I, true) }
	substring2 := func(_ *EvalCtx, a, b Datum) (Datum, error) { return substring(a.S, b.I, 0, false) }
	intText := []OID{text, datum.Int4}
	for _, name := range []string{"substr", "substring"} {
		r.Register(fn2(name, text, datum.Int4, text, Immutable, substring2),
			fnN(name, []OID{text, datum.Int4, datum.Int4}, text, Immutable, substring3))
	}
	for name, f := range map[string]func(s, set string) string{"btrim": strings.Trim, "ltrim": strings.TrimLeft, "rtrim": strings.TrimRight} {
		r.Register(fn1(name, text, text, Immutable, text1(func(s string) string { return f(s, " ") })),
			fn2(name, text, text, text, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) { return datum.NewText(f(a.S, b.S)), nil }))
	}
	r.Register(
		fn1("octet_length", datum.BPChar, datum.Int4, Immutable, textInt(func(s string) int { return len(s) })),
		fn1("octet_length", text, datum.Int4, Immutable, textInt(func(s string) int { return len(s) })),
		fn1("bit_length", text, datum.Int4, Immutable, textInt(func(s string) int { return 8 * len(s) })),
		fn1("lower", text, text, Immutable, text1(strings.ToLower)),
		fn1("upper", text, text, Immutable, text1(strings.ToUpper)),
		fn1("initcap", text, text, Immutable, text1(initCap)),
		fn1("reverse", text, text, Immutable, text1(reverse)),
		fn2("position", text, text, datum.Int4, Immutable, position),
		fn2("strpos", text, text, datum.Int4, Immutable, position),
		fn2("starts_with", text, text, datum.Bool, Immutable, startsWith),
		fn2("textcat", text, text, text, Immutable, concat2),
		fnN("replace", []OID{text, text, text}, text, Immutable, replaceText),
		fnN("translate", []OID{text, text, text}, text, Immutable, translate),
		fnN("overlay", []OID{text, text, datum.Int4}, text, Immutable, overlay),
		fnN("overlay", []OID{text, text, datum.Int4, datum.Int4}, text, Immutable, overlay),
		fn2("left", text, datum.Int4, text, Immutable, leftText),
		fn2("right", text, datum.Int4, text, Immutable, rightText),
		fnN("lpad", intText, text, Immutable, pad(true)),
		fnN("rpad", intText, text, Immutable, pad(false)),
		fnN("lpad", append(intText[:2:2], text), text, Immutable, pad(true)),
		fnN("rpad", append(intText[:2:2], text), text, Immutable, pad(false)),
		fn2("repeat", text, datum.Int4, text, Immutable, repeatText),
		fnN("split_part", []OID{text, text, datum.Int4}, text, Immutable, splitPart),
		fn1("ascii", text, datum.Int4, Immutable, textInt(func(s string) int {
			if s == "" {
				return 0
			}
			c, _ := utf8.DecodeRuneInString(s)
			return int(c)
		})),
		fn1("chr", datum.Int4, text, Immutable, chr),
		fn1("to_hex", datum.Int4, text, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			return datum.NewText(strconv.FormatUint(uint64(uint32(a.I)), 16)), nil
		}),
		fn1("to_hex", datum.Int8, text, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			return datum.NewText(strconv.FormatUint(uint64(a.I), 16)), nil
		}),
	)
}

// outputText prints a value of any type.
func outputText(ctx *EvalCtx, t OID, d Datum) string {
	info := datum.MustLookup(t)
	if info.IsString() {
		return d.S
	}
	return string(info.AppendTextIn(ctx.Env, nil, d))
}

func startsWith(_ *EvalCtx, a, b Datum) (Datum, error) {
	return datum.NewBool(strings.HasPrefix(a.S, b.S)), nil
}

// substring cuts characters [start, start+length) of s, counted from 1, without an end if bounded is false.
func substring(s string, start, length int64, bounded bool) (Datum, error) {
	end := int64(math.MaxInt64)
	if bounded {
		if length < 0 && !(start+length > math.MaxInt32) {
			return Datum{}, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
		}
		end = start + length
	}
	start = max(start, 1)
	if end <= start {
		return datum.NewText(""), nil
	}
	if start > int64(len(s)) {
		return datum.NewText(""), nil
	}
	s = s[datum.CharOffset(s, int(start-1)):]
	if n := end - start; n < int64(len(s)) {
		s = s[:datum.CharOffset(s, int(n))]
	}
	return datum.NewText(s), nil
}

func initCap(s string) string {
	inWord := false
	return strings.Map(func(c rune) rune {
		was := inWord
		inWord = unicode.IsLetter(c) || unicode.IsDigit(c)
		if was {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
}

func reverse(s string) string {
	out := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(out[at:], s[i:i+n])
		i += n
	}
	return string(out)
}

func replaceText(_ *EvalCtx, a []Datum) (Datum, error) {
	if a[1].S == "" {
		return a[0], nil
	}
	if grown := strings.Count(a[0].S, a[1].S) * (len(a[2].S) - len(a[1].S)); len(a[0].S)+grown > maxText {
		return Datum{}, errTooLong()
	}
	return datum.NewText(strings.ReplaceAll(a[0].S, a[1].S, a[2].S)), nil
}

func translate(_ *EvalCtx, a []Datum) (Datum, error) {
	from, to := []rune(a[1].S), []rune(a[2].S)
	table := make(map[rune]rune, len(from))
	for i, c := range from {
		if _, seen := table[c]; seen {
			continue
		}
		table[c] = -1 // dropped
		if i < len(to) {
			table[c] = to[i]
		}
	}
	return datum.NewText(strings.Map(func(c rune) rune {
		if n, ok := table[c]; ok {
			return n
		}
		return c
	}, a[0].S)), nil
}

// overlay replaces a stretch of a text, as long as the replacement unless a length is given.
func overlay(_ *EvalCtx, a []Datum) (Datum, error) {
	start, length := a[2].I, int64(utf8.RuneCountInString(a[1].S))
	if len(a) == 4 {
		length = a[3].I
	}
	if start <= 0 {
		return Datum{}, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	if start+length > math.MaxInt32 {
		return Datum{}, outOfRange(datum.Int4)
	}
	head, _ := substring(a[0].S, 1, start-1, true)
	tail, _ := substring(a[0].S, start+length, 0, false)
	return datum.NewText(head.S + a[1].S + tail.S), nil
}

func leftText(_ *EvalCtx, a, b Datum) (Datum, error) {
	n := b.I
	if n < 0 {
		n = max(int64(utf8.RuneCountInString(a.S))+n, 0)
	}
	return datum.NewText(a.S[:datum.CharOffset(a.S, int(n))]), nil
}

func rightText(_ *EvalCtx, a, b Datum) (Datum, error) {
	n := -b.I
	if b.I >= 0 {
		n = max(int64(utf8.RuneCountInString(a.S))-b.I, 0)
	}
	return datum.NewText(a.S[datum.CharOffset(a.S, int(n)):]), nil
}

// pad fills a text up to a number of characters, or cuts it to them.
func pad(left bool) func(*EvalCtx, []Datum) (Datum, error) {
	return func(_ *EvalCtx, a []Datum) (Datum, error) {
		want, fill := max(a[1].I, 0), " "
		if len(a) == 3 {
			fill = a[2].S
		}
		have := int64(utf8.RuneCountInString(a[0].S))
		if have >= want || fill == "" {
			return datum.NewText(a[0].S[:datum.CharOffset(a[0].S, int(want))]), nil
		}
		if want*4 > maxText {
			return Datum{}, errTooLong()
		}
		n := want - have
		each := int64(utf8.RuneCountInString(fill))
		padding := strings.Repeat(fill, int(n/each)) + fill[:datum.CharOffset(fill, int(n%each))]
		if left {
			return datum.NewText(padding + a[0].S), nil
		}
		return datum.NewText(a[0].S + padding), nil
	}
}

func repeatText(_ *EvalCtx, a, b Datum) (Datum, error) {
	n := max(b.I, 0)
	if n*int64(len(a.S)) > maxText {
		return Datum{}, errTooLong()
	}
	return datum.NewText(strings.Repeat(a.S, int(n))), nil
}

func splitPart(_ *EvalCtx, a []Datum) (Datum, error) {
	s, sep, n := a[0].S, a[1].S, a[2].I
	if n == 0 {
		return Datum{}, invalidParameter("field position must not be zero")
	}
	if s == "" {
		return datum.NewText(""), nil
	}
	if sep == "" {
		if n == 1 || n == -1 {
			return a[0], nil
		}
		return datum.NewText(""), nil
	}
	if n < 0 {
		n += int64(strings.Count(s, sep)) + 2
	}
	for ; n > 1; n-- {
		_, rest, found := strings.Cut(s, sep)
		if !found {
			return datum.NewText(""), nil
		}
		s = rest
	}
	if n < 1 {
		return datum.NewText(""), nil
	}
	part, _, _ := strings.Cut(s, sep)
	return datum.NewText(part), nil
}

func chr(_ *EvalCtx, a Datum) (Datum, error) {
	switch {
	case a.I == 0:
		return Datum{}, pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case a.I < 0:
		return Datum{}, invalidParameter("character number must be positive")
	case a.I > utf8.MaxRune:
		return Datum{}, pgerr.New(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", a.I)
	case !utf8.ValidRune(rune(a.I)):
		return Datum{}, pgerr.New(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", a.I)
	}
	return datum.NewText(string(rune(a.I))), nil
}
