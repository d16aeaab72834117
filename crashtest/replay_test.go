package crashtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/sql/session"
)

// digests are those of every relation fork that is logged: the init fork of an unlogged relation, the main fork of any other.
type digests map[page.RelFile]digest

type digest struct {
	sum   [32]byte
	pages page.BlockNumber
}

func (d digest) String() string { return fmt.Sprintf("%d pages %x", d.pages, d.sum[:8]) }

func digestsOf(e *engine.Engine) (digests, error) {
	rels, err := e.Storage.List()
	if err != nil {
		return nil, err
	}
	out := digests{}
	for _, rel := range rels {
		rf := page.RelFile{Rel: rel, Fork: page.InitFork}
		unlogged, err := e.Storage.Exists(rf)
		if err != nil {
			return nil, err
		}
		if !unlogged {
			rf.Fork = page.MainFork
		}
		files := []page.RelFile{rf}
		visible := page.RelFile{Rel: rel, Fork: page.VisibilityFork}
		if mapped, err := e.Storage.Exists(visible); err != nil {
			return nil, err
		} else if mapped && !unlogged {
			files = append(files, visible)
		}
		for _, rf := range files {
			var d digest
			if d.sum, d.pages, err = e.RelationDigest(rf); err != nil {
				return nil, err
			}
			out[rf] = d
		}
	}
	return out, nil
}

// A recording is a history that has run on a primary, with what its pages were after each statement.
type recording struct {
	primary *node
	copied  *vfs.MemFS // the directory as it was before
	run     *run
	at      map[page.LSN]digests
}

// record runs a history. The whole log is kept.
func record(t *testing.T, seed int64, steps int) *recording {
	fs, err := newDirectory()
	require.NoError(t, err)
	rec := &recording{copied: fs.CrashClone(nil, vfs.KeepAll), at: map[page.LSN]digests{}}
	rec.primary, err = openNode(fs, options(), sessions)
	require.NoError(t, err)
	e := rec.primary.engine
	e.SetHooks(engine.Hooks{Retain: func() page.LSN { return 1 }})
	rec.run = newRun(rec.primary)
	maps := 0
	rec.run.after = func(step) error {
		d, err := digestsOf(e)
		rec.at[e.WAL.InsertLSN()] = d
		for rf, digest := range d {
			if rf.Fork == page.VisibilityFork && rf.Rel > 2 && digest.pages > 0 {
				maps++
			}
		}
		return err
	}
	require.NoError(t, rec.run.play(makeHistory(seed, steps)), "QUIRE_SEED=%d", seed)
	require.NotZero(t, maps, "no table got a visibility map")
	require.NoError(t, e.WAL.Step(ctx))
	return rec
}

// replayOn feeds the primary's durable log to a standby. check runs after each record.
func (rec *recording) replayOn(standby *engine.Engine, check func(end page.LSN) error) error {
	log := rec.primary.engine.WAL
	buf := make([]byte, 5000)
	for {
		at := standby.WAL.InsertLSN()
		n, err := log.ReadDurable(buf, at)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := standby.WAL.AppendRaw(at, buf[:n]); err != nil {
			return err
		}
		if err := standby.WAL.Flush(ctx, at+page.LSN(n)); err != nil {
			return err
		}
	}
	r := standby.Reader(standby.Applier.Replayed())
	defer r.Close()
	r.SetLimit(standby.WAL.FlushedLSN())
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := standby.Apply(rec); err != nil {
			return err
		}
		if err := check(rec.EndLSN); err != nil {
			return err
		}
	}
}

// A standby that has the log and no access method has the same bytes in every page of every relation after each statement, and its
// readers find the same rows.
func TestReplayEquality(t *testing.T) {
	n := int64(4)
	if full() {
		n = 40
	}
	for _, seed := range seeds(t, n) {
		rec := record(t, seed, 150)
		f, _, err := control.Read(rec.copied, dir)
		require.NoError(t, err)
		require.NoError(t, engine.PrepareStandby(rec.copied, dir, *f, 0))
		opts := options()
		opts.Standby = true
		standby, err := engine.Open(ctx, rec.copied, dir, opts)
		require.NoError(t, err)
		compared := 0
		require.NoError(t, rec.replayOn(standby, func(end page.LSN) error {
			want, ok := rec.at[end]
			if !ok {
				return nil
			}
			compared++
			got, err := digestsOf(standby)
			if err != nil {
				return err
			}
			return sameDigests(want, got, end)
		}), "QUIRE_SEED=%d", seed)
		require.GreaterOrEqual(t, compared, len(rec.at)-1, "QUIRE_SEED=%d: all positions, but for the first if nothing had happened there", seed)

		db, err := session.Open(session.Config{Engine: standby, Log: zerolog.Nop(), Version: "crashtest"})
		require.NoError(t, err)
		s, err := db.NewSession(session.SessionParams{User: "boss", PID: 1, Superuser: true})
		require.NoError(t, err)
		reader := &node{engine: standby, db: db, sessions: []*session.Session{s}}
		for name, mt := range rec.run.now {
			if mt.unlogged {
				continue
			}
			rows, err := reader.query(0, "SELECT id, k, tag, length(pad) FROM "+name)
			require.NoError(t, err)
			require.Len(t, rows, len(mt.rows), "QUIRE_SEED=%d", seed)
			for _, text := range rows {
				r, err := parseRow(text)
				require.NoError(t, err)
				require.Equal(t, mt.rows[r.id], r, "QUIRE_SEED=%d", seed)
			}
		}
		require.NoError(t, reader.shutdown())
		require.NoError(t, rec.primary.shutdown())
		t.Logf("seed %d: digests equal at %d positions", seed, compared)
	}
}

func sameDigests(want, got digests, at page.LSN) error {
	for rf, d := range want {
		if got[rf] != d {
			return fmt.Errorf("at %v relation %v is %v, it was %v on the primary", at, rf, got[rf], d)
		}
	}
	for rf := range got {
		if _, ok := want[rf]; !ok {
			return fmt.Errorf("at %v relation %v is there; the primary had none", at, rf)
		}
	}
	return nil
}

// Every page taken back along its chain of records is what it was: after the last statement, all pages of all relations as they were
// after each earlier one.
func TestPagesGoBackToWhatTheyWere(t *testing.T) {
	n := int64(3)
	if full() {
		n = 20
	}
	for _, seed := range seeds(t, n) {
		rec := record(t, seed, 120)
		e := rec.primary.engine
		reader := e.Reader(0)
		reader.SetLimit(e.WAL.FlushedLSN())
		truncated, err := rec.truncations()
		require.NoError(t, err)
		now, err := digestsOf(e)
		require.NoError(t, err)
		compared, pages := 0, 0
		for lsn, then := range rec.at {
			for rf, want := range then {
				if _, ok := now[rf]; !ok || truncated[rf.Rel] >= lsn {
					continue // its file has gone since, or a part of it
				}
				h := sha256.New()
				for blk := range want.pages {
					p, err := rec.pageAt(reader, page.Tag{RelFile: rf, Block: blk}, lsn)
					require.NoError(t, err, "QUIRE_SEED=%d", seed)
					h.Write(p)
					pages++
				}
				var got digest
				got.pages = want.pages
				h.Sum(got.sum[:0])
				require.Equal(t, want, got, "QUIRE_SEED=%d: relation %v taken back to %v", seed, rf, lsn)
				compared++
			}
		}
		require.NoError(t, reader.Close())
		require.NoError(t, rec.primary.shutdown())
		t.Logf("seed %d: %d relations, %d pages taken back", seed, compared, pages)
	}
}

// pageAt returns a page as it was when the log ended at lsn.
func (rec *recording) pageAt(r *wal.Reader, tag page.Tag, lsn page.LSN) (page.Page, error) {
	b, err := rec.primary.engine.Pool.Pin(tag)
	if err != nil {
		return nil, err
	}
	p := page.New()
	b.RLock()
	copy(p, b.Page())
	b.RUnlock()
	b.Unpin()
	return p, genericxlog.UndoPage(p, tag, r.ReadAt, lsn-1)
}

// truncations returns where each relation was last truncated.
func (rec *recording) truncations() (map[page.RelFileNumber]page.LSN, error) {
	e := rec.primary.engine
	out := map[page.RelFileNumber]page.LSN{}
	r := e.Reader(e.WAL.OldestLSN())
	defer r.Close()
	r.SetLimit(e.WAL.FlushedLSN())
	for {
		got, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if got.Kind != wal.RelTruncate {
			continue
		}
		b, err := genericxlog.DecodeBody(got.Body, got.LSN)
		if err != nil {
			return nil, err
		}
		rt, err := walrec.DecodeRelTruncate(b.Payload)
		if err != nil {
			return nil, err
		}
		out[rt.File.Rel] = got.LSN
	}
}
