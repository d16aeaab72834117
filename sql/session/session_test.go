package session_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/quiredb/quire/sql/session"
)

// volatileText hides what differs from run to run.
var volatileText = regexp.MustCompile(`actual time=[0-9.]+\.\.[0-9.]+|Time: [0-9.]+ ms|Buffers: shared.*`)

// TestFiles runs the lessons in testdata. A command is "sql", with session=name for a session other than the first; lines after
// --stdin are what the client sends in a COPY. "down name" and "up name" stop and start an access method.
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
			return volatileText.ReplaceAllString(run(s, d.Input), "…")
		})
	})
}
