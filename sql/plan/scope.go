package plan

import (
	"strings"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// scope is what column names may refer to at one place of a statement.
type scope struct{ rels []scopeRel }

type scopeRel struct {
	rel     int // position in Query.Rels
	alias   string
	table   string // the table's own name, empty if it has none
	schema  string // empty unless the relation was named without an alias
	columns []RelColumn
}

// column resolves name, qualified by table when that is not empty. Its errors lack the position.
func (s *scope) column(schema, table, name string) (*expr.ColumnRef, error) {
	if s == nil {
		s = &scope{}
	}
	var found *expr.ColumnRef
	tableSeen := false
	for i := range s.rels {
		r := &s.rels[i]
		if table != "" && (r.alias != table || schema != "" && r.schema != schema) {
			continue
		}
		tableSeen = true
		for attr := range r.columns {
			if r.columns[attr].Name != name {
				continue
			}
			if found != nil {
				return nil, pgerr.New(pgerr.AmbiguousColumn, `column reference "%s" is ambiguous`, name)
			}
			found = s.ref(r, attr)
		}
	}
	switch {
	case found != nil:
		return found, nil
	case table != "" && !tableSeen:
		return nil, s.noTable(table)
	case table != "":
		return nil, hinted(pgerr.New(pgerr.UndefinedColumn, "column %s.%s does not exist", table, name), s.suggest(table, name))
	}
	return nil, hinted(pgerr.New(pgerr.UndefinedColumn, `column "%s" does not exist`, name), s.suggest("", name))
}

func hinted(e *pgerr.Error, hint string) error {
	if hint == "" {
		return e
	}
	return e.WithHint("%s", hint)
}

func (s *scope) ref(r *scopeRel, attr int) *expr.ColumnRef {
	c := &r.columns[attr]
	return &expr.ColumnRef{Index: attr, Rel: r.rel, Attr: attr, T: c.Type, Name: c.Name}
}

func (s *scope) noTable(table string) error {
	e := pgerr.New(pgerr.UndefinedTable, `missing FROM-clause entry for table "%s"`, table)
	for i := range s.rels {
		if r := &s.rels[i]; r.table == table && r.alias != table {
			return pgerr.New(pgerr.UndefinedTable, `invalid reference to FROM-clause entry for table "%s"`, table).
				WithHint(`Perhaps you meant to reference the table alias "%s".`, r.alias)
		}
	}
	for i := range s.rels {
		if r := &s.rels[i]; r.schema != "" && r.alias != table && strings.EqualFold(r.alias, table) {
			return e.WithHint(`Perhaps you meant to reference the table alias "%s".`, r.alias)
		}
	}
	return e
}

// suggest finds the column whose name is nearest to name, as a hint; empty if none is near or two are equally so.
func (s *scope) suggest(table, name string) string {
	best, hint := 1+len(name)/2, ""
	if best > 4 {
		best = 4
	}
	for i := range s.rels {
		r := &s.rels[i]
		if table != "" && r.alias != table {
			continue
		}
		for _, c := range r.columns {
			switch d := editDistance(c.Name, name, best+1); {
			case d < best:
				best, hint = d, `Perhaps you meant to reference the column "`+r.alias+"."+c.Name+`".`
			case d == best && hint != "":
				hint = ""
			}
		}
	}
	return hint
}

// editDistance is the Levenshtein distance between two names, or limit if it is at least that.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], limit)
}

// relation reports whether name is one of the relations in scope.
func (s *scope) relation(name string) bool {
	if s == nil {
		return false
	}
	for i := range s.rels {
		if s.rels[i].alias == name {
			return true
		}
	}
	return false
}
