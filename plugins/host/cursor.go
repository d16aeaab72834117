package host

import (
	"io"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// maxOffset is the number of line pointers that fit on a page.
const maxOffset = (page.Size - page.HeaderSize) / 4

// A cursor yields the hits of a scan. Between two calls of Next the plugin goes on by itself until it has sent as many
// messages as it may; its page requests wait for the next Next.
type cursor struct {
	call    *call
	pages   PageStore
	returns *returned        // nil if the hits carry no values
	length  page.BlockNumber // of the table when last asked; it only grows while the table is being read
	wire    []wire.Hit
	hits    []am.Hit
	taken   int // messages of hits
	last    bool
	err     error
}

// Next returns the next batch of hits.
func (cur *cursor) Next() ([]am.Hit, error) {
	if cur.err != nil {
		return nil, cur.err
	}
	hits, err := cur.next()
	if err != nil {
		cur.err = err
	}
	return hits, err
}

func (cur *cursor) next() ([]am.Hit, error) {
	if cur.last {
		return nil, io.EOF
	}
	if cur.taken >= wire.HitWindow-1 { // one is on its way, and another may be made while this one is read
		if err := cur.call.send(flow(cur.call.id, false)); err != nil {
			return nil, cur.call.end(err)
		}
	}
	m, err := cur.call.next()
	if err != nil {
		return nil, err
	}
	h := m.GetHits()
	if r := m.GetResult(); r != nil {
		if cur.last, h = true, r.GetHits(); h == nil {
			return nil, io.EOF
		}
	}
	if h == nil {
		return nil, cur.call.unexpected(m)
	}
	cur.taken++
	if err := cur.decode(h); err != nil {
		return nil, cur.call.end(err)
	}
	return cur.hits, nil
}

// decode makes hits of a message, and believes none of it (H5).
func (cur *cursor) decode(h *pb.Hits) (err error) {
	if h.GetCount() > wire.MaxHits {
		return protocolError("%d hits in a message, the limit is %d", h.GetCount(), wire.MaxHits)
	}
	cur.wire, err = wire.DecodeHits(cur.wire[:0], h.GetPacked(), int(h.GetCount()), h.GetOrderBy())
	if err == nil && cur.returns != nil {
		err = wire.SetHitValues(cur.wire, h.GetValues(), len(cur.returns.columns))
	}
	if err != nil {
		return protocolError("hits: %w", err)
	}
	cur.hits = cur.hits[:0]
	for _, hit := range cur.wire {
		if err := cur.checkTID(hit.TID); err != nil {
			return err
		}
		cur.hits = append(cur.hits, am.Hit{TID: hit.TID, Recheck: hit.Recheck, OrderBy: hit.OrderBy})
	}
	if cur.returns != nil {
		return cur.returns.decode(cur.hits, cur.wire)
	}
	return nil
}

// checkTID refuses the address of a row that cannot be (H5).
func (cur *cursor) checkTID(tid page.TID) error {
	if tid.Block < cur.length && tid.Offset != 0 && int(tid.Offset) <= maxOffset {
		return nil
	}
	length, err := checkTID(cur.pages, cur.call.idx, tid)
	cur.length = length
	return err
}

// checkTID compares a row's address with what pages can hold and with the length of the table, which it returns.
func checkTID(pages PageStore, idx am.Index, tid page.TID) (page.BlockNumber, error) {
	if tid.Offset == 0 || int(tid.Offset) > maxOffset {
		return 0, lieError("index returned the row address %v, which no page can hold", tid)
	}
	length, err := pages.HeapLength(idx)
	if err != nil {
		return 0, pgerr.New(pgerr.InternalError, "length of the table under index %s: %w", idx.Name, err)
	}
	if tid.Block >= length {
		return 0, lieError("index returned the row address %v, the table has %d blocks", tid, length)
	}
	return length, nil
}

// Close ends the scan. The plugin is told if it still runs; nobody waits for it.
func (cur *cursor) Close() error {
	cur.call.stop()
	if cur.err == nil {
		cur.err = io.ErrClosedPipe
	}
	return nil
}
