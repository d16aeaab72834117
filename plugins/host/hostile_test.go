package host

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
)

// A plugin that goes wrong before it is ready: the error says what it did, and the host goes on.
func TestHostileStart(t *testing.T) {
	cases := []struct {
		name  string
		parts []string
	}{
		{"hostile_exit", []string{"exit code 3"}},
		{"hostile_panic", []string{"exit code 2"}},
		{"hostile_silent", []string{"did not answer within the start timeout"}},
		{"hostile_stopped", []string{"did not answer within the start timeout"}},
		{"hostile_badline", []string{"Hello, I am a plugin!?[31m", "handshake line was expected", "before sdk.Serve"}},
		{"hostile_endless", []string{"without a line end", "xxxx"}},
		{"hostile_core", []string{`core protocol "9"`, "rebuild"}},
		{"hostile_version", []string{"protocol version 7, this host speaks version 1"}},
		{"hostile_tcp", []string{`over "tcp"`}},
		{"hostile_netrpc", []string{`"netrpc"`}},
		{"hostile_outside", []string{"/tmp/somebody-elses.sock", "outside of its directory"}},
		{"hostile_nosocket", []string{"no such file"}},
		{"hostile_mute", []string{"did not answer within the start timeout"}},
		{"hostile_shy", []string{"did not answer within the start timeout"}},
		{"hostile_misnamed", []string{`calls itself "somebody"`, `named "hostile_misnamed"`, "rename"}},
		{"hostile_noclass", []string{"no operator class"}},
		{"hostile_nan", []string{"cost coefficient -1"}},
	}
	names := []string{"hostile"}
	for _, c := range cases {
		names = append(names, c.name)
	}
	r := newRig(t, func(c *Config) {
		c.Timeouts.Start = time.Second
		c.Timeouts.Ready = 30 * time.Second
		c.Policy.CrashLimit = 1 // the first failure is the last
	}, names...)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.reg.Lookup(c.name)
			require.ErrorIs(t, err, am.ErrUnavailable)
			requireState(t, err, pgerr.ObjectNotInPrerequisiteState, append(c.parts, c.name, "quarantined", "replace "+r.dir)...)
		})
	}
	require.Contains(t, strings.Join(r.reg.LastLines("hostile_exit"), "\n"), "cannot find my configuration")
	require.Contains(t, strings.Join(r.reg.LastLines("hostile_panic"), "\n"), "panic: born to fail")
	require.Contains(t, r.log.String(), `"last_lines":["cannot find my configuration"]`)

	m, idx := r.method("hostile"), r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 10)))

	// A new file is another chance.
	path := filepath.Join(r.dir, "hostile_exit")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Link(filepath.Join(r.dir, "hostile_panic"), path))
	_, err := r.reg.Lookup("hostile_exit")
	requireState(t, err, pgerr.ObjectNotInPrerequisiteState, "exit code 3")
	states := map[string]string{}
	for _, i := range r.reg.List() {
		states[i.Name] = i.State
	}
	require.Equal(t, "ready", states["hostile"])
	require.Equal(t, "quarantined", states["hostile_exit"])
}

// A file that may not run, or is not the one that was pinned, is refused; the host looks again each time it is asked.
func TestRefusedFiles(t *testing.T) {
	r := newRig(t, nil, "hostile")
	path := filepath.Join(r.dir, "hostile")
	refused := func(parts ...string) {
		t.Helper()
		_, err := r.reg.Lookup("hostile")
		require.ErrorIs(t, err, am.ErrUnavailable)
		requireState(t, err, pgerr.ObjectNotInPrerequisiteState, append(parts, path)...)
	}
	require.NoError(t, os.Chmod(path, 0o644))
	refused("not executable (mode 0644)", "chmod u+x")
	require.NoError(t, os.Chmod(path, 0o777))
	refused("written by others", "chmod go-w")
	require.NoError(t, os.Chmod(path, 0o755))
	r.reg.Pin("hostile", strings.Repeat("ab", 32))
	refused("SHA-256", strings.Repeat("ab", 32), "put the old file back", "ALTER EXTENSION … UPDATE")
	file, err := r.reg.Inspect("hostile")
	require.NoError(t, err)
	refused(file.SHA256)
	r.reg.Pin("hostile", strings.ToUpper(file.SHA256))
	m, idx := r.method("hostile"), r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 1)))

	// While it runs, the file is replaced: the running one stays what was verified, the next start is refused.
	f, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, append(f, 0), 0o755))
	require.NoError(t, insert(m, idx, 1, rows(1, 1)))
	idx.Options["label"] = "kill@Insert"
	requireState(t, insert(m, idx, 1, rows(2, 1)), pgerr.ExternalRoutineException, "signal 9")
	refused("SHA-256", file.SHA256)
	requireState(t, insert(m, idx, 1, rows(2, 1)), pgerr.ObjectNotInPrerequisiteState, file.SHA256)
	require.NoError(t, os.Remove(path))
	refused("does not exist")
	require.NoError(t, os.Symlink(hostileBinary, path))
	refused("symbolic link")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, nil, 0o755))
	r.reg.Pin("hostile", "")
	_, err = r.reg.Lookup("hostile")
	requireState(t, err, pgerr.ObjectNotInPrerequisiteState, "the file is empty")
}

func TestUnknownAccessMethod(t *testing.T) {
	r := newRig(t, nil, "hostile")
	_, err := r.reg.Lookup("blooom")
	require.ErrorIs(t, err, am.ErrUnknown)
	requireState(t, err, pgerr.UndefinedObject, `access method "blooom" does not exist`, r.dir, "hostile")
	_, err = r.reg.Lookup("../hostile")
	require.ErrorIs(t, err, am.ErrUnknown)
	install(t, filepath.Join(r.dir, "another"))
	_, err = r.reg.Lookup("another") // a new file is found
	require.NoError(t, err)
	r.reg.Pin("gone", strings.Repeat("0", 64))
	_, err = r.reg.Lookup("gone") // in the catalog, and its file is missing
	require.ErrorIs(t, err, am.ErrUnavailable)
	requireState(t, err, pgerr.ObjectNotInPrerequisiteState, filepath.Join(r.dir, "gone"), "does not exist")

	_, err = Open(Config{Dir: filepath.Join(r.dir, "nowhere")})
	require.ErrorContains(t, err, "does not exist; create it or correct --plugin-dir")
	require.NoError(t, os.Chmod(r.dir, 0o777))
	_, err = Open(Config{Dir: r.dir})
	require.ErrorContains(t, err, "chmod go-w")
}

// calls are all calls of a method on an index, by name.
var calls = map[string]func(m am.Method, idx am.Index) error{
	"ValidateOptions": func(m am.Method, idx am.Index) error {
		_, err := m.ValidateOptions(ctx, idx.Columns, idx.Options)
		return err
	},
	"Build":      func(m am.Method, idx am.Index) error { _, err := m.Build(ctx, idx, in(rows(0, 100))); return err },
	"BuildEmpty": func(m am.Method, idx am.Index) error { _, err := m.BuildEmpty(ctx, idx); return err },
	"Insert":     func(m am.Method, idx am.Index) error { return insert(m, idx, 9, rows(0, 3)) },
	"Scan":       func(m am.Method, idx am.Index) error { _, err := search(m, idx, idEquals(1)); return err },
	"BulkDelete": func(m am.Method, idx am.Index) error {
		_, err := m.BulkDelete(ctx, idx, deadSet(rows(0, 10)))
		return err
	},
	"Cleanup": func(m am.Method, idx am.Index) error { _, err := m.Cleanup(ctx, idx); return err },
	"Check":   func(m am.Method, idx am.Index) error { return m.Check(ctx, idx, func(string) {}) },
}

// In each call: a crash, a kill, a panic, an error. The error says so, and the next call works.
func TestHostileCalls(t *testing.T) {
	r := newRig(t, nil, "hostile")
	cases := []struct {
		label string
		state pgerr.Code
		parts []string
	}{
		{"crash", pgerr.ExternalRoutineException, []string{"exit code 7", "being restarted"}},
		{"kill", pgerr.ExternalRoutineException, []string{"killed by signal 9", "being restarted"}},
		{"panic", pgerr.ExternalRoutineException, []string{"panic in", "as you wish"}},
		{"invalid", pgerr.InvalidParameterValue, []string{"not to my liking", "too square", "rounder one"}},
		{"sqlstate", pgerr.InvalidParameterValue, []string{"something else"}},
		{"corrupt", pgerr.IndexCorrupted, []string{"page 3 contradicts page 4", "REINDEX"}},
	}
	for _, c := range cases {
		for name, call := range calls {
			if name == "ValidateOptions" {
				continue
			}
			t.Run(c.label+"@"+name, func(t *testing.T) {
				idx := r.index("")
				require.NoError(t, insert(r.method("hostile"), idx, 1, rows(0, 10)))
				idx.Options["label"] = c.label + "@" + name
				err := call(r.method("hostile"), idx)
				requireState(t, err, c.state, append(c.parts, "access method hostile: "+name+" on index "+idx.Name)...)
				var pe *am.PluginError
				require.ErrorAs(t, err, &pe)
				idx.Options["label"] = ""
				hits, err := search(r.method("hostile"), idx)
				require.NoError(t, err)
				require.Len(t, hits, 10)
			})
		}
	}
}

// In each call: no end. The progress deadline kills the process, and the next call works.
func TestHangingCalls(t *testing.T) {
	for _, label := range []string{"hang", "stop"} {
		for name, call := range calls {
			if label == "stop" && name == "ValidateOptions" {
				continue
			}
			t.Run(label+"@"+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(c *Config) { c.Timeouts.Progress = time.Second }, "hostile")
				idx := r.index(label + "@" + name)
				err := call(r.method("hostile"), idx)
				requireState(t, err, pgerr.QueryCanceled, "no progress for 1s", "killed", "hostile", name)
				idx.Options["label"] = ""
				require.NoError(t, insert(r.method("hostile"), idx, 1, rows(0, 10)))
			})
		}
	}
}

// What a plugin says against the protocol is refused, and the process stays.
func TestHostileMessages(t *testing.T) {
	r := newRig(t, nil, "hostile_raw")
	m := r.method("hostile_raw")
	cases := []struct {
		label, call string
		state       pgerr.Code
		parts       []string
	}{
		{"empty", "Insert", pgerr.ExternalRoutineException, []string{"protocol violation", "empty message"}},
		{"wrong", "Insert", pgerr.ExternalRoutineException, []string{"protocol violation", "Hits in answer to INSERT"}},
		{"wrong", "Build", pgerr.ExternalRoutineException, []string{"Hits in answer to BUILD"}},
		{"wrong", "Check", pgerr.ExternalRoutineException, []string{"Hits in answer to CHECK"}},
		{"another", "Insert", pgerr.ExternalRoutineException, []string{"message of call"}},
		{"huge", "Check", pgerr.ExternalRoutineException, []string{"beyond the limit of 4194304 bytes"}},
		{"bye", "Insert", pgerr.ExternalRoutineException, []string{"broke the connection off"}},
		{"hitcount", "Scan", pgerr.ExternalRoutineException, []string{"1073741824 hits"}},
		{"hitbytes", "Scan", pgerr.ExternalRoutineException, []string{"1 hits in 8 bytes"}},
		{"offset0", "Scan", pgerr.IndexCorrupted, []string{"(0,0)", "REINDEX"}},
		{"offsetbig", "Scan", pgerr.IndexCorrupted, []string{"(0,65535)", "REINDEX"}},
		{"farblock", "Scan", pgerr.IndexCorrupted, []string{"(4294967295,1)", "table has 100 blocks"}},
		{"nothing", "Insert", pgerr.InvalidParameterValue, []string{"UNSUPPORTED"}},
		{"beyond", "Insert", pgerr.IndexCorrupted, []string{"no such block"}},
		{"stolen", "Insert", pgerr.IndexCorrupted, []string{"was not handed out"}},
		{"double", "Insert", pgerr.IndexCorrupted, []string{"block 0", "appears twice"}},
		{"many", "Insert", pgerr.InvalidParameterValue, []string{"TOO_MANY_BLOCKS"}},
		{"garbage", "Insert", pgerr.IndexCorrupted, []string{"bad edit list"}},
		{"last", "Scan", pgerr.InvalidParameterValue, []string{"WRONG_STATE", "SCAN may not"}},
		{"last", "Cleanup", pgerr.InvalidParameterValue, []string{"WRONG_STATE", "only an Insert ends with a Finish"}},
		{"lastbad", "Insert", pgerr.InvalidParameterValue, []string{"PROTOCOL", "no whole number of conflicts"}},
		{"lastlie", "Insert", pgerr.IndexCorrupted, []string{"no such block"}},
		{"alive", "Insert", pgerr.InvalidParameterValue, []string{"ALIVE"}},
		{"annotate", "Insert", pgerr.InvalidParameterValue, []string{"TOO_LARGE", "annotation"}},
		{"readmany", "Scan", pgerr.InvalidParameterValue, []string{"TOO_LARGE", "100000 pages"}},
		{"readfar", "Scan", pgerr.InvalidParameterValue, []string{"NOT_FOUND", "beyond the end"}},
		{"extendmany", "Insert", pgerr.InvalidParameterValue, []string{"TOO_LARGE"}},
		{"freefar", "Insert", pgerr.InvalidParameterValue, []string{"NOT_FOUND"}},
		{"bulk", "Insert", pgerr.InvalidParameterValue, []string{"WRONG_STATE", "INSERT may not"}},
		{"write", "Scan", pgerr.InvalidParameterValue, []string{"WRONG_STATE", "SCAN may not"}},
		{"write", "Check", pgerr.InvalidParameterValue, []string{"WRONG_STATE", "CHECK may not"}},
		{"alone", "Scan", pgerr.InvalidParameterValue, []string{"WRONG_STATE"}},
		{"readmany", "BuildEmpty", pgerr.InvalidParameterValue, []string{"WRONG_STATE"}},
		{"badlive", "Insert", pgerr.InvalidParameterValue, []string{"PROTOCOL", "no whole number"}},
	}
	idx := r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 10)))
	before := r.engine.WAL.InsertLSN()
	pid := r.pid("hostile_raw")
	for _, c := range cases {
		t.Run(c.label+"@"+c.call, func(t *testing.T) {
			idx.Options["label"] = c.label
			requireState(t, calls[c.call](m, idx), c.state, c.parts...)
		})
	}
	for _, label := range []string{"twice", "lastmore"} {
		idx.Options["label"] = label
		require.NoError(t, insert(m, idx, 1, rows(20, 1)))
		idx.Options["label"] = ""
		require.Equal(t, before, r.engine.WAL.InsertLSN(), "nothing was logged")
		require.Equal(t, pid, r.pid("hostile_raw"), "the process is the same")
		_, err := search(m, idx) // on the lane where results too many are waiting
		requireState(t, err, pgerr.ExternalRoutineException, "protocol violation: message of call")
	}
	for range 5 {
		hits, err := search(m, idx)
		require.NoError(t, err)
		require.Len(t, hits, 10)
	}
}

// An Insert whose last Finish succeeded has succeeded, even if the plugin dies before it has heard of it.
func TestDeathAfterTheLastFinish(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 10)))
	require.NotZero(t, r.sharedLanes("hostile"))
	idx.Options["label"] = "crash-late@Insert"
	require.NoError(t, insert(m, idx, 1, rows(10, 10)))
	idx.Options["label"] = ""
	for { // it dies when it hears of it, which may be another call's misfortune
		hits, err := search(m, idx)
		if err == nil {
			require.Len(t, hits, 20)
			return
		}
		requireState(t, err, pgerr.ExternalRoutineException, "exit code 7")
	}
}

func (r *rig) pid(name string) int {
	k := r.reg.mu.keepers[name]
	k.mu.Lock()
	defer k.mu.Unlock()
	require.NotNil(r.t, k.mu.session)
	return k.mu.session.process.pid()
}

// A plugin that says "not yet" for ever is ended by the call's own deadline; one that does not read what it asked for
// fills its window and is ended by the progress deadline.
func TestDripAndDeafness(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Timeouts.Call = time.Second
		c.Timeouts.Progress = 3 * time.Second
	}, "hostile_raw")
	idx := r.index("drip")
	requireState(t, insert(r.method("hostile_raw"), idx, 1, rows(0, 1)), pgerr.QueryCanceled, "within 1s")
	idx.Options["label"] = ""
	require.NoError(t, insert(r.method("hostile_raw"), idx, 1, rows(0, 1)))
	idx.Options["label"] = "requests"
	requireState(t, calls["BulkDelete"](r.method("hostile_raw"), idx), pgerr.QueryCanceled, "no progress for 3s")
	idx.Options["label"] = ""
	require.NoError(t, insert(r.method("hostile_raw"), idx, 1, rows(1, 1)))
}

// Edits that come after the host has given the call up change nothing.
func TestLateEdits(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Timeouts.Call = 300 * time.Millisecond }, "hostile_raw")
	m, idx := r.method("hostile_raw"), r.index("")
	for {
		err := insert(m, idx, 1, rows(0, 10))
		if err == nil {
			break
		}
		requireState(t, err, pgerr.QueryCanceled)
	}
	before := r.engine.WAL.InsertLSN()
	idx.Options["label"] = "late"
	for range 3 {
		requireState(t, insert(m, idx, 1, rows(10, 1)), pgerr.QueryCanceled)
	}
	require.Equal(t, before, r.engine.WAL.InsertLSN())
}

// Malformed pages are refused even if the plugin keeps quiet about it.
func TestMalformedPages(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	require.NoError(t, insert(m, idx, 1, rows(0, 10)))
	before := r.engine.WAL.InsertLSN()
	for _, label := range []string{"badimage@Insert", "badimage-hidden@Insert"} {
		idx.Options["label"] = label
		requireState(t, insert(m, idx, 1, rows(10, 1)), pgerr.IndexCorrupted, "page "+strconv.Itoa(int(idx.Rel.Rel))+"/main 0", "hostile")
	}
	idx.Options["label"] = "badpage@BuildEmpty"
	_, err := m.BuildEmpty(ctx, idx)
	requireState(t, err, pgerr.IndexCorrupted, "page 0 of the empty index")
	idx.Options["label"] = "beyond@Scan"
	_, err = search(m, idx)
	requireState(t, err, pgerr.IndexCorrupted, "(1048576,1)", "table has 100 blocks")
	require.Equal(t, before, r.engine.WAL.InsertLSN())
	idx.Options["label"] = "loud@Check"
	require.NoError(t, m.Check(ctx, idx, func(p string) { require.Equal(t, "first second ?[31mred", p) }))
	idx.Options["label"] = "conflict@Insert"
	requireState(t, insert(m, idx, 1, rows(10, 1)), pgerr.SerializationFailure, "cannot get on")
}

// Whoever is alone on an index and dies leaves the gate open.
func TestAloneAndDead(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("alone-crash@Insert")
	requireState(t, insert(m, idx, 1, rows(0, 1)), pgerr.ExternalRoutineException, "exit code 7")
	idx.Options["label"] = ""
	require.NoError(t, insert(m, idx, 1, rows(0, 1)))
}

// Nothing of the host's reaches the plugin: environment, descriptors, standard input.
func TestNothingInherited(t *testing.T) {
	t.Setenv("PGPASSWORD", "secret")
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("environment@Insert")
	requireState(t, insert(m, idx, 1, rows(0, 1)), pgerr.InvalidParameterValue,
		"PLUGIN_MAX_PORT PLUGIN_MIN_PORT PLUGIN_PROTOCOL_VERSIONS PLUGIN_UNIX_SOCKET_DIR QUIRE_LOG_LEVEL QUIRE_PLUGIN\n")
	idx.Options["label"] = "descriptors@Insert"
	err := insert(m, idx, 1, rows(0, 1))
	requireState(t, err, pgerr.InvalidParameterValue, "0=/dev/null 1=pipe:", "3="+filepath.Join(r.dir, "hostile"))
	require.NotContains(t, err.Error(), "data", "a file of the host's")

	before := readLimits(t, r.pid("hostile"))
	require.Contains(t, before, "Max core file size 0 0")
	require.Contains(t, before, "Max open files 256 256")
}

func readLimits(t *testing.T, pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	require.NoError(t, err)
	return strings.Join(strings.Fields(string(b)), " ")
}

// What a plugin starts goes with it.
func TestGrandchildrenGo(t *testing.T) {
	r := newRig(t, nil, "hostile")
	m, idx := r.method("hostile"), r.index("fork@Insert")
	err := insert(m, idx, 1, rows(0, 1))
	requireState(t, err, pgerr.InvalidParameterValue, "grandchild")
	text := err.Error()
	pid, convErr := strconv.Atoi(text[strings.LastIndex(text, " ")+1:])
	require.NoError(t, convErr)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, r.reg.Close())
	require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, time.Millisecond)
}

// gone reports whether a process has ended, reaped or not.
func gone(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}

// Lines arrive at their level and with the plugin's name, and a flood of them neither blocks nor fills the log.
func TestLogs(t *testing.T) {
	r := newRig(t, nil, "hostile", "hostile_flood")
	m, idx := r.method("hostile"), r.index("print@Insert")
	require.NoError(t, insert(m, idx, 1, rows(0, 1)))
	require.Eventually(t, func() bool { return strings.Contains(r.log.String(), "a structured line") }, 10*time.Second, time.Millisecond)
	require.Contains(t, r.log.String(), `{"level":"warn","plugin":"hostile","colour":"red","message":"a structured line"}`)
	require.Contains(t, r.log.String(), `{"level":"info","plugin":"hostile","message":"a stray print"}`)

	mf, idx := r.method("hostile_flood"), r.index("")
	require.NoError(t, insert(mf, idx, 1, rows(0, 1)))
	require.Contains(t, r.log.String(), "line 1 ?[2J? of many")
	require.NotContains(t, r.log.String(), "\x1b")
	require.Less(t, strings.Count(r.log.String(), "of many"), 10000)
	require.Len(t, r.reg.LastLines("hostile_flood"), tailLines)
}

// Closing the registry ends every process, one that is stopped included, and leaves no file.
func TestClose(t *testing.T) {
	base := t.TempDir()
	r := newRig(t, func(c *Config) {
		c.SocketBase = base
		c.Policy.DrainTime, c.Policy.TermTime = 300*time.Millisecond, 300*time.Millisecond
	}, "hostile", "another")
	_, err := r.reg.Lookup("hostile")
	require.NoError(t, err)
	_, err = r.reg.Lookup("another")
	require.NoError(t, err)
	a, b := r.pid("hostile"), r.pid("another")
	require.NoError(t, syscall.Kill(b, syscall.SIGSTOP))
	require.NoError(t, r.reg.Close())
	require.True(t, gone(a))
	require.True(t, gone(b))
	left, err := os.ReadDir(base)
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = r.reg.Lookup("hostile")
	require.ErrorIs(t, err, am.ErrUnavailable)
}

// What a host that was killed left in the socket directory is removed by the next one; what belongs to a living host stays.
func TestSocketSweep(t *testing.T) {
	base := t.TempDir()
	living, err := newSocketBase(base)
	require.NoError(t, err)
	dead, err := newSocketBase(base)
	require.NoError(t, err)
	require.NoError(t, dead.lock.Close())
	next, err := newSocketBase(base)
	require.NoError(t, err)
	require.NoDirExists(t, dead.dir)
	require.DirExists(t, living.dir)
	require.NoError(t, next.close())
	require.NoError(t, living.close())
	_, err = newSocketBase(filepath.Join(base, strings.Repeat("long", 20)))
	require.Error(t, err)
}
