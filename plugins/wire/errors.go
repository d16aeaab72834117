package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// The decisions a caller can make about an error that crossed the boundary. Test with errors.Is.
var (
	// ErrConflict: a page moved on since it was read. Read again and retry; sdk.Index.Update does.
	ErrConflict = errors.New("page changed since it was read")
	// ErrNotFound: a block beyond the end of the index.
	ErrNotFound = errors.New("block not found")
	// ErrInvalidEdit: the host refused the edits; retrying them is of no use.
	ErrInvalidEdit = errors.New("invalid page edit")
	// ErrTooManyBlocks: more pages than one record takes.
	ErrTooManyBlocks = errors.New("too many pages in one record")
	// ErrWrongState: the request does not fit the call or the moment.
	ErrWrongState = errors.New("request not allowed here")
	// ErrUnsupported: the access method cannot do that.
	ErrUnsupported = errors.New("not supported by the access method")
	// ErrInvalidOption: an index option is wrong.
	ErrInvalidOption = errors.New("invalid index option")
	// ErrInvalidValue: a value cannot be indexed.
	ErrInvalidValue = errors.New("invalid value")
	// ErrUnique: an equal live row exists.
	ErrUnique = errors.New("duplicate key value")
	// ErrCorruptIndex: the pages of the index contradict each other; REINDEX is the remedy.
	ErrCorruptIndex = errors.New("index is damaged")
	// ErrNoSpace: the host's disk is full.
	ErrNoSpace = errors.New("no space left on device")
	// ErrTooLarge: a message, a batch or an entry exceeds its limit.
	ErrTooLarge = errors.New("too large")
	// ErrPanic: the access method panicked in this call.
	ErrPanic = errors.New("access method panicked")
	// ErrDraining: the plugin is stopping and takes no more calls.
	ErrDraining = errors.New("plugin is draining")
	// ErrHost: the host could not answer for reasons of its own.
	ErrHost = errors.New("host error")
	// ErrProtocol: a message that the protocol does not allow.
	ErrProtocol = errors.New("protocol violation")
	// ErrEnough: the reader of a scan wants no more hits.
	ErrEnough = errors.New("no more hits are wanted")
	// ErrAlive: a row that has to be dead for a Finish is live, or it depends on a running transaction.
	ErrAlive = errors.New("a row in the way is not dead")
	// ErrBusy: another request of this kind is under way.
	ErrBusy = errors.New("busy")
)

// sentinels maps codes to what errors.Is finds. It is total over pb.Code but for UNKNOWN (tested).
var sentinels = map[pb.Code]error{
	pb.Code_CONFLICT:         ErrConflict,
	pb.Code_NOT_FOUND:        ErrNotFound,
	pb.Code_INVALID_EDIT:     ErrInvalidEdit,
	pb.Code_TOO_MANY_BLOCKS:  ErrTooManyBlocks,
	pb.Code_WRONG_STATE:      ErrWrongState,
	pb.Code_UNSUPPORTED:      ErrUnsupported,
	pb.Code_INVALID_OPTION:   ErrInvalidOption,
	pb.Code_INVALID_VALUE:    ErrInvalidValue,
	pb.Code_UNIQUE_VIOLATION: ErrUnique,
	pb.Code_CORRUPT_INDEX:    ErrCorruptIndex,
	pb.Code_CANCELED:         context.Canceled,
	pb.Code_DEADLINE:         context.DeadlineExceeded,
	pb.Code_NO_SPACE:         ErrNoSpace,
	pb.Code_TOO_LARGE:        ErrTooLarge,
	pb.Code_PANIC:            ErrPanic,
	pb.Code_DRAINING:         ErrDraining,
	pb.Code_HOST:             ErrHost,
	pb.Code_PROTOCOL:         ErrProtocol,
	pb.Code_BUSY:             ErrBusy,
	pb.Code_ENOUGH:           ErrEnough,
	pb.Code_ALIVE:            ErrAlive,
}

// Error is an error with the fields that cross the boundary. Its text stays what it was on the other side.
type Error struct {
	Code     pb.Code
	Message  string
	Detail   string
	Hint     string
	SQLState string // what the sender would have the client see; the host decides
	Block    page.BlockNumber
	HasBlock bool
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code.String()
	}
	return e.Message
}

// Is makes errors.Is find the sentinel of the code.
func (e *Error) Is(target error) bool { return sentinels[e.Code] == target && target != nil }

// CodeOf finds the code that stands for err, UNKNOWN if none does.
func CodeOf(err error) pb.Code {
	var we *Error
	if errors.As(err, &we) {
		return we.Code
	}
	for code, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return code
		}
	}
	return pb.Code_UNKNOWN
}

// ErrorToProto turns an error into its message. Fields of an *Error anywhere in the chain are kept, the text is that
// of the whole chain.
func ErrorToProto(err error) *pb.Error {
	m := &pb.Error{Code: CodeOf(err), Message: CleanText(err.Error())}
	var we *Error
	if errors.As(err, &we) {
		m.Detail, m.Hint, m.Sqlstate = CleanText(we.Detail), CleanText(we.Hint), CleanText(we.SQLState)
		m.Block, m.HasBlock = uint32(we.Block), we.HasBlock
	}
	return m
}

// ErrorFromProto turns a message into an error; texts are cleaned, an unknown code becomes UNKNOWN.
func ErrorFromProto(m *pb.Error) *Error {
	code := m.GetCode()
	if _, ok := pb.Code_name[int32(code)]; !ok {
		code = pb.Code_UNKNOWN
	}
	return &Error{
		Code: code, Message: CleanText(m.GetMessage()), Detail: CleanText(m.GetDetail()), Hint: CleanText(m.GetHint()),
		SQLState: CleanText(m.GetSqlstate()), Block: page.BlockNumber(m.GetBlock()), HasBlock: m.GetHasBlock(),
	}
}

// Errorf makes an error of a code's sentinel with its own text.
func Errorf(sentinel error, format string, args ...any) *Error {
	return &Error{Code: CodeOf(sentinel), Message: fmt.Sprintf(format, args...)}
}

// CleanText bounds a text that came from elsewhere and replaces what does not print, line ends included.
func CleanText(s string) string {
	if len(s) > MaxText {
		s = s[:MaxText]
		for !utf8.ValidString(s) && len(s) > MaxText-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || (r >= 0x7f && r < 0xa0), r == 0x2028, r == 0x2029:
			return '?'
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // would turn the reader's line round
			return '?'
		}
		return r
	}, s)
}
