package am

import "errors"

var (
	// ErrUnknown is in the chain of the error for an access method that does not exist.
	ErrUnknown = errors.New("no such access method")
	// ErrUnavailable is in the chain of the error for an access method that exists and cannot be used now.
	ErrUnavailable = errors.New("access method is not available")
)

// PluginError is a failure of an access method's process, or of what it answered.
type PluginError struct {
	Plugin string // name of the access method
	Method string // what was being done: "Insert", "BulkDelete", …
	Index  string // name of the index; empty if the call is about none
	// State is the SQLSTATE: the plugin's own for the user's mistakes, 38000 for a crash or a broken protocol, XX002 for a
	// malformed page, 57014 for a deadline. Empty means 38000.
	State string
	Help  string // the remedy; may be empty
	// Said is what the author has to say to the user about the user's own mistake, or a limit: then that is the message, and where it
	// happened its context. Empty for whatever went wrong in the plugin itself.
	Said string
	Err  error
}

// Error names the access method, the call and the index before the cause.
func (e *PluginError) Error() string {
	return e.where() + ": " + e.Err.Error()
}

func (e *PluginError) where() string {
	s := "access method " + e.Plugin + ": " + e.Method
	if e.Index != "" {
		s += " on index " + e.Index
	}
	return s
}

// Told returns message and context for the client if the author had something to say.
func (e *PluginError) Told() (message, where string, ok bool) { return e.Said, e.where(), e.Said != "" }

// Unwrap returns the cause.
func (e *PluginError) Unwrap() error { return e.Err }

// SQLState returns the code for the client.
func (e *PluginError) SQLState() string {
	if e.State == "" {
		return "38000"
	}
	return e.State
}

// Hint returns the remedy.
func (e *PluginError) Hint() string { return e.Help }
