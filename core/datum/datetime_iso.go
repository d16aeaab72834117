package datum

// parseISO reads the form that nearly all data has, YYYY-MM-DD[( |T)HH:MM:SS[.ffffff][Z|(+|-)HH[:MM]]], without going
// through the parser. It reports false for anything else, wrong values included.
func parseISO(s string, f *dateTimeFields) bool {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	year, ok1 := twoDigits(s[0:2])
	low, ok2 := twoDigits(s[2:4])
	month, ok3 := twoDigits(s[5:7])
	day, ok4 := twoDigits(s[8:10])
	year = year*100 + low
	if !ok1 || !ok2 || !ok3 || !ok4 || year == 0 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month) {
		return false
	}
	f.days = CivilToDays(year, month, day)
	if len(s) == 10 {
		return true
	}
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return false
	}
	hour, ok1 := twoDigits(s[11:13])
	minute, ok2 := twoDigits(s[14:16])
	second, ok3 := twoDigits(s[17:19])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return false
	}
	f.timeOfDay = int64(hour)*MicrosPerHour + int64(minute)*MicrosPerMinute + int64(second)*MicrosPerSecond
	s = s[19:]
	if s != "" && s[0] == '.' {
		n, micros, unit := 1, int64(0), int64(MicrosPerSecond/10)
		for ; n < len(s) && isDigit(s[n]); n++ {
			micros += int64(s[n]-'0') * unit
			unit /= 10
		}
		if n == 1 || n > 7 { // digits beyond microseconds need rounding
			return false
		}
		f.timeOfDay += micros
		s = s[n:]
	}
	return s == "" || parseISOZone(s, f)
}

func parseISOZone(s string, f *dateTimeFields) bool {
	if s == "Z" {
		f.offsetKnown = true
		return true
	}
	if len(s) != 3 && len(s) != 6 || s[0] != '+' && s[0] != '-' {
		return false
	}
	hours, ok := twoDigits(s[1:3])
	minutes, okMinutes := 0, true
	if len(s) == 6 {
		minutes, okMinutes = twoDigits(s[4:6])
		okMinutes = okMinutes && s[3] == ':'
	}
	if !ok || !okMinutes || hours > 15 || minutes > 59 {
		return false
	}
	f.offsetKnown, f.offset = true, hours*3600+minutes*60
	if s[0] == '-' {
		f.offset = -f.offset
	}
	return true
}

func twoDigits(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
