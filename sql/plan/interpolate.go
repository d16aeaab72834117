package plan

import (
	"math"

	"github.com/quiredb/quire/core/datum"
)

// interpolate says where v lies between low and high, from 0 to 1; a half if the type's values are no numbers (convert_to_scalar).
func interpolate(t datum.OID, v, low, high datum.Datum) float64 {
	var x, a, b float64
	if isText(t) || t == datum.BPChar || t == datum.Bytea {
		x, a, b = textScalars(t == datum.Bytea, v.S, low.S, high.S)
	} else {
		var ok bool
		if x, ok = scalar(t, v); !ok {
			return 0.5
		}
		a, _ = scalar(t, low)
		b, _ = scalar(t, high)
	}
	switch {
	case b <= a:
		return 0.5
	case x <= a:
		return 0
	case x >= b:
		return 1
	}
	part := (x - a) / (b - a)
	if math.IsNaN(part) || part < 0 || part > 1 {
		return 0.5
	}
	return part
}

// scalar maps a value to a number in the type's order.
func scalar(t datum.OID, d datum.Datum) (float64, bool) {
	switch t {
	case datum.Float4, datum.Float8:
		return d.Float(), true
	case datum.Numeric:
		f, ok := d.Numeric().Float(64)
		return f, ok
	case datum.PgLSN:
		return float64(d.LSN()), true
	case datum.Interval:
		v := d.Interval()
		// A month counts as 365.25 / 12 days.
		return float64(v.Micros) + (float64(v.Days)+float64(v.Months)*365.25/12)*86400e6, true
	case datum.UUID:
		return 0, false
	}
	if datum.MustLookup(t).Len > 0 {
		return float64(d.I), true
	}
	return 0, false
}

// textScalars reads what is left of three texts behind their common prefix as fractions in a number system whose digits are the bytes that
// occur in the bounds, as convert_string_to_scalar does: widened to all letters or digits where one occurs.
func textScalars(bytes bool, v, low, high string) (x, a, b float64) {
	least, most := 0, 255
	if !bytes {
		least, most = 255, 0
		for _, s := range []string{low, high} {
			for i := range len(s) {
				least, most = min(least, int(s[i])), max(most, int(s[i]))
			}
		}
		for _, class := range []string{"AZ", "az", "09"} {
			if least <= int(class[1]) && most >= int(class[0]) {
				least, most = min(least, int(class[0])), max(most, int(class[1]))
			}
		}
		if most-least < 9 { // too few digits to say anything: all of ASCII that shows
			least, most = ' ', 127
		}
	}
	skip := 0
	for skip < len(low) && skip < len(high) && skip < len(v) && low[skip] == high[skip] && low[skip] == v[skip] {
		skip++
	}
	return fraction(v[skip:], least, most), fraction(low[skip:], least, most), fraction(high[skip:], least, most)
}

// fraction reads the first bytes of s as the digits behind a point.
func fraction(s string, least, most int) float64 {
	const digits = 12 // more do not fit a float64
	base := float64(most - least + 1)
	out, unit := 0.0, 1/base
	for i := range min(len(s), digits) {
		c := min(max(int(s[i]), least-1), most+1)
		out += float64(c-least) * unit
		unit /= base
	}
	return out
}
