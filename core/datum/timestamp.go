package datum

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/pgerr"
)

// ModPrecisionZero is the modifier of timestamp(0) and interval(0), whose own number, 0, means no modifier here.
const ModPrecisionZero int32 = 1 << 30

func parseDate(env *Env, s string, _ int32) (Datum, error) {
	f, err := parseDateTime(env, s, "date")
	if err != nil {
		return Datum{}, err
	}
	switch f.special {
	case TimestampInfinity:
		return NewInt(DateInfinity), nil
	case TimestampNegInfinity:
		return NewInt(DateNegInfinity), nil
	}
	if !DateInRange(f.days) {
		return Datum{}, errOutOfRange("date", s)
	}
	return NewInt(f.days), nil
}

func errOutOfRange(typ, s string) error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "%s out of range: \"%s\"", typ, s)
}

func parseTimestamp(env *Env, s string, mod int32) (Datum, error) {
	f, err := parseDateTime(env, s, "timestamp")
	if err != nil {
		return Datum{}, err
	}
	if f.special != 0 {
		return NewInt(f.special), nil
	}
	return f.finish(f.days*MicrosPerDay+f.timeOfDay, s, mod)
}

func parseTimestamptz(env *Env, s string, mod int32) (Datum, error) {
	f, err := parseDateTime(env, s, "timestamp with time zone")
	if err != nil {
		return Datum{}, err
	}
	if f.special != 0 {
		return NewInt(f.special), nil
	}
	if f.days > 1<<27 {
		return Datum{}, errOutOfRange("timestamp", s)
	}
	local := f.days*MicrosPerDay + f.timeOfDay
	switch {
	case f.offsetKnown:
		return f.finish(local-int64(f.offset)*MicrosPerSecond, s, mod)
	case f.location != nil:
		return f.finish(LocalToUTC(f.location, local), s, mod)
	}
	return f.finish(LocalToUTC(env.location(), local), s, mod)
}

func (f dateTimeFields) finish(micros int64, s string, mod int32) (Datum, error) {
	if f.days < -epochJulian || f.days > 1<<27 || !TimestampInRange(micros) {
		return Datum{}, errOutOfRange("timestamp", s)
	}
	micros = roundTimestamp(micros, mod)
	if !TimestampInRange(micros) {
		return Datum{}, errOutOfRange("timestamp", s)
	}
	return NewInt(micros), nil
}

// roundTimestamp rounds to the precision of timestamp(p), half away from zero.
func roundTimestamp(micros int64, mod int32) int64 {
	if mod == ModPrecisionZero {
		mod = 0
	} else if mod <= 0 || mod >= 6 {
		return micros
	}
	unit := int64(1)
	for range 6 - mod {
		unit *= 10
	}
	if micros >= 0 {
		return (micros + unit/2) / unit * unit
	}
	return -((-micros + unit/2) / unit * unit)
}

func appendDigits(dst []byte, v, width int) []byte {
	if v < 100 && width == 2 {
		return append(dst, byte('0'+v/10), byte('0'+v%10))
	}
	var buf [20]byte
	i := len(buf)
	for v > 0 || width > 0 {
		i--
		buf[i] = byte('0' + v%10)
		v /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// appendCivil appends year-month-day; the caller adds " BC" for years up to 0.
func appendCivil(dst []byte, year, month, day int) []byte {
	if year <= 0 {
		year = 1 - year
	}
	dst = append(appendDigits(dst, year, 4), '-')
	dst = append(appendDigits(dst, month, 2), '-')
	return appendDigits(dst, day, 2)
}

func appendTimeOfDay(dst []byte, micros int64) []byte {
	seconds := int(micros / MicrosPerSecond)
	dst = append(appendDigits(dst, seconds/3600, 2), ':')
	dst = append(appendDigits(dst, seconds/60%60, 2), ':')
	return appendFraction(appendDigits(dst, seconds%60, 2), int(micros%MicrosPerSecond))
}

// appendFraction appends a point and microseconds without trailing zeros, or nothing for zero.
func appendFraction(dst []byte, micros int) []byte {
	if micros == 0 {
		return dst
	}
	dst = appendDigits(append(dst, '.'), micros, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func formatDate(_ *Env, dst []byte, d Datum) []byte {
	switch d.I {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	year, month, day := DaysToCivil(d.I)
	dst = appendCivil(dst, year, month, day)
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func formatTimestamp(_ *Env, dst []byte, d Datum) []byte {
	return appendTimestamp(dst, d.I, 0, false)
}

func formatTimestamptz(env *Env, dst []byte, d Datum) []byte {
	if d.I == TimestampInfinity || d.I == TimestampNegInfinity {
		return appendTimestamp(dst, d.I, 0, false)
	}
	return appendTimestamp(dst, d.I, zoneOffset(env.location(), d.I), true)
}

func appendTimestamp(dst []byte, micros int64, offset int, zone bool) []byte {
	switch micros {
	case TimestampInfinity:
		return append(dst, "infinity"...)
	case TimestampNegInfinity:
		return append(dst, "-infinity"...)
	}
	days, timeOfDay := SplitTimestamp(micros + int64(offset)*MicrosPerSecond)
	year, month, day := DaysToCivil(days)
	dst = append(appendCivil(dst, year, month, day), ' ')
	dst = appendTimeOfDay(dst, timeOfDay)
	if zone {
		dst = appendOffset(dst, offset)
	}
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendOffset(dst []byte, offset int) []byte {
	if offset < 0 {
		dst, offset = append(dst, '-'), -offset
	} else {
		dst = append(dst, '+')
	}
	dst = appendDigits(dst, offset/3600, 2)
	if offset%3600 != 0 {
		dst = appendDigits(append(dst, ':'), offset/60%60, 2)
	}
	if offset%60 != 0 {
		dst = appendDigits(append(dst, ':'), offset%60, 2)
	}
	return dst
}

func receiveDate(b []byte) (Datum, error) {
	if err := checkWidth(b, 4); err != nil {
		return Datum{}, err
	}
	d := NewInt(int64(int32(binary.BigEndian.Uint32(b))))
	if d.I != DateInfinity && d.I != DateNegInfinity && !DateInRange(d.I) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
	}
	return d, nil
}

func receiveTimestamp(b []byte) (Datum, error) {
	if err := checkWidth(b, 8); err != nil {
		return Datum{}, err
	}
	d := NewInt(int64(binary.BigEndian.Uint64(b)))
	if d.I != TimestampInfinity && d.I != TimestampNegInfinity && !TimestampInRange(d.I) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	return d, nil
}
