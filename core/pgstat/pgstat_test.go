package pgstat_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/core/vfs"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// Each command is one thing that a session tells, "name relation [number]", or prints the counters of a relation or the database. Sessions are
// begun by their first word.
func TestLesson(t *testing.T) {
	store := pgstat.New(clock)
	sessions := map[string]*pgstat.Session{}
	datadriven.RunTest(t, "testdata/lesson", func(t *testing.T, d *datadriven.TestData) string {
		for line := range strings.Lines(d.Input) {
			name, told, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if sessions[name] == nil {
				sessions[name] = store.NewSession()
			}
			tell(t, sessions[name], told)
		}
		var out []string
		for oid := uint32(1); oid <= 2; oid++ {
			if r := store.Relation(oid); r != (pgstat.Relation{}) {
				out = append(out, fmt.Sprintf("%d: %s", oid, show(r)))
			}
		}
		return strings.Join(append(out, show(store.Database())), "\n")
	})
}

func tell(t *testing.T, s *pgstat.Session, told string) {
	var what string
	var n int64
	oid := uint32(1)
	_, err := fmt.Sscan(told+" 0", &what, &n)
	require.NoError(t, err, told)
	r := s.Relation(oid)
	switch what {
	case "insert":
		r.Inserted(n)
	case "update", "hot-update":
		for range n {
			r.Updated(what == "hot-update")
		}
	case "delete":
		for range n {
			r.Deleted()
		}
	case "prune":
		r.Pruned(n)
	case "truncate":
		r.Truncated()
	case "vacuum":
		r.Vacuumed(n, 1)
	case "analyze":
		r.Analyzed(n, 10, true)
	case "scan":
		r.Scanned(1)
		r.Returned(n)
	case "search":
		x := s.Relation(2)
		x.Scanned(1)
		x.Returned(n)
		x.Fetched(n - 1)
	case "savepoint":
		s.BeginSub(int(n))
	case "release":
		s.ReleaseSub(int(n))
	case "rollback-to":
		s.RollbackToSub(int(n))
	case "commit", "rollback":
		s.End(what == "commit")
		s.Transaction(what == "commit")
	case "drop":
		s.Dropped(oid)
	default:
		t.Fatalf("what is %q?", told)
	}
}

// show prints the fields of a struct that are not zero.
func show(v any) string {
	var out []string
	for _, field := range strings.Fields(strings.NewReplacer("{", " ", "}", " ").Replace(fmt.Sprintf("%+v", withoutTimes(v)))) {
		if name, value, ok := strings.Cut(field, ":"); ok && value != "0" && value != "" && value != "0s" {
			out = append(out, strings.ToLower(name)+"="+value)
		}
	}
	return strings.Join(out, " ")
}

func withoutTimes(v any) any {
	switch v := v.(type) {
	case pgstat.Relation:
		v.LastVacuum, v.LastAnalyze = time.Time{}, time.Time{}
		return strings.ReplaceAll(fmt.Sprintf("%+v", v), "0001-01-01 00:00:00 +0000 UTC", "0")
	case pgstat.Database:
		v.Reset = time.Time{}
		return strings.ReplaceAll(fmt.Sprintf("%+v", v), "0001-01-01 00:00:00 +0000 UTC", "0")
	}
	return v
}

// filled is a store with something of everything.
func filled() *pgstat.Store {
	store := pgstat.New(clock)
	s := store.NewSession()
	r := s.Relation(16384)
	r.Scanned(2)
	r.Returned(30)
	r.Inserted(7)
	r.Updated(true)
	r.Deleted()
	s.Relation(16390).Scanned(4)
	s.Relation(16390).Fetched(3)
	s.End(true)
	s.Transaction(true)
	s.Transaction(false)
	s.Relation(16384).Vacuumed(6, 1)
	s.Relation(16384).Analyzed(6, 1, true)
	s.End(true)
	store.TempFile(4096)
	outside := pgstat.Outside{BlocksRead: 10, BlocksHit: 90, Deadlocks: 1}
	store.SetOutside(func() pgstat.Outside { return outside })
	outside = pgstat.Outside{BlocksRead: 15, BlocksHit: 190, Deadlocks: 2}
	store.ResetRelation(16999)
	return store
}

func newDir(t *testing.T) *vfs.MemFS {
	fs := vfs.NewMem()
	require.NoError(t, fs.MkdirAll("d", 0o700))
	return fs
}

var file = filepath.Join("d", pgstat.Dir, pgstat.FileName)

func TestFileIsReadOnceAndKeepsEverything(t *testing.T) {
	fs, old := newDir(t), filled()
	require.NoError(t, old.Save(fs, "d"))
	fresh := pgstat.New(clock)
	fresh.SetOutside(func() pgstat.Outside { return pgstat.Outside{BlocksHit: 1000} })
	require.NoError(t, fresh.Load(fs, "d", true))
	require.Equal(t, old.Relation(16384), fresh.Relation(16384))
	require.Equal(t, old.Relation(16390), fresh.Relation(16390))
	want := old.Database()
	require.Equal(t, pgstat.Outside{BlocksRead: 5, BlocksHit: 100, Deadlocks: 1}, want.Outside)
	require.Equal(t, want, fresh.Database())
	_, err := fs.Stat(file)
	require.ErrorIs(t, err, os.ErrNotExist)

	again := pgstat.New(clock)
	require.NoError(t, again.Load(fs, "d", true))
	require.Equal(t, pgstat.Database{}, again.Database())
}

func TestFileOfACrashIsNotBelieved(t *testing.T) {
	fs := newDir(t)
	require.NoError(t, filled().Save(fs, "d"))
	s := pgstat.New(clock)
	require.NoError(t, s.Load(fs, "d", false))
	require.Equal(t, pgstat.Database{}, s.Database())
	_, err := fs.Stat(file)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAnyFlippedBitIsNoticed(t *testing.T) {
	fs := newDir(t)
	require.NoError(t, filled().Save(fs, "d"))
	good, err := vfs.ReadFile(fs, file)
	require.NoError(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1 << (i % 8)
		damaged(t, fs, bad)
	}
	for n := range good {
		damaged(t, fs, good[:n])
	}
	damaged(t, fs, append(good, 0))
}

func damaged(t *testing.T, fs vfs.FS, b []byte) {
	require.NoError(t, vfs.WriteFileAtomic(fs, file, b))
	s := pgstat.New(clock)
	require.ErrorIs(t, s.Load(fs, "d", true), pgstat.ErrDamaged)
	require.Equal(t, pgstat.Database{}, s.Database())
	require.Zero(t, s.Relation(16384))
	_, err := fs.Stat(file)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestGoldenFile(t *testing.T) {
	fs := newDir(t)
	require.NoError(t, filled().Save(fs, "d"))
	have, err := vfs.ReadFile(fs, file)
	require.NoError(t, err)
	if flag.Lookup("rewrite").Value.String() == "true" {
		require.NoError(t, os.WriteFile("testdata/pgstat.stat", have, 0o644))
	}
	want, err := os.ReadFile("testdata/pgstat.stat")
	require.NoError(t, err)
	require.Equal(t, want, have, "a change of the format raises its version")
}

func TestResetLeavesNothing(t *testing.T) {
	s := filled()
	s.ResetRelation(16384)
	require.Zero(t, s.Relation(16384))
	require.NotZero(t, s.Relation(16390))
	s.Reset()
	require.Zero(t, s.Relation(16390))
	require.Equal(t, pgstat.Database{Reset: noon}, s.Database())
}

func TestNobodyCounts(t *testing.T) {
	var s *pgstat.Session
	r := s.Relation(1)
	r.Scanned(1)
	r.Returned(1)
	r.Fetched(1)
	r.Inserted(1)
	r.Updated(true)
	r.Deleted()
	r.Pruned(1)
	r.Truncated()
	r.Vacuumed(1, 1)
	r.Analyzed(1, 1, true)
	s.BeginSub(1)
	s.ReleaseSub(1)
	s.RollbackToSub(1)
	s.Transaction(true)
	s.Dropped(1)
	s.End(true)
	s.Close()
	require.Nil(t, r)
}

// A session that meets many relations does not keep them all.
func TestManyRelations(t *testing.T) {
	store := pgstat.New(clock)
	s := store.NewSession()
	const relations = 5000
	for range 2 {
		for oid := range uint32(relations) {
			s.Relation(oid).Inserted(1)
			s.End(true)
		}
	}
	for oid := range uint32(relations) {
		require.EqualValues(t, 2, store.Relation(oid).Inserted)
	}
	require.EqualValues(t, 2*relations, store.Database().Inserted)
}

// BenchmarkLookup is what a transaction that finds one row by an index adds to its cost.
func BenchmarkLookup(b *testing.B) {
	store := pgstat.New(clock)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := store.NewSession()
		for pb.Next() {
			x := s.Relation(16390)
			x.Scanned(1)
			x.Returned(1)
			x.Fetched(1)
			s.End(true)
			s.Transaction(true)
		}
	})
}
