package replica

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

func TestCommandsThatClientsSend(t *testing.T) {
	for _, c := range []struct {
		text string
		want command
	}{
		{"IDENTIFY_SYSTEM", command{verb: "IDENTIFY_SYSTEM"}},
		{"SHOW wal_segment_size;", command{verb: "SHOW", name: "wal_segment_size"}},
		{"START_REPLICATION 0/1000000 TIMELINE 1", command{verb: "START_REPLICATION", lsn: 0x1000000, timeline: 1}},
		{"START_REPLICATION PHYSICAL 2/30002D8", command{verb: "START_REPLICATION", lsn: 0x2030002D8}},
		{"TIMELINE_HISTORY 2", command{verb: "TIMELINE_HISTORY", timeline: 2}},
		{"BASE_BACKUP ( LABEL 'it''s mine',  PROGRESS,  WAIT 0,  TARGET 'client')", command{verb: "BASE_BACKUP",
			options: map[string]string{"LABEL": "it's mine", "PROGRESS": "true", "WAIT": "0", "TARGET": "client"}}},
		{"BASE_BACKUP(LABEL 'x' ,VERIFY_CHECKSUMS false)", command{verb: "BASE_BACKUP",
			options: map[string]string{"LABEL": "x", "VERIFY_CHECKSUMS": "false"}}},
	} {
		got, err := parseCommand(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
}

func TestCommandsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		code pgerr.Code
		pos  int
	}{
		{"", pgerr.SyntaxError, 1},
		{"select 1", pgerr.FeatureNotSupported, 0},
		{"identify_system", pgerr.FeatureNotSupported, 0}, // keywords are case-sensitive, as in PostgreSQL 15
		{"IDENTIFY_SYSTEM now", pgerr.SyntaxError, 17},
		{"START_REPLICATION 0/x", pgerr.SyntaxError, 19},
		{"START_REPLICATION 0/1 TIMELINE 0", pgerr.SyntaxError, 32},
		{`START_REPLICATION SLOT "s" 0/1`, pgerr.UndefinedObject, 0},
		{"BASE_BACKUP ( LABEL 'x", pgerr.SyntaxError, 21},
		{"BASE_BACKUP ( LABEL 'x'", pgerr.SyntaxError, 24},
		{"CREATE_REPLICATION_SLOT s PHYSICAL", pgerr.FeatureNotSupported, 0},
	} {
		_, err := parseCommand(c.text)
		require.Error(t, err, c.text)
		pe := pgerr.From(err)
		require.Equal(t, c.code, pe.Code, "%s: %v", c.text, err)
		require.Equal(t, c.pos, pe.Position, "%s: %v", c.text, err)
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add("START_REPLICATION PHYSICAL 0/1 TIMELINE 1")
	f.Add("BASE_BACKUP ( LABEL 'x', PROGRESS )")
	f.Add("SHOW \"x")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCommand(s)
		if err == nil && c.verb == "" {
			t.Fatal("accepted nothing")
		}
	})
}

func TestBaseBackupOptions(t *testing.T) {
	require.NoError(t, checkBaseOptions(map[string]string{"LABEL": "x", "TARGET": "client", "MANIFEST": "no"}))
	for _, o := range []map[string]string{{"TARGET": "server"}, {"COMPRESSION": "gzip"}, {"MANIFEST": "yes"}, {"WAL": "true"}, {"MAX_RATE": "10"}} {
		require.ErrorContains(t, checkBaseOptions(o), "not supported")
	}
}

func TestNamesInABaseCopy(t *testing.T) {
	for _, good := range []string{"base/1", "base/16384_init", "base/16384_vm", "base/16384.1", "backup_label", "pg_wal/000000010000000000000001"} {
		require.True(t, baseName.MatchString(good), good)
	}
	for _, bad := range []string{"../x", "/etc/x", "base/../../x", "base/x", "pg_wal/../x", "control.a", ""} {
		require.False(t, baseName.MatchString(bad), bad)
	}
}

func TestLSNOfACommandIsWhatPostgreSQLPrints(t *testing.T) {
	c, err := parseCommand("START_REPLICATION 0/101769D")
	require.NoError(t, err)
	require.Equal(t, page.LSN(0x101769D), c.lsn)
}
