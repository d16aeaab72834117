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
	fields := make([]pgproto3.FieldDescription, len(cols))
	for i, col := range cols {
		fields[i] = pgproto3.FieldDescription{
			Name: []byte(col.Name), TableOID: col.TableOID, TableAttributeNumber: uint16(col.AttNum),
			DataTypeOID: uint32(col.Type), DataTypeSize: col.Size, TypeModifier: col.Mod, Format: col.Format,
		}
	}
	c.send(&pgproto3.RowDescription{Fields: fields})
}

// Row encodes a DataRow straight into the send buffer.
//
//	0     1        5         7
//	+-----+--------+---------+----------------------------------+
//	| 'D' | length | columns | per column: length (-1 = NULL), bytes |
//	+-----+--------+---------+----------------------------------+
func (o *output) Row(cols []session.Column, row []datum.Datum) error {
	start := len(o.out)
	b := append(o.out, 'D', 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(cols)))
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
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-1))
	o.out = b
	if len(b) >= flushAtBytes {
		return o.conn().flush()
	}
	return o.broken
}

func (o *output) CommandComplete(tag string) error {
	o.conn().send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
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
