package crashtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// catalogNow is what a new transaction sees of the catalog.
func (x *node) catalogNow() (*catalog.Catalog, error) {
	t := x.engine.Xact.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }() // it only read
	return x.engine.Catalog.Current(t)
}

// read returns the state that a new client finds, by sequential scans, when all commits are durable.
func (x *node) read() (state, error) {
	if err := x.engine.WAL.Step(ctx); err != nil {
		return nil, err
	}
	cat, err := x.catalogNow()
	if err != nil {
		return nil, err
	}
	if err := x.setScans("on", "off"); err != nil {
		return nil, err
	}
	found := state{}
	for _, t := range cat.Tables() {
		mt := &table{unlogged: t.Unlogged, rows: map[int]row{}}
		for _, i := range cat.IndexesOf(t.OID) {
			mt.index = i.Name
		}
		rows, err := x.query(0, "SELECT id, k, tag, length(pad) FROM "+t.Name)
		if err != nil {
			return nil, err
		}
		for _, text := range rows {
			r, err := parseRow(text)
			if err != nil {
				return nil, err
			}
			if _, twice := mt.rows[r.id]; twice {
				return nil, fmt.Errorf("table %s has row %d twice", t.Name, r.id)
			}
			mt.rows[r.id] = r
		}
		found[t.Name] = mt
	}
	return found, nil
}

func parseRow(text string) (r row, err error) {
	f := strings.Split(text, "|")
	var errs [3]error
	r.id, errs[0] = strconv.Atoi(f[0])
	r.k, errs[1] = strconv.Atoi(f[1])
	r.pad, errs[2] = strconv.Atoi(f[3])
	if r.tag = f[2]; r.tag == "∅" {
		r.tag = ""
	}
	return r, errors.Join(errs[:]...)
}

func (x *node) setScans(seq, bitmap string) error {
	return x.do(0, fmt.Sprintf("SET enable_seqscan = %s; SET enable_bitmapscan = %s", seq, bitmap))
}

// checkStructure looks at what must hold whatever the contents: indexes against heap both ways, every heap, and that each file
// belongs to somebody. Nobody else works on the node.
func (x *node) checkStructure(found state) error {
	cat, err := x.catalogNow()
	if err != nil {
		return err
	}
	if err := x.setScans("off", "on"); err != nil {
		return err
	}
	files := []page.RelFileNumber{1, 2} // catalog and commit status
	var problems []string
	report := func(p string) { problems = append(problems, p) }
	for _, t := range cat.Tables() {
		files = append(files, t.Rel)
		if err := x.engine.Heap.Check(ctx, t.Heap(), t.RowCheck(), report); err != nil {
			return err
		}
		for _, i := range cat.IndexesOf(t.OID) {
			files = append(files, i.Rel)
			if err := x.checkIndex(t, i, found[t.Name], report); err != nil {
				return err
			}
		}
	}
	if err := x.engine.Heap.Check(ctx, catalog.Relation(), nil, report); err != nil {
		return err
	}
	there, err := x.engine.Storage.List()
	if err != nil {
		return err
	}
	slices.Sort(files)
	slices.Sort(there)
	if !slices.Equal(files, there) {
		report(fmt.Sprintf("files are %v, the catalog knows %v", there, files))
	}
	if problems != nil {
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

// checkIndex compares an index with its table: each row is found by what it holds, and each entry leads to
// something, be it what pruning left.
func (x *node) checkIndex(t *catalog.Table, i *catalog.Index, mt *table, report func(string)) error {
	method, err := x.bloom.Lookup(i.AM)
	if err != nil {
		return err
	}
	idx := i.Describe(t.Rel)
	if err := method.Check(ctx, idx, report); err != nil {
		return err
	}
	entries, err := entriesOf(method, idx)
	if err != nil {
		return err
	}
	for _, tid := range entries {
		if ok, err := x.engine.Heap.IsTaken(t.Heap(), tid); err != nil {
			return err
		} else if !ok {
			report(fmt.Sprintf("index %s: entry %v leads to nothing in %s", i.Name, tid, t.Name))
		}
	}
	if len(entries) < len(mt.rows) {
		report(fmt.Sprintf("index %s has %d entries, %s has %d rows", i.Name, len(entries), t.Name, len(mt.rows)))
	}
	conditions := map[string][]string{}
	for _, r := range mt.rows {
		id := strconv.Itoa(r.id)
		k := fmt.Sprintf("k = %d", r.k)
		conditions[k] = append(conditions[k], id)
		if r.tag != "" {
			tag := "tag = " + quoted(r.tag)
			conditions[tag] = append(conditions[tag], id)
		}
	}
	for cond, want := range conditions {
		got, err := x.query(0, fmt.Sprintf("SELECT id FROM %s WHERE %s", t.Name, cond))
		if err != nil {
			return err
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			report(fmt.Sprintf("index %s: %s finds rows %v, there are %v", i.Name, cond, got, want))
		}
	}
	return nil
}

// entriesOf returns the row address of every entry.
func entriesOf(m am.Method, idx am.Index) (tids []page.TID, err error) {
	cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cur.Close()) }()
	for {
		hits, err := cur.Next()
		if err == io.EOF {
			return tids, nil
		}
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			tids = append(tids, h.TID)
		}
	}
}

// checkUnlogged finds unlogged tables empty after a crash.
func (x *node) checkUnlogged(found state) error {
	if !x.engine.Recovery().Needed {
		return nil
	}
	for name, t := range found {
		if t.unlogged && len(t.rows) > 0 {
			return fmt.Errorf("unlogged table %s has %d rows after a crash", name, len(t.rows))
		}
	}
	return nil
}

// goOn uses every table once more: the model follows.
func (x *node) goOn(found state) error {
	for name, t := range found {
		next := 1 << 20
		for i := range 3 {
			r := row{id: next + i, k: i, tag: "late", pad: 900}
			if err := x.do(0, fmt.Sprintf("INSERT INTO %s VALUES (%d, %d, 'late', repeat('z', %d))", name, r.id, r.k, r.pad)); err != nil {
				return err
			}
			t.rows[r.id] = r
		}
		for _, sql := range []string{"DELETE FROM " + name + " WHERE tag = 'late' AND k = 1", "VACUUM " + name} {
			if err := x.do(0, sql); err != nil {
				return err
			}
		}
		delete(t.rows, next+1)
	}
	again, err := x.read()
	if err != nil {
		return err
	}
	if err := differ(found, again); err != nil {
		return fmt.Errorf("after going on: %w", err)
	}
	return x.checkStructure(again)
}

// verifyFiles checks every page of a directory that nobody has open.
func (x *node) verifyFiles() error {
	rep, err := engine.Verify(ctx, x.fs, dir, engine.VerifyOptions{Storage: options().Storage})
	if err == nil && len(rep.Problems) > 0 {
		err = fmt.Errorf("%v", rep.Problems)
	}
	return err
}
