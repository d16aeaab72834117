package btree

import (
	"sync/atomic"
	"unsafe"

	"github.com/quiredb/quire/core/page"
)

// wellFormed are pages that openNode has found in order, so that one that stays in the process's memory is looked at once and not with
// every call. It is all that is kept between calls.
var wellFormed pageMemory

// A pageMemory remembers some pages by the address of their bytes: nobody changes a page that was read (K1 of the SDK), and as long as it
// is remembered its address cannot become another's. A page takes the place of any other with the same slot.
type pageMemory [1 << 10]atomic.Pointer[byte]

func (m *pageMemory) slot(p page.Page) *atomic.Pointer[byte] {
	at := uint64(uintptr(unsafe.Pointer(&p[0])))
	return &m[at*0x9E3779B97F4A7C15>>54]
}

func (m *pageMemory) has(p page.Page) bool { return m.slot(p).Load() == &p[0] }
func (m *pageMemory) add(p page.Page)      { m.slot(p).Store(&p[0]) }
