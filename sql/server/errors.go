package server

import (
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/pgerr"
)

// sendError queues an error with every field that the client may show.
func (c *conn) sendError(e *pgerr.Error, severity pgerr.Severity) {
	if e.Severity == pgerr.SeverityFatal || e.Severity == pgerr.SeverityPanic {
		severity = e.Severity
	}
	c.send(errorResponse(e, severity))
}

func errorResponse(e *pgerr.Error, severity pgerr.Severity) *pgproto3.ErrorResponse {
	text := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") } // a message may quote what the client sent
	return &pgproto3.ErrorResponse{
		Severity: string(severity), SeverityUnlocalized: string(severity), Code: string(e.Code), Message: text(e.Message),
		Detail: text(e.Detail), Hint: text(e.Hint), Position: int32(e.Position), Where: text(e.Where),
		SchemaName: e.Schema, TableName: e.Table, ColumnName: e.Column, ConstraintName: e.Constraint,
	}
}
