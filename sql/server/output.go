package server

import (
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
)

// output is the session's way to the client.
type output conn

var _ session.Output = (*output)(nil)

func (o *output) conn() *conn { return (*conn)(o) }

func (o *output) RowDescription(cols []session.Column) error {
	o.conn().describeColumns(cols)
	return o.broken
}

func (c *conn) describeColumns(cols []session.Column) {
	if cols == nil {
		c.send(&pgproto3.NoData{})
		return
	}
	start := c.begin('T')
	b := binary.BigEndian.AppendUint16(c.out, uint16(len(cols)))
	for i := range cols {
		col := &cols[i]
		b = append(append(b, col.Name...), 0)
		b = binary.BigEndian.AppendUint32(b, col.TableOID)
		b = binary.BigEndian.AppendUint16(b, uint16(col.AttNum))
		b = binary.BigEndian.AppendUint32(b, uint32(col.Type))
		b = binary.BigEndian.AppendUint16(b, uint16(col.Size))
		b = binary.BigEndian.AppendUint32(b, uint32(col.Mod))
		b = binary.BigEndian.AppendUint16(b, uint16(col.Format))
	}
	c.out = b
	c.end(start)
}

// begin queues the head of a message, which end completes. What every statement is answered with is encoded here, straight into the send
// buffer: pgproto3 would have it on the heap first.
//
//	0      1        5
//	+------+--------+-----------------------------------+
//	| type | length | body; the length counts itself too |
//	+------+--------+-----------------------------------+
func (c *conn) begin(kind byte) (start int) {
	start = len(c.out)
	c.out = append(c.out, kind, 0, 0, 0, 0)
	return start
}

func (c *conn) end(start int) {
	binary.BigEndian.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	if len(c.out) >= flushAtBytes {
		_ = c.flush() // remembered in broken
	}
}

// Row encodes a DataRow: the number of columns, then for each its length (-1 for NULL) and its bytes.
func (o *output) Row(cols []session.Column, row []datum.Datum) error {
	c := o.conn()
	start := c.begin('D')
	b := binary.BigEndian.AppendUint16(c.out, uint16(len(cols)))
	for i := range cols {
		if row[i].Null {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(b)
		b = append(b, 0, 0, 0, 0)
		b = o.session.AppendValue(b, cols[i], row[i])
		binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	}
	c.out = b
	c.end(start)
	return o.broken
}

func (o *output) CommandComplete(tag string) error {
	c := o.conn()
	start := c.begin('C')
	c.out = append(append(c.out, tag...), 0)
	c.end(start)
	return o.broken
}

func (o *output) EmptyQuery() error {
	o.conn().send(&pgproto3.EmptyQueryResponse{})
	return o.broken
}

func (o *output) PortalSuspended() error {
	o.conn().send(&pgproto3.PortalSuspended{})
	return o.broken
}

func (o *output) Notice(e *pgerr.Error) error {
	n := pgproto3.NoticeResponse(*errorResponse(e, e.Severity))
	o.conn().send(&n)
	return o.broken
}

func (o *output) ParameterStatus(name, value string) error {
	o.conn().send(&pgproto3.ParameterStatus{Name: name, Value: value})
	return o.broken
}
