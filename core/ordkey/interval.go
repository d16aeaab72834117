package ordkey

import (
	"cmp"
	"encoding/binary"
)

const (
	daysPerMonth = 30
	microsPerDay = 24 * 60 * 60 * 1000 * 1000

	intervalSize = 11 // six bytes of days, five of microseconds within the day
)

// A Span is what of an interval counts in comparisons: its length, with a month of 30 days and a day of 24 hours. Equal intervals
// have identical Spans. Micros is at least 0 and less than a day.
type Span struct{ Days, Micros int64 }

// SpanOf returns the length of an interval.
func SpanOf(micros int64, days, months int32) Span {
	s := Span{Days: micros / microsPerDay, Micros: micros % microsPerDay}
	if s.Micros < 0 {
		s.Days, s.Micros = s.Days-1, s.Micros+microsPerDay
	}
	s.Days += int64(days) + daysPerMonth*int64(months)
	return s
}

// Compare orders by length.
func (s Span) Compare(t Span) int {
	if s.Days != t.Days {
		return cmp.Compare(s.Days, t.Days)
	}
	return cmp.Compare(s.Micros, t.Micros)
}

// encodeInterval goes by the Span. The value is microseconds, days, months.
//
//	0                    6                     11
//	+--------------------+---------------------+
//	| days, sign turned  | microseconds of day |
//	+--------------------+---------------------+
func encodeInterval(dst, v []byte) []byte {
	s := SpanOf(int64(binary.BigEndian.Uint64(v)), int32(binary.BigEndian.Uint32(v[8:])), int32(binary.BigEndian.Uint32(v[12:])))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(s.Days)^1<<47)
	dst = append(dst, b[2:8]...)
	binary.BigEndian.PutUint64(b[:], uint64(s.Micros))
	return append(dst, b[3:8]...)
}
