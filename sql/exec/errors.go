package exec

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/plan"
)

// badRow reports row bytes that do not fit the table.
func badRow(t *plan.Table, tid page.TID, err error) error {
	return pgerr.New(pgerr.DataCorrupted, `row %v of relation "%s" cannot be read: %w`, tid, t.Name, err).
		WithHint("Run quire verify on the data directory.")
}

// CheckNotNull reports the first column that may not be null and is.
func CheckNotNull(t *plan.Table, row Row) error {
	for i := range t.Columns {
		if t.Columns[i].NotNull && row[i].Null {
			return pgerr.New(pgerr.NotNullViolation, `null value in column "%s" of relation "%s" violates not-null constraint`, t.Columns[i].Name, t.Name).
				WithDetail("Failing row contains %s.", describeRow(t, row)).WithTable(t.Schema, t.Name).WithColumn(t.Columns[i].Name)
		}
	}
	return nil
}

// maxFieldText is how much of a value PostgreSQL shows of a failing row.
const maxFieldText = 64

func describeRow(t *plan.Table, row Row) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := range t.Columns {
		if t.Columns[i].Dropped {
			continue
		}
		if b.Len() > 1 {
			b.WriteString(", ")
		}
		if row[i].Null {
			b.WriteString("null")
			continue
		}
		text := string(datum.MustLookup(t.Columns[i].Type.OID).AppendText(nil, row[i]))
		if cut := datum.CharOffset(text, maxFieldText); cut < len(text) {
			text = text[:cut] + "..."
		}
		b.WriteString(text)
	}
	b.WriteByte(')')
	return b.String()
}
