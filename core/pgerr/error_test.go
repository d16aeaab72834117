package pgerr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

type tornPage struct{}

func (tornPage) Error() string    { return "page 7 is torn" }
func (tornPage) SQLState() string { return "XX001" }
func (tornPage) Hint() string     { return "Restore it from a standby." }

func TestFromFindsTheCode(t *testing.T) {
	known := pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", "t")
	for _, c := range []struct {
		err  error
		code pgerr.Code
		msg  string
	}{
		{known, "42P01", `relation "t" does not exist`},
		{fmt.Errorf("planning: %w", known), "42P01", `relation "t" does not exist`},
		{fmt.Errorf("reading: %w", tornPage{}), "XX001", "reading: page 7 is torn"},
		{fmt.Errorf("waiting: %w", context.Canceled), "57014", "waiting: context canceled"},
		{io.ErrUnexpectedEOF, "XX000", "unexpected EOF"},
	} {
		e := pgerr.From(c.err)
		require.Equal(t, c.code, e.Code)
		require.Equal(t, c.msg, e.Message)
		require.Equal(t, pgerr.SeverityError, e.Severity)
		require.True(t, pgerr.Is(c.err, c.code))
	}
	require.Nil(t, pgerr.From(nil))
	require.Equal(t, "Restore it from a standby.", pgerr.From(tornPage{}).Hint)
	require.ErrorIs(t, pgerr.From(io.ErrUnexpectedEOF), io.ErrUnexpectedEOF)
}

func TestFieldsAreFluent(t *testing.T) {
	e := pgerr.New(pgerr.UniqueViolation, "reading %s: %w", "x", io.EOF).
		WithDetail("Key (%s)=(%d) already exists.", "a", 1).WithHint("Choose 100% another.").
		WithTable("public", "t").WithColumn("a").WithConstraint("t_pkey").WithWhere("COPY t, line 1").At(0).At(4).At(9)
	require.Equal(t, "reading x: EOF", e.Error())
	require.ErrorIs(t, e, io.EOF)
	require.Equal(t, "Key (a)=(1) already exists.", e.Detail)
	require.Equal(t, "Choose 100% another.", e.Hint)
	require.Equal(t, 4, e.Position)
	require.Equal(t, "t_pkey", e.Constraint)
	require.ErrorIs(t, fmt.Errorf("w: %w", e), &pgerr.Error{Code: pgerr.UniqueViolation})
	require.False(t, errors.Is(e, &pgerr.Error{Code: pgerr.UndefinedTable}))
}

func TestCodes(t *testing.T) {
	require.Equal(t, "unique_violation", pgerr.UniqueViolation.Name())
	require.Equal(t, "23", pgerr.UniqueViolation.Class())
	require.Equal(t, "QX001", pgerr.Code("QX001").Name())
	require.Equal(t, pgerr.Code("22001"), pgerr.StringDataRightTruncation)
}

// placed is an error of a lower layer that says where something happened and passes on the cause's code.
type placed struct{ err error }

func (p placed) Error() string    { return "access method bloom: Insert on index i: " + p.err.Error() }
func (p placed) Unwrap() error    { return p.err }
func (p placed) SQLState() string { return "57014" }

func TestFromKeepsThePlaceThatAnOuterErrorNames(t *testing.T) {
	cause := pgerr.New(pgerr.QueryCanceled, "no answer within 2s").WithHint("Repeat the statement.").WithDetail("It hung.")
	e := pgerr.From(fmt.Errorf("statement: %w", placed{cause}))
	require.Equal(t, pgerr.QueryCanceled, e.Code)
	require.Equal(t, "statement: access method bloom: Insert on index i: no answer within 2s", e.Message)
	require.Equal(t, "Repeat the statement.", e.Hint)
	require.Equal(t, "It hung.", e.Detail)
	require.Same(t, cause, pgerr.From(fmt.Errorf("statement: %w", cause)), "a plain wrapper adds nothing")
}
