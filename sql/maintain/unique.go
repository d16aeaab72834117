package maintain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// checkUnique refuses to build a unique index over live rows with equal keys. The first pass over the heap keeps eight bytes a row;
// only when two hashes are equal a second one looks at the keys themselves. A key with a null equals nothing.
func (d *Deps) checkUnique(ctx context.Context, t *xact.Txn, table *catalog.Table, index *catalog.Index, keys *keyReader) error {
	var hashes []uint64
	types := keyTypes(index)
	err := d.eachLiveKey(ctx, t, table, keys, func(key []datum.Datum) error {
		hashes = append(hashes, hashKey(types, key))
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(hashes)
	suspects := map[uint64][][]datum.Datum{}
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			suspects[hashes[i]] = nil
		}
	}
	if len(suspects) == 0 {
		return nil
	}
	return d.eachLiveKey(ctx, t, table, keys, func(key []datum.Datum) error {
		h := hashKey(types, key)
		others, suspect := suspects[h]
		if !suspect {
			return nil
		}
		for _, other := range others {
			if equalKeys(types, key, other) {
				return duplicate(table, index, key)
			}
		}
		suspects[h] = append(others, key)
		return nil
	})
}

// eachLiveKey calls f with the key of every live row, keys with nulls left out. The keys are f's to keep.
func (d *Deps) eachLiveKey(ctx context.Context, t *xact.Txn, table *catalog.Table, keys *keyReader, f func(key []datum.Datum) error) error {
	e := d.Engine
	var tids []page.TID
	var found [][]datum.Datum
	flush := func() error {
		status, err := e.Heap.Statuses(t.CurrentXID(), table.Heap(), tids)
		if err != nil {
			return err
		}
		for i, key := range found {
			if status[i].Life == heap.Dead {
				continue
			}
			if err := f(key); err != nil {
				return err
			}
		}
		tids, found = tids[:0], found[:0]
		return nil
	}
	err := e.Heap.BuildScan(ctx, table.Heap(), e.Xact.Horizon(), func(tid page.TID, row []byte, _ [][]byte) error {
		key, err := keys.read(nil, row)
		if err != nil {
			return fmt.Errorf("row %v: %w", tid, err)
		}
		if slices.ContainsFunc(key, func(v datum.Datum) bool { return v.Null }) {
			return nil
		}
		tids, found = append(tids, tid), append(found, key)
		if len(tids) == batchRows {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

func keyTypes(index *catalog.Index) []datum.OID {
	types := make([]datum.OID, len(index.Columns))
	for i, c := range index.Columns {
		types[i] = c.Type
	}
	return types
}

func hashKey(types []datum.OID, key []datum.Datum) uint64 {
	var h uint64
	for i, v := range key {
		h = h*0x9E3779B97F4A7C15 + datum.Hash(types[i], v)
	}
	return h
}

func equalKeys(types []datum.OID, a, b []datum.Datum) bool {
	for i := range a {
		if datum.Compare(types[i], a[i], b[i]) != 0 {
			return false
		}
	}
	return true
}

// duplicate is PostgreSQL's error for a unique index that cannot be.
func duplicate(table *catalog.Table, index *catalog.Index, key []datum.Datum) error {
	var names, values []string
	for i, c := range index.Columns {
		names = append(names, c.Name)
		values = append(values, datum.MustLookup(c.Type).String(key[i]))
	}
	return pgerr.New(pgerr.UniqueViolation, "could not create unique index %q", index.Name).
		WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), strings.Join(values, ", ")).
		WithTable("public", table.Name).WithConstraint(index.Name)
}
