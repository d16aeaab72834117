package datum

// parseBool accepts what PostgreSQL's boolin does: any prefix of true, false, yes and no, of on and off what tells them
// apart, and 1 and 0, in any case, with white space around.
func parseBool(_ *Env, s string, _ int32) (Datum, error) {
	t := trimSpace(s)
	if v, ok := boolWord(t); ok {
		return NewBool(v), nil
	}
	return Datum{}, errSyntax("boolean", s)
}

// ParseBoolWord reads a boolean as parameters and options are written. The caller words the error.
func ParseBoolWord(s string) (value, ok bool) { return boolWord(s) }

func boolWord(t string) (value, ok bool) {
	if t == "" || len(t) > 5 {
		return false, false
	}
	var buf [5]byte
	for i := range len(t) {
		buf[i] = t[i] | 0x20
		if t[i] == '0' || t[i] == '1' {
			buf[i] = t[i]
		}
	}
	word := string(buf[:len(t)])
	prefix := func(full string, least int) bool {
		return len(word) >= least && len(word) <= len(full) && full[:len(word)] == word
	}
	switch {
	case prefix("true", 1), prefix("yes", 1), prefix("on", 2), word == "1":
		return true, true
	case prefix("false", 1), prefix("no", 1), prefix("off", 2), word == "0":
		return false, true
	}
	return false, false
}

func formatBool(_ *Env, dst []byte, d Datum) []byte {
	if d.I != 0 {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

func receiveBool(b []byte) (Datum, error) {
	if err := checkWidth(b, 1); err != nil {
		return Datum{}, err
	}
	return NewBool(b[0] != 0), nil
}

func sendBool(dst []byte, d Datum) []byte { return append(dst, byte(d.I&1)) }
