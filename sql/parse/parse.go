package parse

import (
	"errors"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Limits on the text of one query message.
const (
	// MaxBytes bounds the length of a query text in bytes. A statement with bulk data belongs in COPY.
	MaxBytes = 16 << 20
	// MaxDepth bounds how deep nodes nest in a tree. Every later pass recurses over the tree, so this bounds
	// the stack of each of them.
	MaxDepth = 2000
)

// Statement is one statement of a query text.
type Statement struct {
	// Query is the whole text that the statement's locations point into.
	Query string
	// Text is the statement's own part of Query, without the semicolon and surrounding space.
	Text string
	// Node is the raw parse tree; read only.
	Node *pg_query.Node
	// Cut are the names of Query that were cut to 63 bytes, as they were written; the first statement of a text carries them.
	Cut []string
}

// Parse splits a query text into statements. An empty text gives none. Errors are *pgerr.Error with SQLSTATE
// 42601 and a position, or 54001 / 54000 for what is too deep or too long; the grammar's own stack overflows with 42601, as PostgreSQL's.
func Parse(query string) ([]Statement, error) {
	if len(query) > MaxBytes {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "query text of %d bytes exceeds the limit of %d bytes", len(query), MaxBytes).
			WithHint("Load bulk data with COPY, or send several smaller statements.")
	}
	if err := datum.ValidateUTF8(query); err != nil {
		return nil, err
	}
	tree, err := pg_query.Parse(query)
	if err != nil {
		return nil, convert(query, err)
	}
	out := make([]Statement, 0, len(tree.Stmts))
	for _, raw := range tree.Stmts {
		if raw.Stmt == nil {
			continue
		}
		if len(query) > MaxDepth/4 && depthExceeds(raw.Stmt.ProtoReflect(), MaxDepth) { // shorter text cannot nest that deep
			return nil, tooDeep()
		}
		out = append(out, Statement{Query: query, Text: sourceText(query, raw), Node: createOfInto(raw.Stmt)})
	}
	if len(out) > 0 {
		out[0].Cut = cutNames(query)
	}
	return out, nil
}

// sourceText cuts a statement out of the query text.
func sourceText(query string, raw *pg_query.RawStmt) string {
	from := int(raw.StmtLocation)
	to := len(query)
	if raw.StmtLen > 0 {
		to = from + int(raw.StmtLen)
	}
	if from < 0 || from > to || to > len(query) {
		return query
	}
	return strings.TrimSpace(query[from:to])
}

// convert maps an error of the C parser. Its cursor position counts characters from 1.
func convert(query string, err error) error {
	var pe *parser.Error
	if !errors.As(err, &pe) { // the tree's own decoder has a limit that it tells in its own words
		return tooDeep()
	}
	code, hint := pgerr.SyntaxError, ""
	switch {
	case strings.HasPrefix(pe.Message, "stack depth limit exceeded"):
		code = pgerr.StatementTooComplex
	case strings.HasPrefix(pe.Message, "precision for type float"):
		code = pgerr.InvalidParameterValue
	case strings.HasPrefix(pe.Message, "frame start"), strings.HasPrefix(pe.Message, "frame end"):
		code = pgerr.WindowingError
	case pe.Message == "invalid Unicode escape": // the library keeps neither code nor hint
		if code, hint = pgerr.InvalidEscapeSequence, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`; strings.Contains(strings.ToLower(query), "u&") {
			code, hint = pgerr.SyntaxError, `Unicode escapes must be \XXXX or \+XXXXXX.`
		}
	case strings.Contains(pe.Message, "out of range"):
		code = pgerr.NumericValueOutOfRange
	case strings.Contains(pe.Message, "not supported"), strings.Contains(pe.Message, "not yet implemented"),
		strings.Contains(pe.Message, "not implemented"):
		code = pgerr.FeatureNotSupported
	}
	e := pgerr.New(code, "%s", pe.Message)
	if pe.Cursorpos > 0 {
		e = e.At(pe.Cursorpos)
	}
	if hint != "" {
		e = e.WithHint("%s", hint)
	}
	return e
}

func tooDeep() *pgerr.Error {
	return pgerr.New(pgerr.StatementTooComplex, "statement is nested more than %d levels deep", MaxDepth).
		WithHint("Split the statement, or replace long chains of operators by IN lists.")
}
