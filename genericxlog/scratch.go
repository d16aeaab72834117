package genericxlog

import (
	"sync"

	"github.com/quiredb/quire/core/page"
)

// Private pages for replay, used again and again.
var scratch = sync.Pool{New: func() any { p := new([page.Size]byte); return p }}

func newPage() page.Page { return scratch.Get().(*[page.Size]byte)[:] }

func freePage(p page.Page) {
	if p != nil {
		scratch.Put((*[page.Size]byte)(p))
	}
}
