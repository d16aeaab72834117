package heap

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// Describe shows a row version without the numbers of transactions.
func Describe(item []byte) string {
	h := decodeHeader(item)
	s := fmt.Sprintf("%.12s", item[headerSize:])
	if h.infomask&infoHeapOnly != 0 {
		s += ", heap-only"
	}
	if h.next != (page.TID{}) {
		s += fmt.Sprintf(", next %v", h.next)
	}
	if h.infomask&infoHotUpdated != 0 {
		s += ", hot"
	}
	return s
}
