package datum

import (
	"encoding/binary"
	"strconv"
)

// IntervalValue is a span of time in the three units that do not convert into one another.
type IntervalValue struct {
	Micros int64
	Days   int32
	Months int32
}

// NewInterval returns an interval. S holds its binary format.
func NewInterval(v IntervalValue) Datum {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(v.Micros))
	binary.BigEndian.PutUint32(b[8:], uint32(v.Days))
	binary.BigEndian.PutUint32(b[12:], uint32(v.Months))
	return Datum{S: string(b[:])}
}

// Interval returns the value of an interval.
func (d Datum) Interval() IntervalValue {
	b := d.Bytes()
	if len(b) != 16 {
		return IntervalValue{}
	}
	return IntervalValue{
		Micros: int64(binary.BigEndian.Uint64(b)),
		Days:   int32(binary.BigEndian.Uint32(b[8:])),
		Months: int32(binary.BigEndian.Uint32(b[12:])),
	}
}

// formatInterval prints the postgres style ("1 year 2 mons -3 days +04:05:06") or, if asked for, iso_8601.
func formatInterval(env *Env, dst []byte, d Datum) []byte {
	v := d.Interval()
	if env.IntervalISO {
		return appendIntervalISO(dst, v)
	}
	start, before := len(dst), false // before: the last printed part was negative
	part := func(n int32, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if before && n > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(strconv.AppendInt(dst, int64(n), 10), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		before = n < 0
	}
	part(v.Months/12, "year")
	part(v.Months%12, "mon")
	part(v.Days, "day")
	if v.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	switch {
	case v.Micros < 0:
		dst = append(dst, '-')
	case before:
		dst = append(dst, '+')
	}
	return appendClock(dst, magnitude(v.Micros))
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func appendClock(dst []byte, micros uint64) []byte {
	dst = append(appendDigits(dst, int(micros/MicrosPerHour), 2), ':')
	dst = append(appendDigits(dst, int(micros/MicrosPerMinute%60), 2), ':')
	return appendFraction(appendDigits(dst, int(micros/MicrosPerSecond%60), 2), int(micros%MicrosPerSecond))
}

func appendIntervalISO(dst []byte, v IntervalValue) []byte {
	if v == (IntervalValue{}) {
		return append(dst, "PT0S"...)
	}
	unit := func(n int64, letter byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), letter)
		}
	}
	dst = append(dst, 'P')
	unit(int64(v.Months/12), 'Y')
	unit(int64(v.Months%12), 'M')
	unit(int64(v.Days), 'D')
	if v.Micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	unit(v.Micros/MicrosPerHour, 'H')
	unit(v.Micros/MicrosPerMinute%60, 'M')
	if rest := v.Micros % MicrosPerMinute; rest != 0 {
		if rest < 0 {
			dst = append(dst, '-')
			rest = -rest
		}
		dst = strconv.AppendInt(dst, rest/MicrosPerSecond, 10)
		dst = append(appendFraction(dst, int(rest%MicrosPerSecond)), 'S')
	}
	return dst
}

func receiveInterval(b []byte) (Datum, error) {
	if err := checkWidth(b, 16); err != nil {
		return Datum{}, err
	}
	return Datum{S: string(b)}, nil
}
