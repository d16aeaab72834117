package session

import (
	"context"
	"io"
	"slices"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/session/copyfmt"
	"github.com/quiredb/quire/sql/sysview"
)

// copyFrom loads rows from the client. Three steps run side by side, a batch of rows in each: reading and converting, the heap, the
// indexes. By X3 of exec a batch meets them in that order.
func (s *Session) copyFrom(ctx context.Context, stmt parse.Statement, st *pg_query.CopyStmt, o copyfmt.Options, out Output) (string, error) {
	if sysview.Lookup(st.Relation.Relname) != nil && st.Relation.Schemaname != "public" {
		return "", pgerr.New(pgerr.InsufficientPrivilege, `permission denied: "%s" is a system view`, st.Relation.Relname)
	}
	if err := public(st.Relation); err != nil {
		return "", err
	}
	def, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, st.Relation.Relname, lock.RowExclusive)
	if err != nil {
		return "", err
	}
	if err := s.permitTable(def, "a"); err != nil {
		return "", err
	}
	src := &source{s: s, cat: cat}
	t, err := src.copyTarget(def)
	if err != nil {
		return "", err
	}
	attrs, err := copyColumns(t, st.Attlist)
	if err != nil {
		return "", err
	}
	conv, err := s.newCopyConverter(ctx, src, t, attrs, o)
	if err != nil {
		return "", err
	}
	overall, codes := formatCodes(o, len(attrs))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r, err := out.CopyIn(ctx, overall, codes)
	if err != nil {
		return "", err
	}
	c := &copyIn{s: s, t: t, conv: conv, decoder: copyfmt.NewDecoder(r, o, conv.names())}
	n, err := c.run(ctx, stop)
	if e := r.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", err
	}
	s.tx.used = true
	s.tx.txn.NextCommand()
	return "COPY " + strconv.FormatInt(n, 10), nil
}

// copyTarget describes a table for writing; an index that cannot be written is an error now, not after the first batch.
func (src *source) copyTarget(def *catalog.Table) (*plan.Table, error) {
	t, err := src.table(def)
	if err != nil {
		return nil, err
	}
	for _, x := range t.Indexes {
		if x.Err != nil {
			return nil, x.Err
		}
	}
	return t, nil
}

// batchesInFlight is how many batches there are: one in each step and one that waits.
const batchesInFlight = 4

// copyIn is one COPY FROM at work.
type copyIn struct {
	s       *Session
	t       *plan.Table
	conv    *copyConverter
	decoder *copyfmt.Decoder
}

// run moves batches through the steps. The first error stops all of them: stop ends ctx, and with it a read that waits for the
// client, who hears of the error at once.
func (c *copyIn) run(ctx context.Context, stop context.CancelCauseFunc) (rows int64, err error) {
	free := make(chan *copyBatch, batchesInFlight)
	parsed := make(chan *copyBatch, batchesInFlight)
	stored := make(chan *copyBatch, batchesInFlight)
	for range batchesInFlight {
		free <- &copyBatch{}
	}
	readErr, indexErr := make(chan error, 1), make(chan error, 1)
	go func() {
		err := c.guard(func() error { return c.read(ctx, free, parsed) })
		close(parsed)
		readErr <- err
	}()
	go func() {
		err := c.guard(func() error { return c.index(ctx, stored, free) })
		if err != nil {
			stop(err)
		}
		indexErr <- err
	}()
	rows, err = c.store(ctx, parsed, stored)
	if err != nil {
		stop(err)
	}
	close(stored)
	// The reader must be out of the client's connection before this returns. It ends with the input or with ctx.
	first := <-indexErr
	for range parsed {
		continue // lets a reader go that waits to hand on a batch
	}
	if e := <-readErr; e != nil && first == nil && err == nil {
		first = e
	}
	if first == nil {
		first = err
	}
	if first != nil {
		return 0, first
	}
	return rows, nil
}

// guard keeps a panic in a helper goroutine from ending the process.
func (c *copyIn) guard(f func() error) error { return c.s.guard(f) }

// read decodes and converts.
func (c *copyIn) read(ctx context.Context, free <-chan *copyBatch, parsed chan<- *copyBatch) error {
	for {
		var b *copyBatch
		select {
		case b = <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err := c.decoder.Fill(&b.in, exec.BatchRows)
		if err == io.EOF {
			if err = c.decoder.Drain(); err == nil {
				return nil
			}
		}
		if err != nil {
			return c.conv.malformed(err)
		}
		if err := c.conv.convert(b); err != nil {
			return err
		}
		select {
		case parsed <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// store puts the rows into the heap.
func (c *copyIn) store(ctx context.Context, parsed <-chan *copyBatch, stored chan<- *copyBatch) (rows int64, err error) {
	heap, txn := c.s.db.eng.Heap, c.s.tx.txn
	for b := range parsed {
		if ctx.Err() != nil {
			return rows, context.Cause(ctx)
		}
		c.conv.txn.Lock()
		b.tids, err = heap.Insert(ctx, txn, c.t.Heap, b.rows)
		c.conv.txn.Unlock()
		if err != nil {
			return rows, err
		}
		txn.Counts().Relation(c.t.OID).Inserted(int64(len(b.rows)))
		rows += int64(len(b.rows))
		select {
		case stored <- b:
		case <-ctx.Done():
			return rows, context.Cause(ctx)
		}
	}
	return rows, nil
}

// index gives the rows to the indexes and the batch back.
func (c *copyIn) index(ctx context.Context, stored <-chan *copyBatch, free chan<- *copyBatch) error {
	for b := range stored {
		if len(c.t.Indexes) > 0 {
			if err := c.insertIndexes(ctx, b); err != nil {
				return err
			}
		}
		free <- b // never blocks: there is room for all of them
	}
	return nil
}

func (c *copyIn) insertIndexes(ctx context.Context, b *copyBatch) error {
	width := len(c.t.Columns)
	for _, x := range c.t.Indexes {
		b.entries, b.keys = b.entries[:0], b.keys[:0]
		for i := range b.tids {
			from := len(b.keys)
			for _, attr := range x.Attrs {
				b.keys = append(b.keys, b.values[i*width+attr])
			}
			b.entries = append(b.entries, am.Row{TID: b.tids[i], Values: b.keys[from:len(b.keys):len(b.keys)]})
		}
		there, err := exec.InsertEntries(ctx, c.s.tx.txn, x, b.entries, true)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			at := slices.Index(b.tids, there[0].TID)
			e := pgerr.From(exec.DuplicateKey(c.t, &x.Def, there[0].Values))
			return e.WithWhere("COPY %s, line %d", c.t.Name, b.in.Line(at))
		}
	}
	return nil
}
