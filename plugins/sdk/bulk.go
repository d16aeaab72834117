package sdk

import (
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// A BulkWriter writes the pages of a new index: each page goes to the host once, whole, and 32 to a record. Pages with
// consecutive block numbers travel together while the caller fills the next ones. Close must succeed before Build
// returns.
type BulkWriter struct {
	ix      *Index
	next    page.BlockNumber // the next block of Append and Reserve
	first   page.BlockNumber // block of run[0]
	run     []page.Page
	pending func() error // the message under way
	err     error
}

// BulkWriter returns a writer that starts at block 0 of the empty index.
func (ix *Index) BulkWriter() *BulkWriter { return &BulkWriter{ix: ix} }

// Reserve leaves n blocks out, to be written later with WriteAt, and returns the first of them. A metapage that is only
// known at the end is reserved first.
func (w *BulkWriter) Reserve(n int) page.BlockNumber {
	blk := w.next
	w.next += page.BlockNumber(n)
	return blk
}

// Append writes a page to the next block and returns that block. The page is copied.
func (w *BulkWriter) Append(p page.Page) (page.BlockNumber, error) {
	blk := w.Reserve(1)
	return blk, w.WriteAt(blk, p)
}

// WriteAt writes a page to a block from Reserve. Each block is written once. The page is copied.
func (w *BulkWriter) WriteAt(blk page.BlockNumber, p page.Page) error {
	switch {
	case w.err != nil:
		return w.err
	case len(p) != page.Size:
		return fmt.Errorf("block %d: %w: %d bytes, a page has %d", blk, ErrInvalidEdit, len(p), page.Size)
	case blk >= w.next:
		return fmt.Errorf("block %d: %w: it was not reserved", blk, ErrWrongState)
	}
	if len(w.run) > 0 && (blk != w.first+page.BlockNumber(len(w.run)) || len(w.run) == wire.MaxBulkPages) {
		w.send()
	}
	if len(w.run) == 0 {
		w.first = blk
	}
	w.run = append(w.run, append(make(page.Page, 0, page.Size), p...))
	return w.err
}

// send hands the run over and waits for the one before it.
func (w *BulkWriter) send() {
	w.settle()
	if w.err == nil && len(w.run) > 0 {
		w.pending = w.ix.carrier.StartBulkWrite(w.ix.ctx, w.first, w.run)
		w.run = nil
	}
}

func (w *BulkWriter) settle() {
	if w.pending == nil {
		return
	}
	err := w.pending()
	w.pending = nil
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("bulk write to index %s: %w", w.ix.info.Name, err)
	}
}

// NBlocks is the number of blocks appended or reserved so far.
func (w *BulkWriter) NBlocks() page.BlockNumber { return w.next }

// Close sends what is left and waits until the host has all pages.
func (w *BulkWriter) Close() error {
	if w.err == nil {
		w.send()
	}
	w.settle()
	err := w.err
	w.err = errors.Join(w.err, fmt.Errorf("bulk writer: %w: it is closed", ErrWrongState))
	return err
}
