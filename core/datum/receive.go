package datum

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/pgerr"
)

// Binary values come from clients, who may send anything. PostgreSQL reads them as fields of a message: what is missing is a
// violation of the protocol, what is left over is bad data, and both have one wording for all types.

// ErrExcess is the error for a binary value that is longer than its type. Who knows where the value stands says so.
var ErrExcess error = pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")

func errShort() error { return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message") }

// checkWidth returns an error unless b has exactly width bytes.
func checkWidth(b []byte, width int) error {
	switch {
	case len(b) == 0 && width == 1:
		return pgerr.New(pgerr.ProtocolViolation, "no data left in message")
	case len(b) < width:
		return errShort()
	case len(b) > width:
		return ErrExcess
	}
	return nil
}

// shownName is the name of a type in an error. The table of types needs the functions here, so it comes by init.
var shownName func(oid OID) string

func init() {
	shownName = func(oid OID) string {
		if t := Lookup(oid); t != nil {
			return t.SQLName
		}
		return "???" // as PostgreSQL calls a type that does not exist
	}
}

const maxDimensions = 6

// checkArrayHeader judges the header of a binary array of which 12 bytes are there.
func checkArrayHeader(b []byte, info *TypeInfo) error {
	dimensions, flags := int32(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	switch {
	case dimensions < 0:
		return errArray("invalid number of dimensions: %d", dimensions)
	case dimensions > maxDimensions:
		return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", dimensions, maxDimensions)
	case flags > 1:
		return errArray("invalid array flags")
	}
	if oid := OID(binary.BigEndian.Uint32(b[8:])); oid != info.OID {
		return pgerr.New(pgerr.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)",
			oid, shownName(oid), info.OID, info.SQLName)
	}
	return nil
}
