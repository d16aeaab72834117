package genericxlog

import (
	"sync"

	"github.com/quiredb/quire/core/page"
)

// An editor holds two pages, so editors are used again and again.
var editors = sync.Pool{}

func newEditor(base page.Page) *page.Editor {
	if e, ok := editors.Get().(*page.Editor); ok {
		e.Reset(base)
		return e
	}
	return page.NewEditor(base)
}

func freeEditor(e *page.Editor) { editors.Put(e) }
