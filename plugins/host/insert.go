package host

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// Insert adds rows. They travel together with those of other sessions that arrive while the plugin is at work on the same index.
func (m *method) Insert(ctx context.Context, idx am.Index, xid uint64, rows []am.Row) ([]am.Conflict, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	enc, err := newRowEncoder(idx.Columns)
	if err != nil {
		return nil, pluginError(m.keeper.name, "Insert", idx.Name, err)
	}
	if idx.Unique {
		u := &uniqueInsert{method: m, ctx: ctx, idx: idx, xid: xid, enc: enc}
		return u.run(rows)
	}
	chunks, err := enc.chunks(rows, insertChunk)
	if err != nil {
		return nil, pluginError(m.keeper.name, "Insert", idx.Name, err)
	}
	w := &insertion{ctx: ctx, method: m, idx: idx, xid: xid, chunks: chunks}
	m.keeper.combiners.insert(w)
	return nil, w.err
}

// A cargo is the rows of one call.
type cargo struct {
	chunk
	xid    uint64  // whose rows they are; 0 if they are several transactions'
	owners []owner // of rows for a unique index, where they are several sessions'
}

// An owner has the rows of a cargo that lie before until, and behind the owner's before.
type owner struct {
	until int
	xid   uint64
}

// xidOf is the transaction that a row belongs to.
func (c *cargo) xidOf(row int) uint64 {
	if c.owners == nil {
		return c.xid
	}
	i, _ := slices.BinarySearchFunc(c.owners, row, func(o owner, row int) int { return cmp.Compare(o.until, row+1) })
	return c.owners[i].xid
}

// insertOnce makes one Insert call. A call whose method gave up on conflicts between pages is repeated alone on the index.
func (m *method) insertOnce(ctx context.Context, idx am.Index, rows cargo) ([]wire.Conflict, error) {
	ctx, cancel := m.short(ctx)
	defer cancel()
	conflicts, err := m.insertCall(ctx, idx, rows, false)
	if errors.Is(err, wire.ErrConflict) {
		conflicts, err = m.insertCall(ctx, idx, rows, true)
	}
	return conflicts, err
}

func (m *method) insertCall(ctx context.Context, idx am.Index, rows cargo, alone bool) ([]wire.Conflict, error) {
	c, err := m.open(ctx, pb.Method_INSERT, idx, rows.xid, &pb.Call{Rows: rows.packed, RowCount: uint32(rows.count)})
	if err != nil {
		return nil, err
	}
	defer c.abandon()
	c.rows = &rows
	if alone {
		if err := c.gate.close(ctx, c.id); err != nil {
			return nil, c.failure(err)
		}
	}
	r, err := c.result()
	if err != nil {
		return nil, err
	}
	conflicts, err := wire.DecodeConflicts(r.GetConflicts(), rows.count)
	switch {
	case err != nil:
		return nil, c.failure(protocolError("conflicts: %w", err))
	case len(conflicts) > 0 && !idx.Unique:
		return nil, c.failure(protocolError("%d conflicts of an index that is not unique", len(conflicts)))
	}
	return conflicts, nil
}

// maxRefusals bounds how often rows are offered to a unique index that refuses them because of rows that are dead. Each time
// may be a transaction that ended just then; that many are an index that does not ask, or does not listen.
const maxRefusals = 16

// A uniqueInsert puts rows of one transaction into a unique index. That two rows are equal is the index's word; whether the one
// in the way is live is the heap's, asked for again here (R5), so that nobody waits for a transaction of a plugin's invention.
type uniqueInsert struct {
	method *method
	ctx    context.Context
	idx    am.Index
	xid    uint64
	enc    *rowEncoder
	found  []am.Conflict
}

func (u *uniqueInsert) run(rows []am.Row) ([]am.Conflict, error) {
	for first := 0; first < len(rows); {
		chunk, err := u.enc.chunk(rows[first:], insertChunk)
		if err != nil {
			return nil, pluginError(u.method.keeper.name, "Insert", u.idx.Name, err)
		}
		if err := u.insert(rows, first, chunk); err != nil {
			return nil, err
		}
		first += chunk.count
	}
	return u.found, nil
}

// insert offers a run of rows, and those again that a dead row was in the way of.
func (u *uniqueInsert) insert(rows []am.Row, first int, run chunk) error {
	var places []int // in rows, of the rows on offer; nil means [first, first+count)
	for attempt := range maxRefusals {
		w := &insertion{ctx: u.ctx, method: u.method, idx: u.idx, xid: u.xid, chunks: []chunk{run}, apart: attempt > 0}
		u.method.keeper.combiners.insert(w)
		if w.err != nil || len(w.refused) == 0 {
			return w.err
		}
		var err error
		if places, err = u.judge(w.refused, first, places); err != nil {
			return pluginError(u.method.keeper.name, "Insert", u.idx.Name, err)
		}
		if len(places) == 0 {
			return nil
		}
		again := make([]am.Row, len(places))
		for i, p := range places {
			again[i] = rows[p]
		}
		if run, err = u.enc.chunk(again, wire.MaxRowBatch); err != nil {
			return pluginError(u.method.keeper.name, "Insert", u.idx.Name, err)
		}
	}
	return pluginError(u.method.keeper.name, "Insert", u.idx.Name,
		lieError("index refuses row %v because of a row that is not live", rows[places[0]].TID))
}

// judge asks the heap about the rows in the way, notes the true conflicts, and returns the places of the rows that may be offered again.
func (u *uniqueInsert) judge(refused []wire.Conflict, first int, places []int) (again []int, err error) {
	tids := make([]page.TID, len(refused))
	for i, c := range refused {
		if _, err := checkTID(u.method.keeper.cfg.Pages, u.idx, c.TID); err != nil {
			return nil, err
		}
		tids[i] = c.TID
	}
	pages := u.method.keeper.cfg.Pages.Open(u.method.keeper.name, u.idx, u.xid)
	defer pages.Close()
	fates, err := pages.RowFates(u.ctx, u.xid, tids)
	if err != nil {
		return nil, err
	}
	for i, c := range refused {
		place := first + c.Row
		if places != nil {
			place = places[c.Row]
		}
		if fates[i].State == wire.RowDead {
			again = append(again, place)
			continue
		}
		u.found = append(u.found, am.Conflict{Row: place, TID: c.TID, XID: fates[i].XID})
	}
	return again, nil
}
