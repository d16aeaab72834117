package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

// What errors.md says of an error is so: the SQLSTATE exists, the words stand in the package that is said to raise it,
// and there is the test that provokes it.
func TestErrorsPageIsTrue(t *testing.T) {
	page, err := os.ReadFile("errors.md")
	require.NoError(t, err)
	sources := map[string]string{}
	rows := 0
	for i, line := range strings.Split(string(page), "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") || strings.HasPrefix(line, "| What was done") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "|"), "|")
		require.Len(t, cells, 6, "errors.md:%d", i+1)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		message, code, raised, test := cells[1], cells[2], cells[3], cells[5]

		if code != "" && code != "exit 1" {
			require.NotEqual(t, code, pgerr.Code(code).Name(), "errors.md:%d: %s is no SQLSTATE of core/pgerr", i+1, code)
		}
		if raised != "" {
			if _, ok := sources[raised]; !ok {
				sources[raised] = source(t, filepath.Join("..", raised))
			}
			for _, words := range fragments(message) {
				require.True(t, strings.Contains(sources[raised], words), "errors.md:%d: package %s does not say %q", i+1, raised, words)
			}
		}
		where, name, ok := strings.Cut(test, " ")
		require.True(t, ok, "errors.md:%d: no test is named", i+1)
		require.True(t, hasTest(t, where, name), "errors.md:%d: package %s has no %s", i+1, where, name)
	}
	require.Greater(t, rows, 60)
}

// fragments are the parts of a message that are the same each time.
func fragments(cell string) (out []string) {
	quoted := regexp.MustCompile("`([^`]*)`").FindStringSubmatch(cell)
	if quoted == nil {
		return nil
	}
	for _, part := range regexp.MustCompile(`…|[:;,] |\bplugin `).Split(quoted[1], -1) { // an error's text is put together at these places
		if part = strings.Trim(part, `"' :;,`); len(part) >= 12 {
			out = append(out, part)
		}
	}
	return out
}

// source is the text of a package's files, with the pieces of strings that are broken over lines put together.
func source(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "%s has no Go files", dir)
	var all strings.Builder
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			all.Write(b)
		}
	}
	text := regexp.MustCompile("[\"`] \\+\\s*[\"`]").ReplaceAllString(all.String(), "")
	return strings.ReplaceAll(text, `\"`, `"`)
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	require.NoError(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		if strings.Contains(string(b), "func "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
