package heap

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// A judge decides which row versions one snapshot sees. It remembers the last transactions it looked up: the rows of a
// page mostly come from few. It serves one goroutine.
type judge struct {
	snap *xact.Snapshot
	min  verdict
	max  verdict
}

// verdict is the answer for one transaction.
type verdict struct {
	xid     xact.XID
	visible bool
}

func newJudge(snap *xact.Snapshot) judge { return judge{snap: snap} }

// sees reports whether the snapshot sees the version (H2).
func (j *judge) sees(item []byte) (bool, error) {
	if len(item) < headerSize {
		return false, errShortItem
	}
	xmin := xact.XID(binary.LittleEndian.Uint64(item[offXmin:]))
	xmax := xact.XID(binary.LittleEndian.Uint64(item[offXmax:]))
	if j.snap.Own(xmin) {
		return j.seesOwn(item)
	}
	if xmin != j.min.xid {
		visible, err := j.snap.XIDVisible(xmin)
		if err != nil {
			return false, err
		}
		j.min = verdict{xmin, visible}
	}
	if !j.min.visible || xmax == xact.InvalidXID {
		return j.min.visible, nil
	}
	if j.snap.Own(xmax) {
		h := decodeHeader(item)
		_, cmax := h.commands(j.snap.Txn())
		return cmax >= j.snap.CID, nil
	}
	if xmax != j.max.xid {
		visible, err := j.snap.XIDVisible(xmax)
		if err != nil {
			return false, err
		}
		j.max = verdict{xmax, visible}
	}
	return !j.max.visible, nil
}

// seesOwn judges a version that the snapshot's transaction inserted itself. Only that transaction can have deleted it, or a
// subtransaction of it that was rolled back.
func (j *judge) seesOwn(item []byte) (bool, error) {
	h := decodeHeader(item)
	cmin, cmax := h.commands(j.snap.Txn())
	if cmin >= j.snap.CID {
		return false, nil
	}
	return !j.snap.Own(h.xmax) || cmax >= j.snap.CID, nil
}

// seen returns the version of a chain that the snapshot sees, nil if there is none. Not more than one is.
func (j *judge) seen(c chain) (page.OffsetNumber, []byte, error) {
	for {
		off, item, ok, err := c.next()
		if err != nil || !ok {
			return off, nil, err
		}
		if visible, err := j.sees(item); err != nil || visible {
			return off, item, err
		}
	}
}
