package datum

import (
	"strings"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine
)

// LoadZone finds a time zone by its name, in any case, as the TimeZone setting and AT TIME ZONE accept it: a name of the
// IANA database, an abbreviation with a fixed offset, or a number of hours.
func LoadZone(name string) (*time.Location, bool) {
	if off, ok := zoneAbbreviations[strings.ToLower(name)]; ok {
		if off == 0 {
			return time.UTC, true
		}
		return time.FixedZone(strings.ToUpper(name), off), true
	}
	if name == "" || strings.EqualFold(name, "local") || strings.ContainsAny(name, ".\\") || name[0] == '/' {
		return nil, false
	}
	for _, spelling := range []string{name, titleZone(name), strings.ToUpper(name)} {
		if loc, err := time.LoadLocation(spelling); err == nil {
			return loc, true
		}
	}
	return nil, false
}

// titleZone guesses the usual capitals: america/new_york becomes America/New_York.
func titleZone(name string) string {
	b := []byte(strings.ToLower(name))
	start := true
	for i, c := range b {
		if start && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		start = c == '/' || c == '_' || c == '-'
	}
	return string(b)
}

// zoneAbbreviations holds the abbreviations of PostgreSQL's default set that are in common use, in seconds east.
var zoneAbbreviations = map[string]int{
	"utc": 0, "gmt": 0, "z": 0, "zulu": 0, "ut": 0, "uct": 0, "wet": 0,
	"bst": 3600, "cet": 3600, "met": 3600, "west": 3600, "cest": 7200, "eet": 7200, "mest": 7200, "eest": 10800, "msk": 10800,
	"ist": 7200, "pkt": 18000, "hkt": 28800, "jst": 32400, "kst": 32400, "aest": 36000, "nzst": 43200, "nzdt": 46800,
	"ast": -14400, "adt": -10800, "est": -18000, "edt": -14400, "cst": -21600, "cdt": -18000, "mst": -25200, "mdt": -21600,
	"pst": -28800, "pdt": -25200, "akst": -32400, "akdt": -28800, "hst": -36000,
}

// zoneOffset returns the seconds east of UTC at an instant.
func zoneOffset(loc *time.Location, micros int64) int {
	if loc == time.UTC {
		return 0
	}
	_, off := TimestampToTime(micros).In(loc).Zone()
	return off
}

// LocalToUTC turns a local timestamp into an instant. A local time that a change of clocks skipped is read as if the clocks had
// not yet changed, one that occurs twice as the later of the two, as PostgreSQL does.
func LocalToUTC(loc *time.Location, local int64) int64 {
	if loc == time.UTC {
		return local
	}
	before := int64(zoneOffset(loc, local-MicrosPerDay)) * MicrosPerSecond
	after := int64(zoneOffset(loc, local+MicrosPerDay)) * MicrosPerSecond
	if before == after {
		return local - before
	}
	if int64(zoneOffset(loc, local-after))*MicrosPerSecond == after {
		return local - after
	}
	return local - before
}

// UTCToLocal turns an instant into the timestamp that clocks in the zone show.
func UTCToLocal(loc *time.Location, micros int64) int64 {
	return micros + int64(zoneOffset(loc, micros))*MicrosPerSecond
}

// TimestampToTime converts a finite timestamptz to a time in UTC.
func TimestampToTime(micros int64) time.Time {
	seconds := floorDiv(micros, MicrosPerSecond)
	return time.Unix(seconds+unixEpochDays*secondsPerDay, (micros-seconds*MicrosPerSecond)*1000).UTC()
}

// TimestampFromTime converts a time to a timestamptz, cutting it to microseconds.
func TimestampFromTime(t time.Time) int64 {
	return (t.Unix()-unixEpochDays*secondsPerDay)*MicrosPerSecond + int64(t.Nanosecond()/1000)
}
