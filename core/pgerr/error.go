package pgerr

import "fmt"

// Severity is the word that a client shows before the message.
type Severity string

// The severities of PostgreSQL. Only Error, Fatal and Panic end a statement.
const (
	SeverityError   Severity = "ERROR"
	SeverityFatal   Severity = "FATAL"
	SeverityPanic   Severity = "PANIC"
	SeverityWarning Severity = "WARNING"
	SeverityNotice  Severity = "NOTICE"
	SeverityDebug   Severity = "DEBUG"
	SeverityInfo    Severity = "INFO"
	SeverityLog     Severity = "LOG"
)

// Error is one error or notice with the fields that PostgreSQL's protocol can carry.
type Error struct {
	Code     Code
	Severity Severity
	Message  string
	Detail   string
	Hint     string
	// Position is the place in the statement text, in characters, counted from 1. Zero means unknown.
	Position int
	// InternalPosition and InternalQuery belong to a statement that the server made itself.
	InternalPosition int
	InternalQuery    string
	// Where is the context: what was going on, innermost first.
	Where string

	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string

	// Err is the cause, if there is one.
	Err error
}

// New makes an error of severity ERROR. A %w verb in format makes its argument the cause.
func New(code Code, format string, args ...any) *Error {
	return build(SeverityError, code, format, args)
}

// Fatal makes an error that ends the session.
func Fatal(code Code, format string, args ...any) *Error {
	return build(SeverityFatal, code, format, args)
}

// Notice makes a message of severity NOTICE.
func Notice(code Code, format string, args ...any) *Error {
	return build(SeverityNotice, code, format, args)
}

// Warn makes a message of severity WARNING.
func Warn(code Code, format string, args ...any) *Error {
	return build(SeverityWarning, code, format, args)
}

func build(severity Severity, code Code, format string, args []any) *Error {
	e := &Error{Code: code, Severity: severity}
	if len(args) == 0 {
		e.Message = format
		return e
	}
	err := fmt.Errorf(format, args...)
	e.Message = err.Error()
	if u, ok := err.(interface{ Unwrap() error }); ok {
		e.Err = u.Unwrap()
	}
	return e
}

// Error returns the message alone: code and severity are for the client and for logs that ask for them.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// SQLState returns the code, so that an Error satisfies SQLStater.
func (e *Error) SQLState() string { return string(e.Code) }

// Is reports whether target is an *Error with the same code and no message: errors.Is(err, &Error{Code: c}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Message == "" && t.Code == e.Code
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = sprintf(format, args)
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = sprintf(format, args)
	return e
}

// WithWhere sets the context line and returns e.
func (e *Error) WithWhere(format string, args ...any) *Error {
	if where := sprintf(format, args); e.Where != "" {
		e.Where += "\n" + where
	} else {
		e.Where = where
	}
	return e
}

// At sets the position (in characters, counted from 1) unless one is known already, and returns e. A position of
// zero or less is ignored, so that a caller may pass what it has.
func (e *Error) At(position int) *Error {
	if e.Position == 0 && position > 0 {
		e.Position = position
	}
	return e
}

// WithTable names the table the error is about and returns e.
func (e *Error) WithTable(schema, table string) *Error {
	e.Schema, e.Table = schema, table
	return e
}

// WithColumn names the column the error is about and returns e.
func (e *Error) WithColumn(column string) *Error {
	e.Column = column
	return e
}

// WithConstraint names the constraint the error is about and returns e.
func (e *Error) WithConstraint(constraint string) *Error {
	e.Constraint = constraint
	return e
}

// Because sets the cause and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
