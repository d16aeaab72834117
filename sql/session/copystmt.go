package session

import (
	"context"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/session/copyfmt"
)

// copy runs COPY.
func (s *Session) copy(ctx context.Context, stmt parse.Statement, st *pg_query.CopyStmt, out Output) (string, error) {
	switch {
	case st.IsProgram:
		return "", unsupported("COPY … PROGRAM")
	case st.Filename != "":
		return "", pgerr.New(pgerr.FeatureNotSupported, "COPY with a file on the server is not supported").
			WithHint("Use COPY … FROM STDIN or TO STDOUT; psql's \\copy command does that with a file of the client.")
	case st.WhereClause != nil:
		return "", unsupported("COPY … WHERE")
	}
	o, err := copyOptions(stmt, st)
	if err != nil {
		return "", err
	}
	if st.IsFrom {
		if err := s.checkWritable("COPY FROM"); err != nil {
			return "", err
		}
		return s.copyFrom(ctx, stmt, st, o, out)
	}
	return s.copyTo(ctx, stmt, st, o, out)
}

// copyOptions reads the options of either syntax.
func copyOptions(stmt parse.Statement, st *pg_query.CopyStmt) (copyfmt.Options, error) {
	place := parse.NewLocator(stmt.Query)
	format := copyfmt.Text
	seen := map[string]bool{}
	for _, n := range st.Options {
		d := n.GetDefElem()
		if seen[d.Defname] {
			return copyfmt.Options{}, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(place.At(d.Location))
		}
		seen[d.Defname] = true
		if d.Defname != "format" {
			continue
		}
		text, _ := optionText(d.Arg)
		switch text {
		case "text":
		case "csv":
			format = copyfmt.CSV
		case "binary":
			format = copyfmt.Binary
		default:
			return copyfmt.Options{}, pgerr.New(pgerr.InvalidParameterValue, `COPY format "%s" not recognized`, text).At(place.At(d.Location))
		}
	}
	o := copyfmt.Defaults(format)
	for _, n := range st.Options {
		d := n.GetDefElem()
		if err := copyOption(&o, d); err != nil {
			if e := pgerr.From(err); strings.HasSuffix(e.Message, "not recognized") {
				return o, e.At(place.At(d.Location))
			}
			return o, err
		}
	}
	if o.HeaderMatch && !st.IsFrom {
		return o, pgerr.New(pgerr.FeatureNotSupported, `cannot use "match" with HEADER in COPY TO`)
	}
	if o.Format == copyfmt.Binary {
		switch {
		case seen["delimiter"]:
			return o, pgerr.New(pgerr.SyntaxError, "cannot specify DELIMITER in BINARY mode")
		case seen["null"]:
			return o, pgerr.New(pgerr.SyntaxError, "cannot specify NULL in BINARY mode")
		case o.Header:
			return o, pgerr.New(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
		}
	}
	if o.Format != copyfmt.CSV {
		for _, option := range []string{"quote", "escape", "force_quote"} {
			if seen[option] {
				return o, pgerr.New(pgerr.FeatureNotSupported, "COPY %s available only in CSV mode", strings.ReplaceAll(option, "_", " "))
			}
		}
	}
	if seen["quote"] && !seen["escape"] {
		o.Escape = o.Quote
	}
	return o, o.Validate()
}

func copyOption(o *copyfmt.Options, d *pg_query.DefElem) error {
	text, _ := optionText(d.Arg)
	char := func(dst *byte) error {
		if len(text) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s must be a single one-byte character", d.Defname)
		}
		*dst = text[0]
		return nil
	}
	switch d.Defname {
	case "format", "freeze": // FREEZE saves PostgreSQL a later pass; here rows need none
		return nil
	case "delimiter":
		return char(&o.Delimiter)
	case "quote":
		return char(&o.Quote)
	case "escape":
		return char(&o.Escape)
	case "null":
		o.Null = text
		return nil
	case "header":
		if strings.EqualFold(text, "match") {
			o.Header, o.HeaderMatch = true, true
			return nil
		}
		on, err := optionBool(d)
		if err != nil {
			return pgerr.New(pgerr.SyntaxError, `header requires a Boolean value or "match"`)
		}
		o.Header = on
		return nil
	case "force_quote":
		if text != "*" && o.Format == copyfmt.CSV {
			return unsupported("FORCE_QUOTE with a column list")
		}
		o.ForceQuote = true
		return nil
	case "encoding":
		if !strings.EqualFold(strings.ReplaceAll(text, "-", ""), "utf8") {
			return unsupported("COPY ENCODING other than UTF8")
		}
		return nil
	case "force_not_null", "force_null":
		return unsupported(strings.ToUpper(d.Defname))
	}
	return pgerr.New(pgerr.SyntaxError, `option "%s" not recognized`, d.Defname)
}

// copyColumns resolves the column list of a COPY; without one it is all columns.
func copyColumns(t *plan.Table, list []*pg_query.Node) ([]int, error) {
	var attrs []int
	if len(list) == 0 {
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				attrs = append(attrs, i)
			}
		}
		return attrs, nil
	}
	seen := map[int]bool{}
	for _, name := range names(list) {
		attr := t.Attr(name)
		if attr < 0 {
			return nil, pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, name, t.Name)
		}
		if seen[attr] {
			return nil, pgerr.New(pgerr.DuplicateColumn, `column "%s" specified more than once`, name)
		}
		seen[attr] = true
		attrs = append(attrs, attr)
	}
	return attrs, nil
}

// formatCodes are what the protocol wants to know of a COPY: overall and per column, 0 text and 1 binary.
func formatCodes(o copyfmt.Options, columns int) (int16, []int16) {
	code := int16(0)
	if o.Format == copyfmt.Binary {
		code = 1
	}
	cols := make([]int16, columns)
	for i := range cols {
		cols[i] = code
	}
	return code, cols
}
