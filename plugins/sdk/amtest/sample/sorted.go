package sample

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// Sorted keeps rows as Sample does, in no order, and sorts them for each scan. It is ordered and unique all the same: what
// counts is what an access method answers.
type Sorted struct{ Sample }

// NewSorted returns the access method under a name.
func NewSorted(name string) Sorted { return Sorted{New(name)} }

// Describe declares order, uniqueness, and that keys can be returned.
func (s Sorted) Describe() sdk.Description {
	d := s.Sample.Describe()
	d.Summary = "rows sorted for each scan, for tests"
	d.Caps.BitmapOnly = false
	d.Caps.Unique, d.Caps.Ordered, d.Caps.Backward, d.Caps.AnyEqual, d.Caps.ReturnKeys, d.Caps.Spans = true, true, true, true, true, true
	for i := range d.Classes {
		d.Classes[i].Operators = []string{"<", "<=", "=", ">=", ">"}
	}
	return d
}

// Build keeps rows that its memory does not hold in a temporary file until it has seen them all.
func (s Sorted) Build(_ context.Context, ix *sdk.Index, rows *sdk.RowReader) (sdk.BuildStats, error) {
	var held []byte // packed rows, each behind its length
	var file *sdk.SpillFile
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sdk.BuildStats{}, err
		}
		for _, row := range batch {
			item := wire.AppendRow(nil, row.TID, row.Values)
			held = append(binary.LittleEndian.AppendUint32(held, uint32(len(item))), item...)
		}
		if int64(len(held)) <= ix.MaintenanceWorkMem() {
			continue
		}
		if file == nil {
			if file, err = ix.Spill(); err != nil {
				return sdk.BuildStats{}, err
			}
		}
		if _, err := file.WriteAt(held, file.Size()); err != nil {
			return sdk.BuildStats{}, err
		}
		held = held[:0]
	}
	p, err := newPacker(ix)
	if err != nil {
		return sdk.BuildStats{}, err
	}
	if file != nil {
		if err := p.addFile(file); err != nil {
			return sdk.BuildStats{}, err
		}
	}
	for len(held) > 0 {
		n := 4 + binary.LittleEndian.Uint32(held)
		if err := p.add(held[4:n]); err != nil {
			return sdk.BuildStats{}, err
		}
		held = held[n:]
	}
	return sdk.BuildStats{HeapTuples: rows.Count(), IndexTuples: rows.Count()}, p.close()
}

func (p *packer) addFile(file *sdk.SpillFile) error {
	var length [4]byte
	for at := int64(0); at < file.Size(); {
		if _, err := file.ReadAt(length[:], at); err != nil {
			return err
		}
		item := make([]byte, binary.LittleEndian.Uint32(length[:]))
		if _, err := file.ReadAt(item, at+4); err != nil {
			return err
		}
		if err := p.add(item); err != nil {
			return err
		}
		at += 4 + int64(len(item))
	}
	return file.Close()
}

// Insert looks at the whole index before it adds a row, and finishes only if nobody else added one meanwhile (L4).
func (s Sorted) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	var conflicts []sdk.Conflict
	for done := 0; done < len(rows); {
		var v verdict
		next := 0
		err := ix.Update(ctx, func(x *sdk.XLog) (err error) {
			x.Annotate("sorted insert")
			if err := s.turnstile(x); err != nil {
				return err
			}
			if v, err = s.judge(ix, rows, done); err != nil {
				return err
			}
			next = len(rows)
			if len(v.accepted) > 0 {
				put, err := s.place(ix, x, v.accepted)
				if err == nil && put < len(v.accepted) {
					next = v.places[put]
				}
				return err
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, c := range v.refused {
			if c.Row < next {
				conflicts = append(conflicts, c)
			}
		}
		done = next
	}
	return conflicts, nil
}

// turnstile lets one insertion through at a time.
func (s Sorted) turnstile(x *sdk.XLog) error {
	ed, err := x.RegisterBuffer(0, 0)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(ed.Page().SpecialArea()[len(magic):])
	return ed.SetSpecial(len(magic), binary.LittleEndian.AppendUint64(nil, n+1))
}

// A verdict says what becomes of the rows of a batch. Those of which it says nothing are in the index already.
type verdict struct {
	accepted []sdk.Row
	places   []int // of the accepted rows, in the batch
	refused  []sdk.Conflict
}

// A rival is an equal row: one in the index, or one before it in the batch.
type rival struct {
	tid   page.TID
	batch int // its place in the batch, -1 for one in the index
}

// judge decides about rows from the given one on. All rows in question are put to the host in one request.
func (s Sorted) judge(ix *sdk.Index, rows []sdk.Row, from int) (v verdict, err error) {
	stored, err := s.all(ix, nil)
	if err != nil {
		return v, err
	}
	rivals, there := make([][]rival, len(rows)), make([]bool, len(rows))
	var tids []page.TID
	var places []int
	look := func(i int, old sdk.Row, batch int) {
		switch {
		case !equal(old.Values, rows[i].Values):
		case old.TID == rows[i].TID:
			there[i] = true
		case ix.Unique() && !slices.ContainsFunc(old.Values, sdk.Value.IsNull):
			rivals[i] = append(rivals[i], rival{old.TID, batch})
			tids, places = append(tids, old.TID), append(places, i)
		}
	}
	for i := from; i < len(rows); i++ {
		for _, old := range stored {
			look(i, old, -1)
		}
		for j := from; j < i; j++ {
			look(i, rows[j], j)
		}
	}
	states, err := ix.RowFates(tids, places)
	if err != nil {
		return v, err
	}
	for i := from; i < len(rows); i++ {
		var worst *sdk.Conflict
		for _, r := range rivals[i] {
			f := states[0]
			states = states[1:]
			if f.State == sdk.RowDead || r.batch >= 0 && !slices.Contains(v.places, r.batch) { // not there, or refused itself
				continue
			}
			if worst == nil || worst.XID != 0 {
				worst = &sdk.Conflict{Row: i, TID: r.tid, XID: f.XID}
			}
		}
		switch {
		case there[i]:
		case worst != nil:
			v.refused = append(v.refused, *worst)
		default:
			v.accepted, v.places = append(v.accepted, rows[i]), append(v.places, i)
		}
	}
	return v, nil
}

func equal(a, b []sdk.Value) bool {
	return slices.EqualFunc(a, b, func(a, b sdk.Value) bool { return a.IsNull() == b.IsNull() && bytes.Equal(a, b) })
}

// all returns the rows that meet the keys.
func (s Sorted) all(ix *sdk.Index, keys []sdk.ScanKey) (rows []sdk.Row, err error) {
	n, err := ix.NBlocks()
	if err != nil {
		return nil, err
	}
	pages := ix.ReadPages(0, n)
	for pages.Next() {
		err := each(ix, pages.Block(), pages.Page(), func(_ page.OffsetNumber, row sdk.Row) error {
			if s.matches(ix, keys, row) {
				rows = append(rows, row)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, pages.Err()
}

func (s Sorted) matches(ix *sdk.Index, keys []sdk.ScanKey, row sdk.Row) bool {
	for _, k := range keys {
		v, t := row.Values[k.Column], ix.Columns()[k.Column].Type
		holds := !v.IsNull()
		switch k.Operator {
		case wire.IsNull:
			holds = !holds
		case wire.IsNotNull:
		case wire.AnyEqual:
			holds = holds && slices.ContainsFunc(k.Args, func(arg sdk.Value) bool { return compare(t, v, arg) == 0 })
		case "=":
			holds = holds && compare(t, v, k.Arg) == 0
		case "<":
			holds = holds && compare(t, v, k.Arg) < 0
		case "<=":
			holds = holds && compare(t, v, k.Arg) <= 0
		case ">":
			holds = holds && compare(t, v, k.Arg) > 0
		case ">=":
			holds = holds && compare(t, v, k.Arg) >= 0
		}
		if !holds {
			return false
		}
	}
	return true
}

// compare is the order of values that are not NULL. They come from the host, so that they are values of the type.
func compare(t uint32, a, b sdk.Value) int {
	c, err := ordkey.Compare(t, a, b)
	if err != nil {
		panic(err)
	}
	return c
}

// Scan sorts what matches.
func (s Sorted) Scan(_ context.Context, ix *sdk.Index, scan sdk.Scan, hits *sdk.HitWriter) error {
	if hits.SpanWanted() {
		if err := s.giveSpan(ix, hits); err != nil {
			return err
		}
	}
	rows, err := s.all(ix, scan.Keys)
	if err != nil {
		return err
	}
	sortRows(ix, rows)
	if scan.Backward {
		slices.Reverse(rows)
	}
	values := make([]sdk.Value, len(scan.Return))
	for _, row := range rows {
		for i, c := range scan.Return {
			values[i] = row.Values[c]
		}
		if err := hits.AddWithValues(row.TID, false, values); err != nil {
			return err
		}
	}
	return nil
}

func sortRows(ix *sdk.Index, rows []sdk.Row) {
	slices.SortFunc(rows, func(a, b sdk.Row) int {
		for i, col := range ix.Columns() {
			if c := compareColumn(col, a.Values[i], b.Values[i]); c != 0 {
				return c
			}
		}
		return a.TID.Compare(b.TID)
	})
}

// giveSpan tells all that an index of one page has. Whoever adds a row changes that page, by the turnstile, wherever the row goes; and who
// takes one out of an index of one page does so there.
func (s Sorted) giveSpan(ix *sdk.Index, hits *sdk.HitWriter) error {
	p, version, err := ix.ReadPage(0)
	if err != nil {
		return err
	}
	if n, err := ix.NBlocks(); err != nil || n != 1 { // asked after the page was read, so that there was no other at that time
		return err
	}
	var rows []sdk.Row
	err = each(ix, 0, p, func(_ page.OffsetNumber, row sdk.Row) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	sortRows(ix, rows)
	span := hits.Span(0, version, nil, nil)
	for _, row := range rows {
		var key []byte
		for i, col := range ix.Columns() {
			if key, err = ordkey.Append(key, col.Type, row.Values[i], col.Descending, col.NullsFirst); err != nil {
				return err
			}
		}
		if err := span.Add(key, row.TID); err != nil {
			return err
		}
	}
	return nil
}

// compareColumn is the order of an index's column.
func compareColumn(col sdk.Column, a, b sdk.Value) int {
	o := ordkey.Order{Desc: col.Descending, NullsFirst: col.NullsFirst}
	if a.IsNull() || b.IsNull() {
		return o.Nulls(a.IsNull(), b.IsNull())
	}
	return o.Values(compare(col.Type, a, b))
}
