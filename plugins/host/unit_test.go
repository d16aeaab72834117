package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// Every code has an SQLSTATE, and the author's own wish counts only for mistakes of the user's.
func TestErrorsForClients(t *testing.T) {
	for n, name := range pb.Code_name {
		require.NotEmpty(t, codeStates[pb.Code(n)], name)
		require.Len(t, string(pgerr.CodeOf(fromPlugin(&pb.Error{Code: pb.Code(n)}))), 5)
	}
	require.EqualValues(t, "22P02", pgerr.CodeOf(fromPlugin(&pb.Error{Code: pb.Code_INVALID_VALUE, Sqlstate: "22P02"})))
	for _, wish := range []string{"57P01", "00000", "XX000", "28000", "2", "220230", "25P02"} {
		require.EqualValues(t, "22023", pgerr.CodeOf(fromPlugin(&pb.Error{Code: pb.Code_INVALID_VALUE, Sqlstate: wish})), wish)
	}
	require.EqualValues(t, "38000", pgerr.CodeOf(fromPlugin(&pb.Error{Code: 999, Message: "x"})))
}

// What the host's layers say reaches the plugin as the code it can act upon, and nothing of the host's inside.
// What an author says of the user's mistake is the message, and the place its context; what is wrong with a plugin starts with its name.
func TestAuthorsWords(t *testing.T) {
	said := pgerr.From(fmt.Errorf("statement: %w", pluginError("m", "Insert", "i",
		fromPlugin(&pb.Error{Code: pb.Code_TOO_LARGE, Message: "key too long", Detail: "row 1", Hint: "shorten it"}))))
	require.Equal(t, "key too long", said.Message)
	require.Equal(t, "access method m: Insert on index i", said.Where)
	require.Equal(t, "row 1", said.Detail)
	require.Equal(t, "shorten it", said.Hint)
	require.EqualValues(t, "54000", said.Code)

	broken := pgerr.From(pluginError("m", "Insert", "i", fromPlugin(&pb.Error{Code: pb.Code_PANIC, Message: "boom"})))
	require.Contains(t, broken.Message, "access method m: Insert on index i: ")
	require.Empty(t, broken.Where)
}

func TestErrorsForPlugins(t *testing.T) {
	for _, c := range []struct {
		err  error
		code pb.Code
	}{
		{fmt.Errorf("x: %w", genericxlog.ErrConflict), pb.Code_CONFLICT},
		{&genericxlog.ConflictError{Tag: page.Tag{Block: 3}}, pb.Code_CONFLICT},
		{&genericxlog.ValidationError{Reason: "no"}, pb.Code_INVALID_EDIT},
		{genericxlog.ErrTooManyBlocks, pb.Code_TOO_MANY_BLOCKS},
		{genericxlog.ErrTooLarge, pb.Code_TOO_LARGE},
		{wire.ErrNotFound, pb.Code_NOT_FOUND},
		{context.Canceled, pb.Code_CANCELED},
		{pgerr.New(pgerr.DiskFull, "disk"), pb.Code_NO_SPACE},
		{errors.New("file base/16384 at 0xdeadbeef"), pb.Code_HOST},
	} {
		m := toPlugin(c.err)
		require.Equal(t, c.code, m.GetCode(), c.err)
		require.NotContains(t, m.GetMessage(), "0xdeadbeef")
		require.Equal(t, c.code == pb.Code_HOST || c.code == pb.Code_NO_SPACE, hostsOwn(c.err))
	}
}

func TestOptionValues(t *testing.T) {
	about := am.Description{Name: "x", Options: []am.OptionDef{
		{Name: "n", Type: am.OptionInt, Min: "1", Max: "4096", Default: "80"},
		{Name: "col", Type: am.OptionInt, Min: "1", Max: "10", PerColumn: true, Default: "2"},
		{Name: "r", Type: am.OptionReal, Min: "0", Max: "1"},
		{Name: "b", Type: am.OptionBool}, {Name: "e", Type: am.OptionEnum, Values: []string{"fast", "small"}},
		{Name: "s", Type: am.OptionText},
	}}
	got, err := checkOptions(about, 2, map[string]string{"col2": "7", "r": "1e-1", "b": "ON", "e": "Fast", "s": " x "})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"n": "80", "col1": "2", "col2": "7", "r": "0.1", "b": "true", "e": "fast", "s": " x "}, got)
	got, err = checkOptions(about, 0, map[string]string{"b": ""}) // WITH (b)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"n": "80", "b": "true"}, got)
	for _, c := range []struct{ name, value, message, detail string }{
		{"n", "0", `value 0 out of bounds for option "n"`, `Valid values are between "1" and "4096".`},
		{"n", "4097", `value 4097 out of bounds for option "n"`, `Valid values are between "1" and "4096".`},
		{"n", "1.5", `invalid value for integer option "n": 1.5`, `Valid values are between "1" and "4096".`},
		{"n", "99999999999999999999", `invalid value for integer option "n": 99999999999999999999`, "between"},
		{"r", "NaN", `invalid value for real option "r": NaN`, "between"},
		{"r", "2", `value 2 out of bounds for option "r"`, "between"},
		{"b", "maybe", `invalid value for boolean option "b": maybe`, "Valid values are on and off."},
		{"e", "slow", `invalid value for enum option "e": slow`, "Valid values are fast, small."},
		{"col", "1", `unrecognized parameter "col"`, "col1 to col2"},
		{"col3", "1", `unrecognized parameter "col3"`, "n, col1 to col2, r, b, e, s"},
	} {
		_, err := checkOptions(about, 2, map[string]string{c.name: c.value})
		e := pgerr.From(err)
		require.Equal(t, pgerr.InvalidParameterValue, e.Code)
		require.Equal(t, c.message, e.Message)
		require.Contains(t, e.Detail, c.detail)
	}
	_, err = checkOptions(am.Description{Name: "x"}, 1, map[string]string{"a": "1"})
	require.Contains(t, pgerr.From(err).Detail, "has no parameters")
}

// Changes pass together; one that is alone has the index to itself; whoever gives up waiting leaves no trace.
func TestGate(t *testing.T) {
	g := newGate()
	var inside, alone atomic.Int32
	var wg sync.WaitGroup
	for w := range uint64(8) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewSource(int64(w)))
			for range 300 {
				ticket := w + 1
				if rng.Intn(5) == 0 {
					if g.close(ctx, ticket) == nil {
						if inside.Load() != 0 || alone.Add(1) != 1 {
							t.Error("not alone")
						}
						if g.pass(ctx, ticket) != nil {
							t.Error("the one who is alone must not wait")
						}
						g.leave()
						alone.Add(-1)
						g.open(ticket)
						g.open(ticket)
					}
					continue
				}
				if g.pass(ctx, ticket) == nil {
					inside.Add(1)
					if alone.Load() != 0 {
						t.Error("somebody else is alone")
					}
					inside.Add(-1)
					g.leave()
				}
			}
		}()
	}
	wg.Wait()

	require.NoError(t, g.close(ctx, 1))
	cancelled, cancel := newCause(t)
	cancel()
	require.ErrorContains(t, g.pass(cancelled, 2), "because I said so")
	require.ErrorContains(t, g.close(cancelled, 2), "because I said so")
	g.open(2)
	require.Error(t, g.pass(cancelled, 2), "only the owner opens")
	g.open(1)
	require.NoError(t, g.pass(ctx, 2))
	require.Error(t, g.close(cancelled, 3), "a change is under way")
	require.NoError(t, g.pass(ctx, 4), "and giving up left the gate open")
	g.leave()
	g.leave()

	all := newGates()
	a := all.take(1)
	require.Same(t, a, all.take(1))
	all.release(1)
	all.release(1)
	require.Empty(t, all.mu.byRel)
}

func FuzzHandshake(f *testing.F) {
	for _, line := range []string{
		"1|1|unix|/tmp/x/plugin123|grpc|\n", "1|1|unix|/tmp/x/../y|grpc", "1|2|unix|/tmp/x/p|grpc|", "9|1|tcp|:1|netrpc||", "hello\n", "", "||||",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		err := checkHandshake(line, "/tmp/x")
		if err == nil {
			if !strings.HasPrefix(line, "1|1|unix|/tmp/x/") || filepath.Dir(strings.Split(line, "|")[3]) != "/tmp/x" {
				t.Fatalf("accepted %q", line)
			}
			return
		}
		if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
			t.Fatalf("%q", err)
		}
	})
}

func FuzzLogLine(f *testing.F) {
	for _, line := range []string{
		`{"@level":"warn","@message":"m","@timestamp":"2026","k":{"a":[1,2]},"plugin":"other","level":"panic"}`,
		`{"@level":"fatal","@message":1}`, `{"@level":"disabled"}`, "panic: x", "plain \x1b[31m", "{", "[ERROR] x", `{"level":"info"}`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		out := &logBuffer{}
		tl := newTail("p", zerolog.New(out), time.Now)
		tl.line(line, "stderr")
		if strings.Contains(line, "\n") {
			return
		}
		if n := strings.Count(out.String(), "\n"); line != "" && n != 1 || strings.Contains(out.String(), "\x1b") {
			t.Fatalf("%q became %d lines: %q", line, n, out.String())
		}
	})
}

// Lines beyond the rate are counted, and the count is told with the next line that passes.
func TestTailRate(t *testing.T) {
	now := time.Unix(0, 0)
	out := &logBuffer{}
	tl := newTail("p", zerolog.New(out), func() time.Time { return now })
	for i := range 2 * linesBurst {
		tl.line(fmt.Sprint("line ", i), "stderr")
	}
	require.Equal(t, linesBurst, strings.Count(out.String(), "\n"))
	now = now.Add(time.Second)
	tl.line("later", "stdout")
	require.Contains(t, out.String(), fmt.Sprintf(`{"level":"warn","plugin":"p","lines":%d,"message":"plugin logs too much, lines were left out"}`, linesBurst))
	require.Contains(t, out.String(), `{"level":"info","plugin":"p","source":"stdout","message":"later"}`)
	require.Len(t, tl.last(), tailLines)
	require.Equal(t, "later", tl.last()[tailLines-1])

	tl.readLines(strings.NewReader(strings.Repeat("x", 3*maxLine)+"\nshort\npanic: oh\n\tgoroutine 1"), "stderr")
	require.Contains(t, out.String(), `"message":"short"`)
	require.Contains(t, out.String(), `{"level":"error","plugin":"p","message":" goroutine 1"}`)
}

func TestFileHeaders(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		"": "empty", "#!/bin/sh\n": "script", "MZ something": "no program for linux",
		"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00": "ELF program for arm64",
		"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x01": "machine 256",
	} {
		path := filepath.Join(dir, "f")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
		require.Contains(t, fileHeader(path), want)
	}
	for mode, want := range map[os.FileMode]string{
		os.ModeDir: "directory", os.ModeNamedPipe: "named pipe", os.ModeSocket: "socket", os.ModeDevice: "device", os.ModeSymlink: "symbolic link",
	} {
		require.Equal(t, want, kindOf(mode))
	}
}
