package genericxlog_test

import (
	"errors"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

const fuzzLSN = page.LSN(0x2000000)

// Any bytes decode to an error or to a body that can be described, and whose changes can be tried on a page; none of it panics.
func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := genericxlog.DecodeBody(b, fuzzLSN)
		if err != nil {
			require.ErrorIs(t, err, genericxlog.ErrMalformed)
			return
		}
		_ = body.Describe()
		require.LessOrEqual(t, len(body.Blocks), genericxlog.MaxBlocks)
		for i := range body.Blocks {
			ref := &body.Blocks[i]
			require.Less(t, ref.PrevLSN, fuzzLSN)
			require.Less(t, ref.ConflictHorizon, fuzzLSN)
			tag := body.Rel.Tag(ref.Block)
			after, err := ref.Redo(tag, page.New(), fuzzLSN)
			if err == nil {
				require.NoError(t, after.Verify(tag))
				continue
			}
			var replay *genericxlog.ReplayError
			require.True(t, errors.As(err, &replay))
		}
	})
}

// Every body cut short at any place, and every body with a flipped bit, is refused or still well formed.
func TestDecodeBodySurvivesDamage(t *testing.T) {
	w := newWorld(t)
	rel := w.create(16384)
	randomHistory(w, rand.New(rand.NewSource(3)), rel, 30)
	for _, rec := range w.records() {
		if len(rec.Body) > 2000 {
			continue
		}
		for n := range rec.Body {
			_, err := genericxlog.DecodeBody(rec.Body[:n], rec.LSN)
			require.ErrorIs(t, err, genericxlog.ErrMalformed)
		}
		for bit := range len(rec.Body) * 8 {
			b := append([]byte(nil), rec.Body...)
			b[bit/8] ^= 1 << (bit % 8)
			_, _ = genericxlog.DecodeBody(b, rec.LSN)
		}
	}
}

var rewriteCorpus = flag.Bool("rewrite-corpus", false, "write the seed corpus of FuzzDecodeBody from a random history")

// The corpus is real bodies of every shape; regenerate it when the format changes.
func TestRewriteCorpus(t *testing.T) {
	if !*rewriteCorpus {
		t.Skip("run with -rewrite-corpus")
	}
	w := newWorld(t)
	rel := w.create(16384)
	randomHistory(w, rand.New(rand.NewSource(11)), rel, 40)
	dir := "testdata/fuzz/FuzzDecodeBody"
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for i, rec := range w.records() {
		if len(rec.Body) > 1500 {
			continue
		}
		text := "go test fuzz v1\n[]byte(" + strconv.Quote(string(rec.Body)) + ")\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "body"+strconv.Itoa(i)), []byte(text), 0o644))
	}
}
