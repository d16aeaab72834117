package wire

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// tidSize is the packed size of a row address.
const tidSize = page.TIDSize

func cutTID(b []byte) (page.TID, []byte, error) {
	if len(b) < tidSize {
		return page.TID{}, nil, fmt.Errorf("%w: row address of %d bytes, it has %d", ErrProtocol, len(b), tidSize)
	}
	return page.DecodeTID(b), b[tidSize:], nil
}

// AppendTIDs packs row addresses one after the other.
func AppendTIDs(dst []byte, tids []page.TID) []byte {
	for _, t := range tids {
		dst = t.AppendBinary(dst)
	}
	return dst
}

// DecodeTIDs unpacks row addresses.
func DecodeTIDs(b []byte, limit int) ([]page.TID, error) {
	if len(b)%tidSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no whole number of row addresses", ErrProtocol, len(b))
	}
	if len(b)/tidSize > limit {
		return nil, fmt.Errorf("%w: %d row addresses, the limit is %d", ErrTooLarge, len(b)/tidSize, limit)
	}
	tids := make([]page.TID, 0, len(b)/tidSize)
	for ; len(b) > 0; b = b[tidSize:] {
		tids = append(tids, page.DecodeTID(b))
	}
	return tids, nil
}
