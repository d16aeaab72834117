package sysview

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What PostgreSQL 15 prints for constraints with and without pretty.
func TestPrettyExpressions(t *testing.T) {
	for full, want := range map[string]string{
		"(a > 0)": "a > 0", "((a > 0) AND (b < 5))": "a > 0 AND b < 5", "((a + 1) > 0)": "(a + 1) > 0",
		"((a > 0) OR ((b < 5) AND (c = 1)))": "a > 0 OR b < 5 AND c = 1", "((a > 0) AND ((b < 5) OR (c = 1)))": "a > 0 AND (b < 5 OR c = 1)",
		"((b)::text = 'x) AND ('::text)": "b::text = 'x) AND ('::text", "(length(b) > 2)": "length(b) > 2", "length(b)::text": "length(b)::text",
		"nextval('s'::regclass)": "nextval('s'::regclass)", "(1 + 2)": "1 + 2", "(a) + (b)": "(a) + (b)", "('it''s'::text <> b)": "'it''s'::text <> b",
		"upper(('x'::text || lower((a || b))))": "upper('x'::text || lower(a || b))", "round((a / b), 2)::numeric(12,2)": "round(a / b, 2)::numeric(12,2)",
		"(a > (0)::numeric)": "a > 0::numeric",
		"(\"A b\")::text":    "\"A b\"::text",
	} {
		require.Equal(t, want, prettyExpression(full), full)
	}
}
