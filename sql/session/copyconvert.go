package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/session/copyfmt"
)

// copyBatch is one batch on its way through COPY FROM. Strings of its values alias its buffers.
type copyBatch struct {
	in     copyfmt.Batch
	values []datum.Datum // row after row, one for each column of the table
	arena  []byte
	rows   [][]byte // encoded, in arena
	tids   []page.TID

	entries []am.Row
	keys    []datum.Datum
}

// copyConverter turns fields into values and values into stored rows.
type copyConverter struct {
	t        *plan.Table
	attrs    []int // table column of each input field
	infos    []*datum.TypeInfo
	binary   bool
	env      *datum.Env
	eval     *expr.EvalCtx
	defaults []columnDefault
	checks   []plan.Check
	volatile bool       // some default is
	txn      sync.Mutex // held by who uses the transaction, beside the steps that only wait or read its number
}

// columnDefault computes a column that the input does not have.
type columnDefault struct {
	attr int
	eval expr.Eval // nil is NULL
}

func (s *Session) newCopyConverter(ctx context.Context, src plan.Source, t *plan.Table, attrs []int, o copyfmt.Options) (*copyConverter, error) {
	c := &copyConverter{t: t, attrs: attrs, binary: o.Format == copyfmt.Binary, env: s.datumEnv(), eval: s.evalContext(ctx, nil)}
	given := make([]bool, len(t.Columns))
	for _, a := range attrs {
		given[a] = true
		c.infos = append(c.infos, datum.MustLookup(t.Columns[a].Type.OID))
	}
	for i := range t.Columns {
		if given[i] {
			continue
		}
		d := columnDefault{attr: i}
		e, err := src.Default(t, i)
		if err != nil {
			return nil, err
		}
		if e != nil {
			d.eval = expr.Compile(e)
			c.volatile = c.volatile || expr.MaxVolatility(e) == expr.Volatile
		}
		c.defaults = append(c.defaults, d)
	}
	var err error
	c.checks, err = src.Checks(t)
	return c, err
}

// names are those of the columns in the order of the input.
func (c *copyConverter) names() []string {
	out := make([]string, len(c.attrs))
	for i, a := range c.attrs {
		out[i] = c.t.Columns[a].Name
	}
	return out
}

// convert fills a batch's values and rows from its fields.
func (c *copyConverter) convert(b *copyBatch) error {
	if c.volatile { // nextval uses the transaction, and so does whoever stores rows
		c.txn.Lock()
		defer c.txn.Unlock()
	}
	width := len(c.t.Columns)
	if n := b.in.Rows * width; cap(b.values) < n {
		b.values = make([]datum.Datum, n)
	} else {
		b.values = b.values[:n]
	}
	b.arena, b.rows = b.arena[:0], b.rows[:0]
	for i := range b.in.Rows {
		row := b.values[i*width : (i+1)*width]
		if err := c.row(b, i, row); err != nil {
			return err
		}
		from := len(b.arena)
		b.arena = c.t.Row.AppendRow(b.arena, row)
		b.rows = append(b.rows, b.arena[from:len(b.arena):len(b.arena)])
	}
	return nil
}

func (c *copyConverter) row(b *copyBatch, i int, row []datum.Datum) error {
	fields := b.in.Row(i)
	for f := range fields {
		if err := c.field(b.in.Line(i), f, &fields[f], &row[c.attrs[f]]); err != nil {
			return err
		}
	}
	for _, d := range c.defaults {
		row[d.attr] = datum.Datum{Null: true}
		if d.eval != nil {
			v, err := d.eval(c.eval, nil)
			if err != nil {
				return err
			}
			row[d.attr] = v
		}
	}
	if err := exec.CheckRow(c.eval, c.t, c.checks, row); err != nil {
		return c.at(b, i, err)
	}
	return nil
}

// malformed is the error of a malformed row, unless a field before the mistake is wrong.
func (c *copyConverter) malformed(err error) error {
	var le *copyfmt.LineError
	if !errors.As(err, &le) {
		return err
	}
	for f := range le.Before {
		var v datum.Datum
		if err := c.field(le.Line, f, &le.Before[f], &v); err != nil {
			return err
		}
	}
	where := le.Where()
	if where == "" {
		return le.Err
	}
	e := *le.Err
	return e.WithWhere("COPY %s, %s", c.t.Name, where)
}

// field converts field f of the row of a line.
func (c *copyConverter) field(line, f int, in *copyfmt.Field, out *datum.Datum) error {
	if in.Null {
		*out = datum.Datum{Null: true}
		return nil
	}
	attr := c.attrs[f]
	t := c.t.Columns[attr].Type
	var err error
	switch {
	case c.binary:
		if *out, err = c.infos[f].ParseBinary(in.Bytes); err == nil {
			*out, err = c.infos[f].FitModifier(*out, t.Mod, false)
		}
	default:
		if fastInt(t.OID, in.Bytes, out) {
			return nil
		}
		text := unsafe.String(unsafe.SliceData(in.Bytes), len(in.Bytes))
		*out, err = c.infos[f].ParseTextIn(c.env, text, t.Mod) // by C5 of copyfmt the text is UTF-8
	}
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	where := fmt.Sprintf("COPY %s, line %d, column %s", c.t.Name, line, c.t.Columns[attr].Name)
	if !c.binary {
		where += fmt.Sprintf(": \"%s\"", shortValue(in.Bytes))
	}
	return e.WithWhere("%s", where)
}

// shortValue is a value as an error's context shows it.
func shortValue(b []byte) string {
	const limit = 100
	if len(b) <= limit {
		return string(b)
	}
	return string(b[:datum.CharOffset(string(b), limit)]) + "..."
}

// at adds the line to an error about a whole row.
func (c *copyConverter) at(b *copyBatch, i int, err error) error {
	e := *pgerr.From(err)
	where := fmt.Sprintf("COPY %s, line %d", c.t.Name, b.in.Line(i))
	if !c.binary {
		where += fmt.Sprintf(": \"%s\"", b.in.LineText(i))
	}
	return e.WithWhere("%s", where)
}

// fastInt reads plain decimal integers of up to 18 digits: nearly all there are. Everything else takes the ordinary way.
func fastInt(t datum.OID, b []byte, out *datum.Datum) bool {
	var limit int64
	switch t {
	case datum.Int4:
		limit = 1<<31 - 1
	case datum.Int8:
		limit = 1<<63 - 1
	case datum.Int2:
		limit = 1<<15 - 1
	default:
		return false
	}
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return false
	}
	v := int64(0)
	for _, c := range b {
		c -= '0'
		if c > 9 {
			return false
		}
		v = v*10 + int64(c)
	}
	if v > limit {
		return false
	}
	if neg {
		v = -v
	}
	*out = datum.Datum{I: v}
	return true
}
