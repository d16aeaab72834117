package session_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/session"
)

// split cuts a text into statements, unless it holds a mistake or belongs together.
func split(text string, multi bool) []string {
	if multi || strings.Contains(text, "--stdin") {
		return []string{text}
	}
	stmts, err := parse.Parse(text)
	if err != nil || len(stmts) < 2 {
		return []string{text}
	}
	var out []string
	for _, s := range stmts {
		out = append(out, s.Text)
	}
	return out
}

// volatileText hides what differs from run to run.
var volatileText = regexp.MustCompile(`actual time=[0-9.]+\.\.[0-9.]+|Time: [0-9.]+ ms|Buffers: shared.*`)

// TestFiles runs the lessons in testdata. The command "sql" sends one statement after the other, as psql does, and with "multi" all in
// one query text; session=name takes another session than the first. Lines after --stdin are what the client sends in a COPY.
// "down name" and "up name" stop and start an access method.
func TestFiles(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "fuzz") {
			t.Skip()
		}
		r := newRig(t)
		sessions := map[string]*session.Session{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "down", "up":
				r.ams[d.CmdArgs[0].Key].down = d.Cmd == "down"
				return ""
			case "sql":
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			name := "main"
			d.MaybeScanArgs(t, "session", &name)
			s := sessions[name]
			if s == nil {
				s = r.session()
				sessions[name] = s
			}
			var out strings.Builder
			for _, text := range split(d.Input, d.HasArg("multi")) {
				out.WriteString(run(s, text))
			}
			return volatileText.ReplaceAllString(out.String(), "…")
		})
	})
}
