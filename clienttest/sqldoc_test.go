package clienttest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var docFence = regexp.MustCompile("(?ms)^```(supported|refused)\n(.*?)^```")

// What docs/sql.md calls supported runs, and what it calls refused is refused as a feature, not as a mistake.
func TestSQLDocument(t *testing.T) {
	quire.watch(t)
	page, err := os.ReadFile("../docs/sql.md")
	require.NoError(t, err)
	k := newTalker(t, quire.dsn())
	blocks := docFence.FindAllSubmatch(page, -1)
	require.Greater(t, len(blocks), 3)
	for _, b := range blocks {
		for line := range strings.Lines(string(b[2])) {
			answer := k.do(t, "sql", strings.TrimSpace(line), nil)
			if string(b[1]) == "refused" {
				require.Equal(t, "0A000", codeOf(answer), "%s%s", line, answer)
				k.settle(t)
				continue
			}
			require.NotContains(t, answer, "ERROR", "%s", line)
		}
	}
}
