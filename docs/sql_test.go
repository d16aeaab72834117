package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/settings"
	"github.com/quiredb/quire/sql/sysview"
)

// listed returns the names between "<!-- name -->" and "<!-- end -->" of sql.md; in a table those of the second column.
func listed(t *testing.T, name string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("sql.md")
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(b), "<!-- "+name+" -->")
	require.True(t, ok)
	text, _, ok = strings.Cut(text, "<!-- end -->")
	require.True(t, ok)
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			if line = cells[2]; strings.HasPrefix(cells[1], "-") || strings.TrimSpace(cells[1]) == "group" {
				continue
			}
		}
		for _, name := range strings.Fields(line) {
			require.False(t, names[name], "%s is listed twice", name)
			names[name] = true
		}
	}
	return names
}

// functionName is how sql/session names the functions that it registers.
var functionName = regexp.MustCompile(`(?:fn|lsn|size|txid|signal)\("([a-z_]+)"`)

// sql.md lists every function there is, and no other.
func TestSQLFunctions(t *testing.T) {
	there := map[string]bool{}
	expr.NewRegistry().All(func(f *expr.Function) { there[f.Name] = true }, func(*expr.Operator) {}, func(a *expr.Aggregate) { there[a.Name] = true })
	files, err := filepath.Glob("../sql/session/*.go")
	require.NoError(t, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range functionName.FindAllSubmatch(b, -1) {
			there[string(m[1])] = true
		}
	}
	catalog := expr.NewRegistry()
	sysview.Register(catalog, nil)
	catalog.All(func(f *expr.Function) { there[f.Name] = true }, nil, nil)
	require.Equal(t, there, listed(t, "functions"))
}

func TestSQLSettings(t *testing.T) {
	there := map[string]bool{}
	for _, d := range settings.All() {
		there[d.Name] = true
	}
	require.Equal(t, there, listed(t, "settings"))
}

func TestSQLViews(t *testing.T) {
	there := map[string]bool{}
	for _, v := range sysview.All() {
		there[strings.TrimPrefix(v.Schema+"."+v.Name, "pg_catalog.")] = true
	}
	require.Equal(t, there, listed(t, "views"))
}
