package wire

import (
	"fmt"
	"math"

	"github.com/quiredb/quire/core/page"
)

// Hit is a row that a scan found. Recheck asks the host to test the condition on the row itself. OrderBy is the row's
// place in an ordering scan by distance, and 0 in any other. Values are those of the columns that the scan was asked to return.
type Hit struct {
	TID     page.TID
	Recheck bool
	OrderBy float64
	Values  []Value
}

// A packed hit, little endian:
//
//	0            4             6       7
//	+------------+-------------+-------+
//	| block, u32 | offset, u16 | flags |
//	+------------+-------------+-------+
//
// flags: 1 = recheck.
const (
	hitSize    = tidSize + 1
	hitRecheck = 1
)

// AppendHit packs a hit without its order-by value.
func AppendHit(dst []byte, tid page.TID, recheck bool) []byte {
	dst = tid.AppendBinary(dst)
	if recheck {
		return append(dst, hitRecheck)
	}
	return append(dst, 0)
}

// DecodeHits appends count packed hits to dst. orderBy is empty or has a value, not NaN, for each hit.
func DecodeHits(dst []Hit, packed []byte, count int, orderBy []float64) ([]Hit, error) {
	switch {
	case count < 0 || count > MaxHits:
		return dst, fmt.Errorf("%w: %d hits in a message, the limit is %d", ErrTooLarge, count, MaxHits)
	case len(packed) != count*hitSize:
		return dst, fmt.Errorf("%w: %d hits in %d bytes, they take %d", ErrProtocol, count, len(packed), count*hitSize)
	case len(orderBy) != 0 && len(orderBy) != count:
		return dst, fmt.Errorf("%w: %d order-by values for %d hits", ErrProtocol, len(orderBy), count)
	}
	for i := range count {
		b := packed[i*hitSize : (i+1)*hitSize]
		if b[tidSize]&^hitRecheck != 0 {
			return dst, fmt.Errorf("%w: unknown flags %#x of hit %d", ErrProtocol, b[tidSize], i)
		}
		h := Hit{TID: page.DecodeTID(b), Recheck: b[tidSize]&hitRecheck != 0}
		if len(orderBy) != 0 {
			if math.IsNaN(orderBy[i]) {
				return dst, fmt.Errorf("%w: order-by value of hit %d is not a number", ErrProtocol, i)
			}
			h.OrderBy = orderBy[i]
		}
		dst = append(dst, h)
	}
	return dst, nil
}

// SetHitValues unpacks the values of columns columns for each hit, which alias packed.
func SetHitValues(hits []Hit, packed []byte, columns int) error {
	if columns > MaxColumns || len(hits)*columns > len(packed) {
		return fmt.Errorf("%w: %d values for each of %d hits in %d bytes", ErrProtocol, columns, len(hits), len(packed))
	}
	values := make([]Value, len(hits)*columns)
	for i := range values {
		var err error
		if values[i], packed, err = cutValue(packed); err != nil {
			return fmt.Errorf("hit %d of %d: %w", i/columns, len(hits), err)
		}
	}
	if len(packed) != 0 {
		return fmt.Errorf("%w: %d bytes after the values of the last of %d hits", ErrProtocol, len(packed), len(hits))
	}
	for i := range hits {
		hits[i].Values = values[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return nil
}
