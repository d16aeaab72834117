package pgerr

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
)

// SQLStater is what an error of a lower layer implements to choose its code without knowing this package. Such an
// error may also have methods Detail() string and Hint() string.
type SQLStater interface {
	error
	SQLState() string
}

// From turns any error into an *Error: the first *Error in its chain as it is, unless an SQLStater wraps it; else the first
// SQLStater's code with the message of the whole chain; else 57014 for a cancelled context, 53100 and 58030 for a file operation that found
// no space or did not work, and XX000 for the rest. An error with a method Told gives message and context itself if it likes.
// From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) && !wrapped(err) {
		return known
	}
	e := &Error{Code: InternalError, Severity: SeverityError, Message: err.Error(), Err: err}
	var stater SQLStater
	var file *fs.PathError
	var number syscall.Errno
	switch {
	case errors.As(err, &stater) && len(stater.SQLState()) == 5:
		e.Code = Code(stater.SQLState())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Code = QueryCanceled
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code = DiskFull
	case errors.As(err, &file), errors.As(err, &number):
		e.Code = IOError
	}
	var detailed interface{ Detail() string }
	if known != nil {
		e.Detail, e.Hint = known.Detail, known.Hint
	}
	if errors.As(err, &detailed) && detailed.Detail() != "" {
		e.Detail = detailed.Detail()
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		e.Hint = hinted.Hint()
	}
	var teller interface {
		Told() (message, where string, ok bool)
	}
	if errors.As(err, &teller) {
		if message, where, ok := teller.Told(); ok {
			e.Message, e.Where = message, where
		}
	}
	return e
}

// wrapped reports whether an SQLStater stands in the chain before the first *Error: it says more of the place.
func wrapped(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if _, ok := err.(*Error); ok {
			return false
		}
		if _, ok := err.(SQLStater); ok {
			return true
		}
	}
	return false
}

// CodeOf returns the SQLSTATE that From would choose, and the empty code for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}

// Is reports whether err would reach a client with this code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// Class returns the first two characters of the code, which name its family.
func (c Code) Class() string {
	if len(c) < 2 {
		return ""
	}
	return string(c[:2])
}

// Name returns PostgreSQL's name of the condition, such as "undefined_table", or the code itself if it is not one of
// PostgreSQL's.
func (c Code) Name() string {
	if name, ok := conditionNames[c]; ok {
		return name
	}
	return string(c)
}
