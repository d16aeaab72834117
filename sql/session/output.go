package session

import (
	"context"
	"io"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Column describes one column of an answer, as RowDescription does.
type Column struct {
	Name     string
	Type     datum.OID
	Mod      int32 // -1 if there is none
	Size     int16 // of a value in bytes, -1 if it varies
	Format   int16 // 0 text, 1 binary
	TableOID uint32
	AttNum   int16 // counted from 1; 0 if the column is computed
}

// Output takes the answer of a statement.
type Output interface {
	// RowDescription comes before the rows; simple protocol only.
	RowDescription(cols []Column) error
	// Row delivers one row, valid until it returns.
	Row(cols []Column, row []datum.Datum) error
	CommandComplete(tag string) error
	EmptyQuery() error
	PortalSuspended() error
	Notice(notice *pgerr.Error) error
	ParameterStatus(name, value string) error
	// CopyIn asks the client for data: io.EOF after its end, a *pgerr.Error with 57014 if the client gives up, the cause of ctx
	// when that ends first. The reader is closed before the statement ends, and before ctx if that has not ended.
	CopyIn(ctx context.Context, overall int16, cols []int16) (io.ReadCloser, error)
	CopyOut(overall int16, cols []int16) (io.WriteCloser, error)
}

// AppendValue appends a value that is not null in the column's format.
func (s *Session) AppendValue(dst []byte, col Column, d datum.Datum) []byte {
	info := datum.MustLookup(col.Type)
	if col.Format == 1 {
		return info.AppendBinary(dst, d)
	}
	return info.AppendTextIn(s.datumEnv(), dst, d)
}
