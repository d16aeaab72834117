package settings

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

func TestEveryDefaultIsCanonical(t *testing.T) {
	for _, d := range All() {
		c, err := d.Canonical(d.Default)
		if d.Context == Internal || d.Name == "TimeZone" && d.Default == "" {
			continue
		}
		require.NoError(t, err, d.Name)
		require.Equal(t, d.Default, c, d.Name)
		require.NotEmpty(t, d.Help, d.Name)
	}
}

func TestValuesAndHowTheyAreShown(t *testing.T) {
	for _, c := range []struct{ name, value, shown string }{
		{"shared_buffers", "64MB", "64MB"},
		{"shared_buffers", "100", "800kB"},
		{"work_mem", "2GB", "2GB"},
		{"statement_timeout", "1500", "1500ms"},
		{"statement_timeout", "90s", "90s"},
		{"statement_timeout", "0", "0"},
		{"checkpoint_timeout", "5 min", "5min"},
		{"random_page_cost", "1.1", "1.1"},
		{"enable_seqscan", "FALSE", "off"},
		{"synchronous_commit", "false", "off"},
		{"DateStyle", "iso, dmy", "ISO, DMY"},
		{"client_encoding", "utf-8", "UTF8"},
		{"transaction_isolation", "READ UNCOMMITTED", "read committed"},
	} {
		s := NewStore().NewSession(true, nil)
		d, err := Lookup(c.name)
		require.NoError(t, err)
		canonical, err := d.Canonical(c.value)
		require.NoError(t, err, "%s = %s", c.name, c.value)
		require.Equal(t, c.shown, d.Show(canonical), c.name)
		_ = s
	}
}

func TestMistakesNameTheParameterAndTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name, value string
		code        pgerr.Code
		message     string
		hint        string
	}{
		{"work_mem", "12", pgerr.InvalidParameterValue, `12 kB is outside the valid range for parameter "work_mem" (64 .. 2147483647)`, ""},
		{"work_mem", "1 potato", pgerr.InvalidParameterValue, `invalid value for parameter "work_mem": "1 potato"`, `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`},
		{"enable_sort", "perhaps", pgerr.InvalidParameterValue, `parameter "enable_sort" requires a Boolean value`, ""},
		{"worc_mem", "1MB", pgerr.UndefinedObject, `unrecognized configuration parameter "worc_mem"`, `Perhaps you meant "work_mem".`},
		{"shared_buffers", "1GB", pgerr.CantChangeRuntimeParam, `parameter "shared_buffers" cannot be changed without restarting the server`, ""},
		{"server_version", "16", pgerr.CantChangeRuntimeParam, `parameter "server_version" cannot be changed`, ""},
		{"TimeZone", "Nowhere/City", pgerr.InvalidParameterValue, `invalid value for parameter "TimeZone": "Nowhere/City"`, "Use a name of the IANA time zone database, such as Europe/Berlin."},
		{"transaction_isolation", "serializable", pgerr.FeatureNotSupported, "isolation level SERIALIZABLE is not supported", "Use REPEATABLE READ."},
	} {
		err := NewStore().NewSession(false, nil).Set(c.name, c.value, false)
		require.Error(t, err, c.name)
		pe := pgerr.From(err)
		require.Equal(t, c.code, pe.Code, c.name)
		require.Equal(t, c.message, pe.Message)
		require.Equal(t, c.hint, pe.Hint)
	}
}

func TestSetLocalAndAbortGiveBackWhatWasBefore(t *testing.T) {
	var reports []string
	s := NewStore().NewSession(false, func(n, v string) { reports = append(reports, n+"="+v) })
	require.NoError(t, s.Set("TimeZone", "Europe/Berlin", false))
	s.Begin()
	require.NoError(t, s.Set("TimeZone", "Asia/Tokyo", false))
	require.NoError(t, s.Set("work_mem", "8MB", true))
	require.EqualValues(t, 8<<20, s.Bytes("work_mem"))
	s.End(false)
	require.Equal(t, "Europe/Berlin", s.Text("TimeZone"))
	require.EqualValues(t, 4<<20, s.Bytes("work_mem"))
	require.Equal(t, []string{"TimeZone=Europe/Berlin", "TimeZone=Asia/Tokyo", "TimeZone=Europe/Berlin"}, reports)

	s.Begin()
	require.NoError(t, s.Set("work_mem", "8MB", true))
	require.NoError(t, s.Set("statement_timeout", "2s", false))
	s.End(true)
	require.EqualValues(t, 4<<20, s.Bytes("work_mem"))
	require.Equal(t, 2*time.Second, s.Duration("statement_timeout"))
	s.ResetAll()
	require.Zero(t, s.Duration("statement_timeout"))
	require.Equal(t, "UTC", s.Text("TimeZone"))
}

func TestNamesWithADotAreTheClientsOwn(t *testing.T) {
	s := NewStore().NewSession(false, nil)
	_, _, err := s.Show("app.user")
	require.Equal(t, pgerr.UndefinedObject, pgerr.From(err).Code, "nobody has set it")
	show := func() string {
		name, v, err := s.Show("APP.user")
		require.NoError(t, err)
		require.Equal(t, "app.User", name, "as it was first written")
		return v
	}
	s.Begin()
	require.NoError(t, s.Set("app.User", "ann", false))
	require.Equal(t, "ann", show())
	s.End(false)
	require.Empty(t, show(), "taken back, the name stays")
	s.Begin()
	require.NoError(t, s.Set("app.user", "bob", false))
	require.NoError(t, s.Set("app.user", "cy", true))
	require.Equal(t, "cy", show())
	s.End(true)
	require.Equal(t, "bob", show())
	s.ResetAll()
	require.Empty(t, show())
	_, err = NewStore().NewSession(false, nil).lookup("app.user")
	require.Error(t, err, "another session knows nothing of it")
	for _, bad := range []string{"a.", ".b", "a..b", "a.1b", "a.b-c"} {
		err := s.Set(bad, "x", false)
		require.Equal(t, pgerr.InvalidName, pgerr.From(err).Code, bad)
	}
	require.Error(t, NewStore().Set("app.user", "x", SourceFile), "the server's own are in the table")
}

func TestACommandLineValueIsStrongerThanTheFile(t *testing.T) {
	s := NewStore()
	require.NoError(t, s.Set("wal_keep_size", "1GB", SourceCommandLine))
	require.NoError(t, s.Set("wal_keep_size", "2GB", SourceFile))
	require.EqualValues(t, 1<<30, s.Bytes("wal_keep_size"))

	restart, err := s.Reload(map[string]string{"wal_keep_size": "3GB", "log_level": "debug", "shared_buffers": "1GB"})
	require.NoError(t, err)
	require.Equal(t, []string{"shared_buffers"}, restart)
	require.EqualValues(t, 1<<30, s.Bytes("wal_keep_size"))
	require.Equal(t, "debug", s.Text("log_level"))

	_, err = s.Reload(map[string]string{"log_level": "loud"})
	require.Error(t, err)
	require.Equal(t, "debug", s.Text("log_level"), "a bad file changes nothing")

	_, err = s.Reload(nil)
	require.NoError(t, err)
	require.Equal(t, "info", s.Text("log_level"), "a line taken out of the file is the default again")
}

func TestFileErrorsNameFileLineAndKey(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), FileName)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	values, err := ReadFile(write("port = 6000\nwork_mem = \"8MB\"\nenable_sort = false\nrandom_page_cost = 1.5\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"port": "6000", "work_mem": "8MB", "enable_sort": "off", "random_page_cost": "1.5"}, values)

	for _, c := range []struct{ text, want string }{
		{"port = 1\nwrok_mem = 3\n", `:2: wrok_mem: unrecognized configuration parameter "wrok_mem"`},
		{"port = 1\n\nport = 2\n", ":3: "},
		{"port = [1]\n", ":1: port: a value must be a string, a number or a boolean"},
		{"port = 70000\n", `:1: port: 70000 is outside the valid range for parameter "port" (0 .. 65535)`},
	} {
		_, err := ReadFile(write(c.text))
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, FileName)
	}
	values, err = ReadFile(filepath.Join(t.TempDir(), "absent.toml"))
	require.NoError(t, err)
	require.Empty(t, values)
}

func FuzzCanonical(f *testing.F) {
	f.Add("work_mem", "64MB")
	f.Add("statement_timeout", "1.5min")
	f.Add("DateStyle", "ISO")
	f.Fuzz(func(t *testing.T, name, value string) {
		d, err := Lookup(name)
		if err != nil {
			return
		}
		c, err := d.Canonical(value)
		if err != nil {
			return
		}
		again, err := d.Canonical(c)
		if err != nil || again != c {
			t.Fatalf("%s: %q became %q, which became %q: %v", name, value, c, again, err)
		}
		d.Show(c)
	})
}
