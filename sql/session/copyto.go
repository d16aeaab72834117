package session

import (
	"context"
	"encoding/binary"
	"io"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/session/copyfmt"
)

// copyTo sends a table or the answer of a query to the client.
func (s *Session) copyTo(ctx context.Context, stmt parse.Statement, st *pg_query.CopyStmt, o copyfmt.Options, out Output) (string, error) {
	node := st.Query
	if node == nil {
		node = selectAll(st)
	}
	if !isPlanned(node) {
		return "", unsupported("COPY of " + statementName(node))
	}
	if name := commandName(node); name != "SELECT" {
		if err := s.checkWritable(name); err != nil {
			return "", err
		}
	}
	inner := &prepared{stmt: parse.Statement{Query: stmt.Query, Text: stmt.Text, Node: node}}
	pl, err := s.permitted(ctx, inner)
	if err != nil {
		return "", err
	}
	if pl.Command != plan.Select && len(pl.Columns) == 0 {
		return "", pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	x := s.execContext(ctx, nil)
	defer x.Snapshot.Release()
	op := exec.Start(x, pl)
	defer op.Close()
	if err := op.Open(); err != nil {
		return "", err
	}
	overall, codes := formatCodes(o, len(pl.Columns))
	w, err := out.CopyOut(overall, codes)
	if err != nil {
		return "", err
	}
	n, err := s.sendRows(w, op, pl, o)
	if err != nil {
		return "", err
	}
	if pl.Writes != nil {
		s.tx.txn.NextCommand()
	}
	return "COPY " + strconv.FormatInt(n, 10), w.Close()
}

// selectAll is the query behind COPY table (columns).
func selectAll(st *pg_query.CopyStmt) *pg_query.Node {
	sel := &pg_query.SelectStmt{FromClause: []*pg_query.Node{{Node: &pg_query.Node_RangeVar{RangeVar: st.Relation}}}}
	field := func(n *pg_query.Node) {
		ref := &pg_query.ColumnRef{Fields: []*pg_query.Node{n}, Location: -1}
		sel.TargetList = append(sel.TargetList, &pg_query.Node{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{
			Val: &pg_query.Node{Node: &pg_query.Node_ColumnRef{ColumnRef: ref}},
		}}})
	}
	for _, n := range st.Attlist {
		field(n)
	}
	if len(st.Attlist) == 0 {
		field(&pg_query.Node{Node: &pg_query.Node_AStar{AStar: &pg_query.A_Star{}}})
	}
	return &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: sel}}
}

// sendRows writes all rows in the format.
func (s *Session) sendRows(w io.Writer, op exec.Operator, pl *plan.Plan, o copyfmt.Options) (int64, error) {
	e := rowEncoder{env: s.datumEnv(), o: o}
	for _, c := range pl.Columns {
		e.infos = append(e.infos, datum.MustLookup(c.Type.OID))
		e.names = append(e.names, c.Name)
	}
	e.header()
	var n int64
	for {
		row, err := op.Next()
		if err != nil {
			return n, err
		}
		if row == nil {
			break
		}
		e.row(row[:len(e.infos)])
		n++
		// One message for each row, as PostgreSQL does: some clients rely on it.
		if _, err := w.Write(e.buf); err != nil {
			return n, err
		}
		e.buf = e.buf[:0]
	}
	if o.Format == copyfmt.Binary {
		e.buf = copyfmt.BinaryTrailer(e.buf)
	}
	if len(e.buf) > 0 {
		if _, err := w.Write(e.buf); err != nil {
			return n, err
		}
	}
	return n, nil
}

// rowEncoder writes rows in one of COPY's formats.
type rowEncoder struct {
	env   *datum.Env
	o     copyfmt.Options
	infos []*datum.TypeInfo
	names []string
	buf   []byte
	value []byte
}

func (e *rowEncoder) header() {
	if e.o.Format == copyfmt.Binary {
		e.buf = copyfmt.BinaryHeader(e.buf)
		return
	}
	if !e.o.Header {
		return
	}
	force := e.o.ForceQuote
	e.o.ForceQuote = false // it is about values
	for i, name := range e.names {
		e.field(i, []byte(name))
	}
	e.o.ForceQuote = force
	e.buf = append(e.buf, '\n')
}

func (e *rowEncoder) field(i int, value []byte) {
	if i > 0 {
		e.buf = append(e.buf, e.o.Delimiter)
	}
	if e.o.Format == copyfmt.CSV {
		e.buf = copyfmt.AppendCSV(e.buf, value, e.o, len(e.names) == 1)
		return
	}
	e.buf = copyfmt.AppendText(e.buf, value, e.o)
}

func (e *rowEncoder) row(row []datum.Datum) {
	if e.o.Format == copyfmt.Binary {
		e.binary(row)
		return
	}
	for i, d := range row {
		if d.Null {
			if i > 0 {
				e.buf = append(e.buf, e.o.Delimiter)
			}
			e.buf = append(e.buf, e.o.Null...)
			continue
		}
		e.value = e.infos[i].AppendTextIn(e.env, e.value[:0], d)
		e.field(i, e.value)
	}
	e.buf = append(e.buf, '\n')
}

func (e *rowEncoder) binary(row []datum.Datum) {
	e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(len(row)))
	for i, d := range row {
		if d.Null {
			e.buf = append(e.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(e.buf)
		e.buf = append(e.buf, 0, 0, 0, 0)
		e.buf = e.infos[i].AppendBinary(e.buf, d)
		binary.BigEndian.PutUint32(e.buf[at:], uint32(len(e.buf)-at-4))
	}
}
