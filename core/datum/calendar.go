package datum

// Microseconds in the usual units.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour

	secondsPerDay = 86_400
	// unixEpochDays is 2000-01-01 counted from 1970-01-01, in days.
	unixEpochDays = 10_957
	// epochJulian is the Julian day of 2000-01-01.
	epochJulian = 2_451_545
)

// Infinite dates and timestamps.
const (
	DateInfinity         int64 = 1<<31 - 1
	DateNegInfinity      int64 = -1 << 31
	TimestampInfinity    int64 = 1<<63 - 1
	TimestampNegInfinity int64 = -1 << 63
)

// The finite range: 4714-11-24 BC to 5874897-12-31 for dates and to 294276-12-31 for timestamps.
const (
	minDate              = -epochJulian
	maxDate              = 2_147_483_493 - epochJulian // 5874897-12-31
	minTimestamp   int64 = -epochJulian * MicrosPerDay
	limitTimestamp int64 = (109_203_528 - epochJulian) * MicrosPerDay // 294277-01-01, exclusive
)

// CivilToDays converts a date of the proleptic Gregorian calendar to days since 2000-01-01. Year 0 is 1 BC. The
// arithmetic is that of PostgreSQL's date2j, after Fliegel and Van Flandern.
func CivilToDays(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m > 2 {
		m++
		y += 4800
	} else {
		m += 13
		y += 4799
	}
	century := floorDiv(y, 100)
	j := y*365 - 32167
	j += floorDiv(y, 4) - century + floorDiv(century, 4)
	j += 7834*m/256 + int64(day)
	return j - epochJulian
}

// DaysToCivil is the inverse of CivilToDays, after Howard Hinnant's civil_from_days.
func DaysToCivil(days int64) (year, month, day int) {
	z := days + unixEpochDays + 719_468
	era := floorDiv(z, 146_097)
	doe := z - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	if month > 12 {
		month -= 12
	}
	year = int(yoe + era*400)
	if month <= 2 {
		year++
	}
	return year, month, day
}

// DaysInMonth returns the length of a month, 1 to 12.
func DaysInMonth(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// SplitTimestamp divides a finite timestamp into days and the microseconds within the day.
func SplitTimestamp(micros int64) (days, timeOfDay int64) {
	days = floorDiv(micros, MicrosPerDay)
	return days, micros - days*MicrosPerDay
}

// TimestampInRange reports whether micros is a finite timestamp that PostgreSQL can hold.
func TimestampInRange(micros int64) bool { return micros >= minTimestamp && micros < limitTimestamp }

// DateInRange reports whether days is a finite date that PostgreSQL can hold.
func DateInRange(days int64) bool { return days >= minDate && days <= maxDate }
