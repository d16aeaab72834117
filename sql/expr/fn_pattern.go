package expr

import (
	"regexp"
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// patternCache keeps the patterns that were not constants, so that a column of patterns does not compile one per row.
type patternCache struct {
	likes   map[patternKey]*likePattern
	regexes map[patternKey]*regexp.Regexp
}

// patternKey is a pattern with its flags; for LIKE, i is the only one.
type patternKey struct{ pattern, flags string }

const patternCacheSize = 64

func (c *EvalCtx) like(pattern string, fold bool) *likePattern {
	key := patternKey{pattern: pattern}
	if fold {
		key.flags = "i"
	}
	if p, ok := c.patterns.likes[key]; ok {
		return p
	}
	key.pattern = strings.Clone(pattern) // it may point into a page
	p := compileLike(key.pattern, fold)
	if c.patterns.likes == nil || len(c.patterns.likes) >= patternCacheSize {
		c.patterns.likes = map[patternKey]*likePattern{}
	}
	c.patterns.likes[key] = p
	return p
}

func (c *EvalCtx) regex(pattern, flags string) (*regexp.Regexp, error) {
	key := patternKey{pattern: pattern, flags: flags}
	if re, ok := c.patterns.regexes[key]; ok {
		return re, nil
	}
	key = patternKey{pattern: strings.Clone(pattern), flags: strings.Clone(flags)}
	re, err := compileRegex(key.pattern, key.flags)
	if err != nil {
		return nil, err
	}
	if c.patterns.regexes == nil || len(c.patterns.regexes) >= patternCacheSize {
		c.patterns.regexes = map[patternKey]*regexp.Regexp{}
	}
	c.patterns.regexes[key] = re
	return re, nil
}

// patternOp describes an operator that matches a pattern.
type patternOp struct {
	negator string
	regex   bool
	fold    bool
	negated bool
}

var patternOps = map[string]patternOp{
	"~~": {negator: "!~~"}, "!~~": {negator: "~~", negated: true}, "~~*": {negator: "!~~*", fold: true},
	"!~~*": {negator: "~~*", fold: true, negated: true}, "~": {negator: "!~", regex: true}, "!~": {negator: "~", regex: true, negated: true},
	"~*": {negator: "!~*", regex: true, fold: true}, "!~*": {negator: "~*", regex: true, fold: true, negated: true},
}

func (p patternOp) match(ctx *EvalCtx, s, pattern string) (bool, error) {
	if p.regex {
		flags := ""
		if p.fold {
			flags = "i"
		}
		re, err := ctx.regex(pattern, flags)
		return err == nil && re.MatchString(s) != p.negated, err
	}
	ok, err := ctx.like(pattern, p.fold).match(s)
	return ok != p.negated, err
}

// compilePattern compiles a match against a constant pattern, which is read once. It returns nil for anything else.
func compilePattern(e *OpExpr) Eval {
	p, ok := patternOps[e.Op.Name]
	if !ok || len(e.Args) != 2 || e.Op.Left == datum.Bytea {
		return nil
	}
	c, ok := e.Args[1].(*Const)
	if !ok || c.D.Null {
		return nil
	}
	var match func(string) (bool, error)
	if p.regex {
		flags := ""
		if p.fold {
			flags = "i"
		}
		re, err := compileRegex(c.D.S, flags)
		if err != nil {
			return nil // the error belongs to the first row
		}
		match = func(s string) (bool, error) { return re.MatchString(s), nil }
	} else {
		match = compileLike(c.D.S, p.fold).match
	}
	arg, negated := Compile(e.Args[0]), p.negated
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		d, err := arg(ctx, row)
		if err != nil || d.Null {
			return d, err
		}
		ok, err := match(d.S)
		return datum.NewBool(ok != negated), err
	}
}

func registerPattern(r *Registry) {
	for name, p := range patternOps {
		test := func(ctx *EvalCtx, a, b Datum) (Datum, error) {
			ok, err := p.match(ctx, a.S, b.S)
			return datum.NewBool(ok), err
		}
		for _, left := range []OID{text, datum.Name, datum.BPChar} {
			r.op2(name, left, text, datum.Bool, Immutable, test).Negator = p.negator
		}
	}
	for name, f := range map[string]string{"like": "~~", "notlike": "!~~"} {
		p := patternOps[f]
		r.Register(fn2(name, text, text, datum.Bool, Immutable, func(ctx *EvalCtx, a, b Datum) (Datum, error) {
			ok, err := p.match(ctx, a.S, b.S)
			return datum.NewBool(ok), err
		}))
	}
	r.Register(
		fn1("similar_to_escape", text, text, Immutable, func(ctx *EvalCtx, a Datum) (Datum, error) { return similarTo(ctx, a, datum.NewText(`\`)) }),
		fn2("similar_to_escape", text, text, text, Immutable, similarTo),
		fn2("like_escape", text, text, text, Immutable, likeEscape),
		fn2("substring", text, text, text, Immutable, func(ctx *EvalCtx, a, b Datum) (Datum, error) {
			return regexSubstring(ctx, a.S, b.S, "", 1, 1, -1)
		}),
		fnN("regexp_replace", []OID{text, text, text}, text, Immutable, regexpReplace),
		fnN("regexp_replace", []OID{text, text, text, text}, text, Immutable, regexpReplace),
		fnN("regexp_replace", []OID{text, text, text, datum.Int4}, text, Immutable, regexpReplaceFrom),
		fnN("regexp_replace", []OID{text, text, text, datum.Int4, datum.Int4}, text, Immutable, regexpReplaceFrom),
		fnN("regexp_replace", []OID{text, text, text, datum.Int4, datum.Int4, text}, text, Immutable, regexpReplaceFrom),
		fnN("regexp_like", []OID{text, text}, datum.Bool, Immutable, regexpLike),
		fnN("regexp_like", []OID{text, text, text}, datum.Bool, Immutable, regexpLike),
		fnN("regexp_count", []OID{text, text}, datum.Int4, Immutable, regexpCount),
		fnN("regexp_count", []OID{text, text, datum.Int4}, datum.Int4, Immutable, regexpCount),
		fnN("regexp_count", []OID{text, text, datum.Int4, text}, datum.Int4, Immutable, regexpCount),
		fnN("regexp_match", []OID{text, text}, textArray, Immutable, regexpMatch),
		fnN("regexp_match", []OID{text, text, text}, textArray, Immutable, regexpMatch),
		fnN("regexp_split_to_array", []OID{text, text}, textArray, Immutable, regexpSplit),
		&Function{Name: "string_to_array", Args: []OID{text, text}, Returns: textArray, Eval2: stringToArray},
	)
	for n := 2; n <= 6; n++ {
		args := []OID{text, text, datum.Int4, datum.Int4, text, datum.Int4}[:n]
		r.Register(fnN("regexp_substr", args, text, Immutable, func(ctx *EvalCtx, a []Datum) (Datum, error) {
			start, nth, flags, group := int64(1), int64(1), "", int64(0)
			if len(a) > 2 {
				start = a[2].I
			}
			if len(a) > 3 {
				nth = a[3].I
			}
			if len(a) > 4 {
				flags = a[4].S
			}
			if len(a) > 5 {
				group = a[5].I
			}
			return regexSubstring(ctx, a[0].S, a[1].S, flags, start, nth, group)
		}))
	}
	bytesLike := func(negated bool) func(*EvalCtx, Datum, Datum) (Datum, error) {
		return func(ctx *EvalCtx, a, b Datum) (Datum, error) {
			ok, err := compileLike(latin1(b.S), false).match(latin1(a.S))
			return datum.NewBool(ok != negated), err
		}
	}
	r.op2("~~", datum.Bytea, datum.Bytea, datum.Bool, Immutable, bytesLike(false)).Negator = "!~~"
	r.op2("!~~", datum.Bytea, datum.Bytea, datum.Bool, Immutable, bytesLike(true)).Negator = "~~"
}

const textArray OID = 1009

// latin1 makes a character of each byte, so that _ stands for one byte.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
