package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// codeStates maps what a plugin says went wrong to what the client sees. It is total over pb.Code (tested).
var codeStates = map[pb.Code]pgerr.Code{
	pb.Code_UNKNOWN:          pgerr.ExternalRoutineException,
	pb.Code_CONFLICT:         pgerr.SerializationFailure,
	pb.Code_NOT_FOUND:        pgerr.IndexCorrupted,
	pb.Code_INVALID_EDIT:     pgerr.IndexCorrupted,
	pb.Code_TOO_MANY_BLOCKS:  pgerr.ExternalRoutineException,
	pb.Code_WRONG_STATE:      pgerr.ExternalRoutineException,
	pb.Code_UNSUPPORTED:      pgerr.FeatureNotSupported,
	pb.Code_INVALID_OPTION:   pgerr.InvalidParameterValue,
	pb.Code_INVALID_VALUE:    pgerr.InvalidParameterValue,
	pb.Code_UNIQUE_VIOLATION: pgerr.UniqueViolation,
	pb.Code_CORRUPT_INDEX:    pgerr.IndexCorrupted,
	pb.Code_CANCELED:         pgerr.QueryCanceled,
	pb.Code_DEADLINE:         pgerr.QueryCanceled,
	pb.Code_NO_SPACE:         pgerr.DiskFull,
	pb.Code_TOO_LARGE:        pgerr.ProgramLimitExceeded,
	pb.Code_PANIC:            pgerr.ExternalRoutineException,
	pb.Code_DRAINING:         pgerr.ObjectNotInPrerequisiteState,
	pb.Code_HOST:             pgerr.InternalError,
	pb.Code_PROTOCOL:         pgerr.ExternalRoutineException,
	pb.Code_BUSY:             pgerr.ExternalRoutineException,
	pb.Code_ENOUGH:           pgerr.ExternalRoutineException,
	pb.Code_ALIVE:            pgerr.ExternalRoutineException,
}

// authorClasses are the classes of SQLSTATE that an author may choose: mistakes of the user's and limits.
var authorClasses = map[string]bool{"0A": true, "22": true, "23": true, "54": true}

const reindexHint = "REINDEX rebuilds the index; if it happens again, the access method has a bug."

// toPlugin is what a plugin is told about an error of the host's: enough to decide by, and nothing of the host's inside.
func toPlugin(err error) *pb.Error {
	var conflict *genericxlog.ConflictError
	var invalid *genericxlog.ValidationError
	switch {
	case errors.As(err, &conflict):
		return &pb.Error{Code: pb.Code_CONFLICT, Message: wire.ErrConflict.Error(), Block: uint32(conflict.Tag.Block), HasBlock: true}
	case errors.As(err, &invalid):
		return &pb.Error{Code: pb.Code_INVALID_EDIT, Message: invalid.Error(), Block: uint32(invalid.Tag.Block), HasBlock: true}
	case errors.Is(err, genericxlog.ErrConflict):
		return &pb.Error{Code: pb.Code_CONFLICT, Message: wire.ErrConflict.Error()}
	case errors.Is(err, genericxlog.ErrTooManyBlocks):
		return &pb.Error{Code: pb.Code_TOO_MANY_BLOCKS, Message: err.Error()}
	case errors.Is(err, genericxlog.ErrTooLarge):
		return &pb.Error{Code: pb.Code_TOO_LARGE, Message: err.Error()}
	case wire.CodeOf(err) != pb.Code_UNKNOWN:
		return wire.ErrorToProto(err)
	case pgerr.Is(err, pgerr.DiskFull):
		return &pb.Error{Code: pb.Code_NO_SPACE, Message: wire.ErrNoSpace.Error()}
	}
	return &pb.Error{Code: pb.Code_HOST, Message: "the host could not answer; its log tells why"}
}

// hostsOwn reports whether an error of a page request is the host's affair, so that the statement must end with
// it whatever the plugin makes of it.
func hostsOwn(err error) bool {
	switch toPlugin(err).GetCode() {
	case pb.Code_HOST, pb.Code_NO_SPACE:
		return true
	}
	return false
}

// fromPlugin is what the client is told about an error of a plugin's.
func fromPlugin(m *pb.Error) error {
	we := wire.ErrorFromProto(m)
	code := codeStates[we.Code]
	if len(we.SQLState) == 5 && authorClasses[pgerr.Code(we.SQLState).Class()] {
		code = pgerr.Code(we.SQLState)
	}
	e := pgerr.New(code, "%s", we.Error()).Because(we)
	e.Detail, e.Hint = we.Detail, we.Hint
	if e.Hint == "" && code == pgerr.IndexCorrupted {
		e.Hint = reindexHint
	}
	return e
}

// pluginError wraps what ended a call (H6). An SQLSTATE found in err's chain wins; with one of the user's mistakes and limits the words
// are the author's, and the place is their context.
func pluginError(plugin, method, index string, err error) *am.PluginError {
	var known *am.PluginError
	if errors.As(err, &known) {
		return known
	}
	out := &am.PluginError{Plugin: plugin, Method: method, Index: index, Err: err}
	var pe *pgerr.Error
	var stater pgerr.SQLStater
	switch {
	case errors.As(err, &pe):
		out.State, out.Help = string(pe.Code), pe.Hint
		if authorClasses[pe.Code.Class()] {
			out.Said = pe.Message
		}
	case errors.As(err, &stater):
		out.State = stater.SQLState()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		out.State = string(pgerr.QueryCanceled)
	}
	return out
}

// lieError is proof that an index does not tell the truth.
func lieError(format string, args ...any) error {
	return pgerr.New(pgerr.IndexCorrupted, format, args...).WithHint(reindexHint)
}

// protocolError says that a plugin does not keep to the protocol.
func protocolError(format string, args ...any) error {
	return pgerr.New(pgerr.ExternalRoutineException, "%w: "+format, append([]any{wire.ErrProtocol}, args...)...).
		WithHint("The plugin may have been built with another version of the SDK; rebuild it.")
}

// unavailable says that an access method cannot be used now.
func unavailable(name string, st State, reason, remedy string) error {
	msg := fmt.Sprintf("access method %q is not available: its plugin is %s", name, st)
	if reason != "" {
		msg += ": " + reason
	}
	return &lookupError{pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%s", msg).WithHint("%s", remedy), am.ErrUnavailable}
}

// A lookupError is what the client sees, and am.ErrUnavailable or am.ErrUnknown to errors.Is.
type lookupError struct {
	client *pgerr.Error
	kind   error
}

func (e *lookupError) Error() string   { return e.client.Error() }
func (e *lookupError) Unwrap() []error { return []error{e.client, e.kind} }
