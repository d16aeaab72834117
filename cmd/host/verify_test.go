package main_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

// reseal changes a page on disk so that its checksum is right all the same: what a bug would write, not what a disk does.
func reseal(t *testing.T, dir, rel string, blk page.BlockNumber, change func(p page.Page)) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "base", rel), os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	p := page.New()
	_, err = f.ReadAt(p, int64(blk)*page.Size)
	require.NoError(t, err)
	number, isMap := strings.CutSuffix(rel, page.VisibilityFork.Suffix())
	n, err := strconv.ParseUint(number, 10, 32)
	require.NoError(t, err)
	tag := page.Tag{RelFile: page.RelFile{Rel: page.RelFileNumber(n)}, Block: blk}
	if isMap {
		tag.Fork = page.VisibilityFork
	}
	require.NoError(t, p.Verify(tag))
	change(p)
	p.Seal(tag, p.LSN(), p.ContentCRC())
	_, err = f.WriteAt(p, int64(blk)*page.Size)
	require.NoError(t, err)
}

// verify runs the command, which must leave everything as it is.
func verify(t *testing.T, dir string, args ...string) result {
	t.Helper()
	before := fingerprint(t, dir)
	r := quire(t, append([]string{"verify", "-D", dir}, args...)...)
	require.Equal(t, before, fingerprint(t, dir), "verify has changed something")
	return r
}

// What a checksum does not tell: rows that cannot be, indexes that disagree with their tables, files and objects without one
// another.
func TestVerifyStructure(t *testing.T) {
	s := newSite(t)
	plugins := s.plugins("bloom")
	n := s.serving("d", "--plugin-dir", plugins)
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, a int4, b text)", "insert into t select i, i, 'x' || i from generate_series(1, 1000) i",
		"create unlogged table u (id int8)", "insert into u values (1)", "create extension bloom", "create index t_bloom on t using bloom (a, b)",
		"delete from t where id % 10 = 0", "vacuum t", "update t set a = a + 1 where id < 100")
	file := func(name string) string {
		return query(t, conn, "select relfilenode from pg_class where relname = '"+name+"'")
	}
	heap, index, unlogged := file("t"), file("t_bloom"), file("u")
	n.stop()
	origin := n.dir

	each := func(name string, test func(t *testing.T, dir string)) {
		t.Run(name, func(t *testing.T) {
			s := siteIn(t, "")
			dir := s.path("d")
			copyDir(t, origin, dir)
			test(t, dir)
		})
	}
	// finds runs verify with the plugins and wants the problems that match, and no others.
	finds := func(t *testing.T, dir string, want ...string) {
		t.Helper()
		r := verify(t, dir, "--plugin-dir", plugins)
		t.Log(r.stdout)
		require.Equal(t, 1, r.code)
		require.Equal(t, len(want), strings.Count(r.stdout, "PROBLEM "), "%s", r.stdout)
		for _, w := range want {
			require.Regexp(t, `(?m)^PROBLEM .*`+w, r.stdout)
		}
		require.Contains(t, r.stdout, fmt.Sprintf(": %d problems\n", len(want)))
		require.Equal(t, fmt.Sprintf("quire: %d problems in %s\n", len(want), dir), r.stderr)
	}

	each("nothing", func(t *testing.T, dir string) {
		r := verify(t, dir)
		require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
		require.Regexp(t, `(?m)^NOTE .*t_bloom \(bloom\).*--plugin-dir`, r.stdout)
		require.Contains(t, r.stdout, "2 tables with 991 row versions, 0 of 1 indexes checked: 0 problems")
		r = verify(t, dir, "--plugin-dir", plugins)
		require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
		require.NotContains(t, r.stdout, "NOTE")
		require.Contains(t, r.stdout, "2 tables with 991 row versions, 1 of 1 indexes checked: 0 problems")
	})
	each("a row of a transaction to come", func(t *testing.T, dir string) {
		reseal(t, dir, heap, 2, func(p page.Page) {
			item, ok := p.Item(5)
			require.True(t, ok)
			binary.LittleEndian.PutUint64(item, 1<<40)
		})
		r := verify(t, dir) // no plugin is needed for this
		require.Equal(t, 1, r.code)
		require.Regexp(t, `(?m)^PROBLEM relation t, row \(2,5\): inserted by transaction 1099511627776, next is \d+$`, r.stdout)
		require.Contains(t, r.stdout, ": 1 problems\n")
	})
	each("a row whose columns cannot be read", func(t *testing.T, dir string) {
		reseal(t, dir, heap, 1, func(p page.Page) {
			item, ok := p.Item(9)
			require.True(t, ok)
			item[28] = 0x7e // the number of columns stored
		})
		finds(t, dir, `relation t, row \(1,9\): the columns of the table cannot be read`)
	})
	each("an entry of the bloom index that cannot be", func(t *testing.T, dir string) {
		reseal(t, dir, index, 1, func(p page.Page) { clear(p[page.HeaderSize : page.HeaderSize+6]) })
		finds(t, dir, `index t_bloom: block 1, entry 0: row address \(0,0\) cannot be`)
	})
	each("an entry of the bloom index that leads elsewhere", func(t *testing.T, dir string) {
		var at page.TID
		reseal(t, dir, index, 1, func(p page.Page) {
			const width = 16             // address and signature of 80 bits
			e := p[p.Lower()-width:][:6] // the last one: the first rows have been updated
			at = page.DecodeTID(e)
			page.TID{Block: 0, Offset: 999}.AppendBinary(e[:0])
		})
		finds(t, dir, fmt.Sprintf(`index t_bloom: the row at \(%d,%d\) of table t is not in the index`, at.Block, at.Offset),
			`index t_bloom: an entry leads to \(0,999\) of table t, where no row is`)
	})
	each("a page of the bloom index with a flipped bit", func(t *testing.T, dir string) {
		flip(t, filepath.Join(dir, "base", index), 8192+4000)
		finds(t, dir, `index t_bloom: page `+index+`/main 1 is corrupt`)
	})
	each("a page of the table with a flipped bit", func(t *testing.T, dir string) {
		flip(t, filepath.Join(dir, "base", heap), 8192+4000)
		finds(t, dir, `table t: page `+heap+`/main 1 is corrupt`)
	})
	each("a visibility map that says too much", func(t *testing.T, dir string) {
		const bits = page.HeaderSize + 8
		reseal(t, dir, heap+"_vm", 0, func(p page.Page) {
			require.Zero(t, p[bits]&1, "rows of page 0 have been updated since the vacuum")
			p[bits] |= 1
		})
		finds(t, dir, `relation t, page 0: all visible is false on the page and true in the visibility map`)
	})
	each("a visibility map with a flipped bit", func(t *testing.T, dir string) {
		flip(t, filepath.Join(dir, "base", heap+"_vm"), 4000)
		finds(t, dir, `table t: page `+heap+`/vm 0 is corrupt`)
	})
	each("a file of nobody", func(t *testing.T, dir string) {
		copyFile(t, filepath.Join(dir, "base", unlogged+"_init"), filepath.Join(dir, "base", "77777"), 0o600)
		finds(t, dir, `file base/77777 belongs to no object`)
	})
	each("a table without its file", func(t *testing.T, dir string) {
		require.NoError(t, os.Remove(filepath.Join(dir, "base", heap)))
		finds(t, dir, `table t: its file base/`+heap+` is missing`)
	})
	each("an unlogged table without its file", func(t *testing.T, dir string) {
		require.NoError(t, os.Remove(filepath.Join(dir, "base", unlogged)))
		r := verify(t, dir)
		require.Equal(t, 1, r.code)
		require.Regexp(t, `(?m)^PROBLEM table u: .*base/`+unlogged, r.stdout)
	})
	each("the catalog", func(t *testing.T, dir string) {
		reseal(t, dir, "1", 0, func(p page.Page) {
			item, ok := p.Item(1)
			require.True(t, ok)
			clear(item[28:])
		})
		finds(t, dir, `the directory cannot be opened, so rows and indexes were not looked at: .*catalog row \(0,1\)`)
	})
	each("a plugin that is not the one", func(t *testing.T, dir string) {
		other := siteIn(t, "").plugins("hostile")
		require.NoError(t, os.Rename(filepath.Join(other, "hostile"), filepath.Join(other, "bloom")))
		r := verify(t, dir, "--plugin-dir", other)
		require.Equal(t, 1, r.code)
		require.Regexp(t, `(?m)^PROBLEM index t_bloom could not be checked: .*SHA-256.*; correct the plugin directory `+other, r.stdout)
	})
}

// A directory that was not shut down is recovered in memory only, and looked at as the next start will find it.
func TestVerifyBeforeRecovery(t *testing.T) {
	s := newSite(t)
	plugins := s.plugins("bloom")
	n := s.serving("d", "--plugin-dir", plugins)
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, a int4)", "create extension bloom", "create index t_bloom on t using bloom (a)", "checkpoint",
		"insert into t select i, i from generate_series(1, 3000) i", "create table later (x text)", "begin", "insert into t values (0, 0)")
	n.kill()
	for range 2 {
		r := verify(t, n.dir, "--plugin-dir", plugins)
		require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
		require.Regexp(t, `2 tables with 300[01] row versions, 1 of 1 indexes checked: 0 problems`, r.stdout)
	}
}
