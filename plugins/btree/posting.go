package btree

import (
	"bytes"

	"github.com/quiredb/quire/core/page"
)

// postingRoom is how many addresses an entry of this key may have.
func postingRoom(key []byte) int {
	return max(1, (maxPosting-entrySize(key))/page.TIDSize+1)
}

// mergeEntries makes one entry of neighbours with equal keys, up to maxPosting bytes each, and takes out the room for
// addresses that vacuum left. It reports whether the page has more room now.
func mergeEntries(ed *page.Editor, n node) (bool, error) {
	before := ed.Page().Upper() - ed.Page().Lower()
	var drop []page.OffsetNumber
	type made struct {
		at   page.OffsetNumber // where it goes once drop is gone
		item []byte
	}
	var add []made
	kept := 0
	for at := firstData; at <= n.last(); {
		e := decodeEntry(n.item(at))
		room := postingRoom(e.key)
		tids, end := e.tids, at+1
		for ; end <= n.last(); end++ {
			f := decodeEntry(n.item(end))
			if !bytes.Equal(e.key, f.key) || len(tids)/page.TIDSize+f.count() > room {
				break
			}
			tids = append(tids[:len(tids):len(tids)], f.tids...)
		}
		if end-at == 1 && e.slack == 0 {
			kept++
		} else {
			add = append(add, made{firstData + page.OffsetNumber(kept+len(add)), encodeEntry(nil, e.key, tids)})
			for ; at < end; at++ {
				drop = append(drop, at)
			}
		}
		at = end
	}
	if len(drop) == 0 {
		return false, nil
	}
	if err := ed.DeleteItems(drop, false); err != nil {
		return false, err
	}
	for _, m := range add {
		if err := ed.InsertItem(m.at, m.item); err != nil {
			return false, err
		}
	}
	return ed.Page().Upper()-ed.Page().Lower() > before, nil
}
