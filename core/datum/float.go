package datum

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

func parseFloatType(name string, bits int) func(*Env, string, int32) (Datum, error) {
	return func(_ *Env, s string, _ int32) (Datum, error) {
		t := trimSpace(s)
		if f, ok := floatWord(t); ok {
			return NewFloat(f), nil
		}
		// strconv accepts more than C's strtod does where it comes to underscores; words were handled above.
		if t == "" || strings.ContainsAny(t, "_iInN") {
			return Datum{}, errSyntax(name, s)
		}
		f, err := strconv.ParseFloat(t, bits)
		if err != nil {
			if f, ok := hexFloat(t, bits); ok {
				return NewFloat(f), nil
			}
			if err.(*strconv.NumError).Err == strconv.ErrRange {
				return Datum{}, errFloatRange(t, name)
			}
			return Datum{}, errSyntax(name, s)
		}
		if f == 0 && hasNonZeroDigit(t) {
			return Datum{}, errFloatRange(t, name)
		}
		return NewFloat(f), nil
	}
}

func errFloatRange(s, name string) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, name)
}

func floatWord(t string) (float64, bool) {
	sign, word := 1, t
	if word != "" && (word[0] == '+' || word[0] == '-') {
		if word[0] == '-' {
			sign = -1
		}
		word = word[1:]
	}
	switch strings.ToLower(word) {
	case "nan":
		return math.Float64frombits(0x7FF8 << 48), word == t // C's NaN; Go's has another lowest bit, which clients would see in binary
	case "inf", "infinity":
		return math.Inf(sign), true
	}
	return 0, false
}

// hexFloat reads C's hexadecimal floats, whose exponent strconv insists on and strtod does not.
func hexFloat(t string, bits int) (float64, bool) {
	if !strings.ContainsAny(t, "xX") || strings.ContainsAny(t, "pP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(t+"p0", bits)
	return f, err == nil
}

func hasNonZeroDigit(t string) bool {
	if strings.ContainsAny(t, "xX") {
		return false
	}
	for i := range len(t) {
		switch c := t[i]; {
		case c >= '1' && c <= '9':
			return true
		case c == 'e' || c == 'E':
			return false
		}
	}
	return false
}

// formatFloatType prints as PostgreSQL's Ryu code does: the shortest digits that read back as the same value, in
// exponent form below 1e-4 and from 10^digits on.
func formatFloatType(bits, digits int) func(*Env, []byte, Datum) []byte {
	return func(env *Env, dst []byte, d Datum) []byte {
		f := d.Float()
		switch {
		case math.IsNaN(f):
			return append(dst, "NaN"...)
		case math.IsInf(f, 1):
			return append(dst, "Infinity"...)
		case math.IsInf(f, -1):
			return append(dst, "-Infinity"...)
		}
		if env.FloatDigits < 0 {
			return appendG(dst, f, max(digits+env.FloatDigits+1, 1))
		}
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
		exp := exponentOf(dst[start:])
		if exp < -4 || exp >= digits {
			return dst
		}
		return strconv.AppendFloat(dst[:start], f, 'f', -1, bits)
	}
}

// appendG prints as C's %.*g does.
func appendG(dst []byte, f float64, precision int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', precision-1, 64)
	exp := exponentOf(dst[start:])
	if exp < -4 || exp >= precision {
		mantissa, tail, _ := strings.Cut(string(dst[start:]), "e")
		if strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		return append(append(append(dst[:start], mantissa...), 'e'), tail...)
	}
	dst = strconv.AppendFloat(dst[:start], f, 'f', precision-1-exp, 64)
	if strings.Contains(string(dst[start:]), ".") {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

func exponentOf(e []byte) int {
	for i := len(e) - 1; i >= 0; i-- {
		if e[i] == 'e' {
			n, _ := strconv.Atoi(string(e[i+1:]))
			return n
		}
	}
	return 0
}

func receiveFloat4(b []byte) (Datum, error) {
	if err := checkWidth(b, 4); err != nil {
		return Datum{}, err
	}
	return NewFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
}

func sendFloat4(dst []byte, d Datum) []byte {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(d.Float())))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
