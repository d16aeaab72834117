package plan

import (
	"slices"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// scope is what column names may refer to at one place of a statement: first the relations of the query itself, then those of the
// queries round it.
type scope struct {
	rels   []scopeRel
	parent *scope
}

// scopeRel is one relation in scope, or the merged columns of a JOIN … USING, or a whole join under an alias.
type scopeRel struct {
	rel     int    // position in the range table; -1 for something joined
	alias   string // empty for merged columns: they are named without a table
	table   string // the table's own name, empty if it has none
	schema  string // empty unless the relation was named without an alias
	columns []RelColumn
	// exprs are what the columns stand for; nil for the columns of rel.
	exprs []expr.Expr
	// merged marks columns that a USING has replaced: they are named with their table only, and no star shows them without it.
	merged []bool
	// tableoid is the hidden column of a system view; nil for other relations.
	tableoid expr.Expr
}

// hides reports whether a column takes part only when its table is named.
func (r *scopeRel) hides(attr int) bool {
	return r.merged != nil && r.merged[attr] || r.columns[attr].Name == ""
}

// column resolves name, qualified by table when that is not empty. Its errors lack the position.
func (s *scope) column(schema, table, name string) (expr.Expr, error) {
	if s == nil {
		s = &scope{}
	}
	for level := s; level != nil; level = level.parent {
		found, seen, err := level.own(schema, table, name)
		switch {
		case err != nil || found != nil:
			return found, err
		case seen: // the table is there and has no such column
			return nil, hinted(pgerr.New(pgerr.UndefinedColumn, "column %s.%s does not exist", table, name), level.suggest(table, name))
		}
	}
	if table != "" {
		return nil, s.noTable(table)
	}
	return nil, hinted(pgerr.New(pgerr.UndefinedColumn, `column "%s" does not exist`, name), s.suggest("", name))
}

// own looks at one level. seen says that the table is there.
func (s *scope) own(schema, table, name string) (found expr.Expr, seen bool, err error) {
	for i := range s.rels {
		r := &s.rels[i]
		if table != "" && (r.alias != table || schema != "" && r.schema != schema) {
			continue
		}
		seen = seen || table != ""
		if name == tableoidName && r.tableoid != nil {
			if found != nil {
				return nil, seen, ambiguous(name)
			}
			found = r.tableoid
			continue
		}
		for attr := range r.columns {
			if r.columns[attr].Name != name || name == "" || table == "" && r.hides(attr) {
				continue
			}
			if found != nil {
				return nil, seen, ambiguous(name)
			}
			found = r.ref(attr)
		}
		if found == nil && systemColumns[name] && r.table != "" {
			return nil, seen, pgerr.New(pgerr.FeatureNotSupported, `the system column "%s" of table "%s" is not supported`, name, r.table)
		}
	}
	return found, seen, nil
}

// tableoidName is the one system column that there is, and that in system views alone.
const tableoidName = "tableoid"

// systemColumns are those that PostgreSQL gives every table.
var systemColumns = map[string]bool{tableoidName: true, "ctid": true, "xmin": true, "xmax": true, "cmin": true, "cmax": true}

func ambiguous(name string) error {
	return pgerr.New(pgerr.AmbiguousColumn, `column reference "%s" is ambiguous`, name)
}

func hinted(e *pgerr.Error, hint string) error {
	if hint == "" {
		return e
	}
	return e.WithHint("%s", hint)
}

func (r *scopeRel) ref(attr int) expr.Expr {
	if r.exprs != nil {
		return r.exprs[attr]
	}
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
		if table != "" && r.alias != table || r.alias == "" {
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
	for ; s != nil; s = s.parent {
		if slices.ContainsFunc(s.rels, func(r scopeRel) bool { return r.alias == name }) {
			return true
		}
	}
	return false
}

// owns reports whether a relation of the range table belongs to the query of this scope itself.
func (s *scope) owns(rel int) bool {
	for i := range s.rels {
		if s.rels[i].rel == rel {
			return true
		}
		for _, e := range s.rels[i].exprs {
			own := false
			expr.Columns(e, func(c *expr.ColumnRef) { own = own || c.Rel == rel })
			if own {
				return true
			}
		}
	}
	return false
}
