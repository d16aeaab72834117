package datum

import "time"

// DateOrder says how three numbers of a date are read when the first is not a year.
type DateOrder uint8

// The orders that the DateStyle setting knows.
const (
	MDY DateOrder = iota
	DMY
	YMD
)

// Env is what the text formats take from a session's settings. The zero value holds the defaults; an Env is not changed
// while it is in use.
type Env struct {
	// Location is the TimeZone setting; nil is UTC.
	Location *time.Location
	// DateOrder is the second half of the DateStyle setting; the first half is always ISO.
	DateOrder DateOrder
	// FloatDigits is extra_float_digits minus 1: at zero or above, floats are printed in their shortest exact form.
	FloatDigits int
	// ByteaEscape prints bytea in the escape format.
	ByteaEscape bool
	// IntervalISO prints intervals in the iso_8601 style.
	IntervalISO bool
	// Now gives 'now', 'today' and their kin their meaning: the start of the transaction. Nil is the clock.
	Now func() time.Time
	// Object resolves the name in a literal of a reg type (Regclass, Regproc, …), and ObjectName prints one. Nil means numbers only.
	Object     func(kind OID, name string) (OID, error)
	ObjectName func(kind, oid OID) (string, bool)
}

var defaultEnv = &Env{}

func (e *Env) orDefault() *Env {
	if e == nil {
		return defaultEnv
	}
	return e
}

func (e *Env) location() *time.Location {
	if e.Location == nil {
		return time.UTC
	}
	return e.Location
}

func (e *Env) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}
