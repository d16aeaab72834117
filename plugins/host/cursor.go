package host

import (
	"io"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
)

// maxOffset is the number of line pointers that fit on a page.
const maxOffset = (page.Size - page.HeaderSize) / 4

// A cursor yields the hits of a scan. Between two calls of Next the plugin goes on by itself until the lane's window is
// full; its page requests wait for the next Next.
type cursor struct {
	call   *call
	pages  PageStore
	length page.BlockNumber // of the table when last asked; it only grows while the table is being read
	wire   []wire.Hit
	hits   []am.Hit
	err    error
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
	m, err := cur.call.next()
	switch {
	case err != nil:
		return nil, err
	case m.GetResult() != nil:
		return nil, io.EOF
	case m.GetHits() == nil:
		return nil, cur.call.unexpected(m)
	}
	h := m.GetHits()
	if h.GetCount() > wire.MaxHits {
		return nil, cur.call.end(protocolError("%d hits in a message, the limit is %d", h.GetCount(), wire.MaxHits))
	}
	cur.wire, err = wire.DecodeHits(cur.wire[:0], h.GetPacked(), int(h.GetCount()), h.GetOrderBy())
	if err != nil {
		return nil, cur.call.end(protocolError("hits: %v", err))
	}
	cur.hits = cur.hits[:0]
	for _, hit := range cur.wire {
		if err := cur.checkTID(hit.TID); err != nil {
			return nil, cur.call.end(err)
		}
		cur.hits = append(cur.hits, am.Hit{TID: hit.TID, Recheck: hit.Recheck, OrderBy: hit.OrderBy})
	}
	return cur.hits, nil
}

// checkTID refuses the address of a row that cannot be (H5).
func (cur *cursor) checkTID(tid page.TID) error {
	if tid.Offset == 0 || int(tid.Offset) > maxOffset {
		return lieError("index returned the row address %v, which no page can hold", tid)
	}
	if tid.Block < cur.length {
		return nil
	}
	length, err := cur.pages.HeapLength(cur.call.idx)
	if err != nil {
		return pgerr.New(pgerr.InternalError, "length of the table under index %s: %w", cur.call.idx.Name, err)
	}
	cur.length = length
	if tid.Block >= length {
		return lieError("index returned the row address %v, the table has %d blocks", tid, length)
	}
	return nil
}

// Close ends the scan. The plugin's call is cancelled if it still runs.
func (cur *cursor) Close() error {
	cur.call.abandon()
	if cur.err == nil {
		cur.err = io.ErrClosedPipe
	}
	return nil
}
