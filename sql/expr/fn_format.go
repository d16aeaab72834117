package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// QuoteIdent quotes a name if it would not read back as itself.
func QuoteIdent(s string) string {
	plain := s != "" && !keywords[s]
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			plain = false
		}
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// QuoteLiteral quotes a string literal; one with a backslash takes the escape form.
func QuoteLiteral(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// anyText declares a function over values of any types, which it sees printed; nulls have ok false.
func anyText(name string, args []OID, variadic bool, f func(ctx *EvalCtx, args []textArg) (Datum, error)) *Function {
	return &Function{Name: name, Args: args, Variadic: variadic, Returns: text, Volatility: Stable,
		Bind: func(types []datum.Type) func(*EvalCtx, []Datum) (Datum, error) {
			return func(ctx *EvalCtx, v []Datum) (Datum, error) {
				list := make([]textArg, len(v))
				for i := range v {
					list[i] = textArg{d: v[i], t: types[i].OID}
				}
				return f(ctx, list)
			}
		}}
}

type textArg struct {
	d Datum
	t OID
}

// print gives a value's text; a boolean prints as t or f, as in any output.
func (a textArg) print(ctx *EvalCtx) string {
	if a.d.Null {
		return ""
	}
	return outputText(ctx, a.t, a.d)
}

func registerFormat(r *Registry) {
	quoteIdent := fn1("quote_ident", text, text, Immutable, text1(QuoteIdent))
	quoteLiteral := fn1("quote_literal", text, text, Immutable, text1(QuoteLiteral))
	quoteAny := anyText("quote_literal", []OID{AnyElement}, false, func(ctx *EvalCtx, a []textArg) (Datum, error) {
		return datum.NewText(QuoteLiteral(a[0].print(ctx))), nil
	})
	quoteAny.Strict = true
	nullable := func(ctx *EvalCtx, a []textArg) (Datum, error) {
		if a[0].d.Null {
			return datum.NewText("NULL"), nil
		}
		return datum.NewText(QuoteLiteral(a[0].print(ctx))), nil
	}
	quoteNullable := anyText("quote_nullable", []OID{text}, false, nullable)
	quoteNullable.Volatility = Immutable
	format1 := anyText("format", []OID{text}, false, formatText)
	r.Register(quoteIdent, quoteLiteral, quoteAny, quoteNullable, anyText("quote_nullable", []OID{AnyElement}, false, nullable), format1,
		anyText("format", []OID{text, Any}, true, formatText),
		anyText("concat", []OID{Any}, true, func(ctx *EvalCtx, args []textArg) (Datum, error) {
			var b strings.Builder
			for _, a := range args {
				b.WriteString(a.print(ctx))
			}
			return datum.NewText(b.String()), nil
		}),
		anyText("concat_ws", []OID{text, Any}, true, func(ctx *EvalCtx, args []textArg) (Datum, error) {
			if args[0].d.Null {
				return datum.NewNull(), nil
			}
			var parts []string
			for _, a := range args[1:] {
				if !a.d.Null {
					parts = append(parts, a.print(ctx))
				}
			}
			return datum.NewText(strings.Join(parts, args[0].d.S)), nil
		}))
}

// formatText is format(): %s, %I and %L with positions ("%2$s"), widths ("%-10s", "%*s") and "%%".
func formatText(ctx *EvalCtx, args []textArg) (Datum, error) {
	if args[0].d.Null {
		return datum.NewNull(), nil
	}
	f := formatter{ctx: ctx, args: args, spec: args[0].d.S, next: 1}
	for f.spec != "" {
		before, after, found := strings.Cut(f.spec, "%")
		f.out.WriteString(before)
		f.spec = after
		if !found {
			break
		}
		if err := f.one(); err != nil {
			return Datum{}, err
		}
		if f.out.Len() > maxText {
			return Datum{}, errTooLong()
		}
	}
	return datum.NewText(f.out.String()), nil
}

type formatter struct {
	ctx  *EvalCtx
	args []textArg
	spec string // what follows in the format
	next int    // the argument that an unnumbered specifier takes
	out  strings.Builder
}

func (f *formatter) number() (int, bool, error) {
	n := 0
	for n < len(f.spec) && f.spec[n] >= '0' && f.spec[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, false, nil
	}
	v, err := strconv.ParseInt(f.spec[:n], 10, 32)
	if err != nil {
		return 0, false, pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
	}
	f.spec = f.spec[n:]
	return int(v), true, nil
}

func (f *formatter) unterminated() error {
	return invalidParameter("unterminated format() type specifier").WithHint("For a single \"%\" use \"%%\".")
}

func (f *formatter) arg(position int) (textArg, error) {
	if position == 0 {
		return textArg{}, invalidParameter("format specifies argument 0, but arguments are numbered from 1")
	}
	if position < 0 {
		position = f.next
	}
	f.next = position + 1
	if position >= len(f.args) {
		return textArg{}, invalidParameter("too few arguments for format()")
	}
	return f.args[position], nil
}

func (f *formatter) one() error {
	if f.spec == "" {
		return f.unterminated()
	}
	if f.spec[0] == '%' {
		f.out.WriteByte('%')
		f.spec = f.spec[1:]
		return nil
	}
	position, width, left := -1, 0, false
	n, ok, err := f.number()
	if err != nil {
		return err
	}
	if ok && strings.HasPrefix(f.spec, "$") {
		position, f.spec, ok = n, f.spec[1:], false
	}
	for !ok && strings.HasPrefix(f.spec, "-") {
		left, f.spec = true, f.spec[1:]
	}
	switch {
	case ok:
		width = n
	case strings.HasPrefix(f.spec, "*"):
		if width, err = f.starWidth(); err != nil {
			return err
		}
	default:
		if width, _, err = f.number(); err != nil {
			return err
		}
	}
	if width < 0 {
		left, width = true, -width
	}
	if f.spec == "" {
		return f.unterminated()
	}
	kind := f.spec[0]
	a, err := f.arg(position)
	if err != nil {
		return err
	}
	value, err := f.value(kind, a)
	if err != nil {
		return err
	}
	f.spec = f.spec[1:]
	if width > maxText {
		return errTooLong()
	}
	padding := strings.Repeat(" ", max(width-utf8.RuneCountInString(value), 0))
	if left {
		f.out.WriteString(value + padding)
	} else {
		f.out.WriteString(padding + value)
	}
	return nil
}

// starWidth reads a width that an argument gives.
func (f *formatter) starWidth() (int, error) {
	f.spec = f.spec[1:]
	n, ok, err := f.number()
	if err != nil {
		return 0, err
	}
	position := -1
	if ok {
		if !strings.HasPrefix(f.spec, "$") {
			return 0, invalidParameter("width argument position must be ended by \"$\"")
		}
		position, f.spec = n, f.spec[1:]
	}
	a, err := f.arg(position)
	if err != nil || a.d.Null {
		return 0, err
	}
	if isInteger(a.t) {
		return int(a.d.I), nil
	}
	d, err := datum.MustLookup(datum.Int4).ParseText(a.print(f.ctx), -1)
	return int(d.I), err
}

func (f *formatter) value(kind byte, a textArg) (string, error) {
	switch kind {
	case 's':
		return a.print(f.ctx), nil
	case 'I':
		if a.d.Null {
			return "", pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		}
		return QuoteIdent(a.print(f.ctx)), nil
	case 'L':
		if a.d.Null {
			return "NULL", nil
		}
		return QuoteLiteral(a.print(f.ctx)), nil
	}
	return "", invalidParameter("unrecognized format() type specifier \"%s\"", f.spec[:datum.CharOffset(f.spec, 1)]).
		WithHint("For a single \"%\" use \"%%\".")
}
