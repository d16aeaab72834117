// Package docs holds the pages for users and authors, and the tests that keep them true.
package docs

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A block is a fenced piece of a page.
type block struct {
	lang, text string
	line       int
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```")

func blocks(t *testing.T, page string) []block {
	t.Helper()
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	var out []block
	for _, m := range fence.FindAllSubmatchIndex(b, -1) {
		out = append(out, block{lang: string(b[m[2]:m[3]]), text: string(b[m[4]:m[5]]), line: 1 + strings.Count(string(b[:m[0]]), "\n")})
	}
	require.NotEmpty(t, out, "%s has no fenced blocks", page)
	return out
}

// Every Go snippet says in its first line which file it is from, and stands there to the letter.
func TestSnippetsStandInTheSource(t *testing.T) {
	const page = "writing-an-access-method.md"
	n := 0
	for _, b := range blocks(t, page) {
		if b.lang != "go" {
			continue
		}
		n++
		first, rest, _ := strings.Cut(b.text, "\n")
		file, ok := strings.CutPrefix(first, "// ")
		require.True(t, ok, "%s:%d: the first line must name the file", page, b.line)
		source, err := os.ReadFile(filepath.Join("..", file))
		require.NoError(t, err, "%s:%d", page, b.line)
		require.Contains(t, string(source), rest, "%s:%d: the snippet is not in %s", page, b.line, file)
	}
	require.Greater(t, n, 5)
}

// The commands of the walk-through are run in their order, as a reader would.
func TestWalkThrough(t *testing.T) {
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("LOUD: psql is not installed, so the commands of docs/writing-an-access-method.md were not run")
	}
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "qdoc") // a short path: it holds a unix socket
	require.NoError(t, err)
	defer os.RemoveAll(dir)

	var script strings.Builder
	// The server is this shell's child; it is stopped and waited for whatever happens.
	script.WriteString("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n")
	for i, b := range blocks(t, "writing-an-access-method.md") {
		switch b.lang {
		case "sh":
			fmt.Fprintf(&script, "echo '## line %d'\n%s", b.line, b.text)
		case "sql":
			file := filepath.Join(dir, fmt.Sprintf("block%d.sql", i))
			require.NoError(t, os.WriteFile(file, []byte(b.text), 0o600))
			fmt.Fprintf(&script, "echo '## line %d'\npsql -X -v ON_ERROR_STOP=1 -h $DIR -p $PORT postgres -f %s\n", b.line, file)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "DIR="+dir, fmt.Sprintf("PORT=%d", freePort(t)))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "Bitmap Index Scan on t_bloom", "%s", out)
	require.Regexp(t, `(?m)^\s+7$`, string(out), "the query's answer")
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Links between pages and to folders lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, page := range append(pages, "../README.md") {
		b, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllSubmatch(b, -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), string(m[1])))
			require.NoError(t, err, "%s links to %s", page, m[1])
		}
	}
}
