package settings

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/quiredb/quire/core/pgerr"
)

// Type is the type of a parameter, in PostgreSQL's words.
type Type string

// The types.
const (
	Bool   Type = "bool"
	Int    Type = "integer"
	Real   Type = "real"
	Enum   Type = "enum"
	String Type = "string"
)

// Context says when a parameter can change (T2), in PostgreSQL's words.
type Context string

// The contexts, from the strictest.
const (
	Internal   Context = "internal"
	Postmaster Context = "postmaster"
	Sighup     Context = "sighup"
	Superuser  Context = "superuser"
	User       Context = "user"
)

// Unit is what a number counts. Values may be written with a unit of the same kind: 64MB, 30s.
type Unit string

// The units.
const (
	None   Unit = ""
	Blocks Unit = "8kB"
	KB     Unit = "kB"
	MB     Unit = "MB"
	MS     Unit = "ms"
	Second Unit = "s"
)

// A Definition is one parameter.
type Definition struct {
	Name     string
	Type     Type
	Default  string // canonical
	Unit     Unit
	Min, Max float64
	Values   []string // of an enum; the first spelling of each is canonical
	Context  Context
	Report   bool // clients are told of changes (ParameterStatus)
	Help     string
	Check    func(value string) (canonical string, err error)
}

var byteUnits = map[string]float64{"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
var timeUnits = map[string]float64{"us": 1e-3, "ms": 1, "s": 1e3, "min": 60e3, "h": 3600e3, "d": 86400e3}

// scale is how many base units (bytes, milliseconds) one of u is.
func (u Unit) scale() (units map[string]float64, scale float64) {
	switch u {
	case Blocks:
		return byteUnits, 8192
	case KB, MB:
		return byteUnits, byteUnits[string(u)]
	case MS, Second:
		return timeUnits, timeUnits[string(u)]
	}
	return nil, 1
}

// Canonical checks a value and gives the text under which it is kept.
func (d *Definition) Canonical(value string) (string, error) {
	switch d.Type {
	case Bool:
		b, ok := parseBool(value)
		if !ok {
			return "", pgerr.New(pgerr.InvalidParameterValue, "parameter %q requires a Boolean value", d.Name)
		}
		if b {
			return "on", nil
		}
		return "off", nil
	case Int, Real:
		return d.canonicalNumber(value)
	case Enum:
		for _, v := range d.Values {
			if strings.EqualFold(v, value) {
				return v, nil
			}
		}
		if b, ok := parseBool(value); ok { // on/off spelt another way, where the enum has them
			for _, v := range d.Values {
				if v == map[bool]string{true: "on", false: "off"}[b] {
					return v, nil
				}
			}
		}
		return "", d.invalid(value).WithHint("Available values: %s.", strings.Join(d.Values, ", "))
	}
	if strings.ContainsRune(value, 0) {
		return "", d.invalid(value)
	}
	if d.Check != nil {
		return d.Check(value)
	}
	return value, nil
}

func (d *Definition) invalid(value string) *pgerr.Error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", d.Name, value)
}

func (d *Definition) canonicalNumber(value string) (string, error) {
	v := strings.TrimSpace(value)
	at := len(v)
	for at > 0 && (v[at-1] < '0' || v[at-1] > '9') && v[at-1] != '.' {
		at--
	}
	number, unit := v[:at], strings.TrimSpace(v[at:])
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return "", d.invalid(value)
	}
	if unit != "" {
		units, scale := d.Unit.scale()
		factor, ok := units[unit]
		if !ok {
			e := d.invalid(value)
			switch d.Unit {
			case None:
			case MS, Second:
				e = e.WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
			default:
				e = e.WithHint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
			}
			return "", e
		}
		n = n * factor / scale
	}
	if d.Type == Int {
		n = float64(int64(n + 0.5*sign(n)))
	}
	if n < d.Min || n > d.Max {
		unit := ""
		if d.Unit != None {
			unit = " " + string(d.Unit)
		}
		return "", pgerr.New(pgerr.InvalidParameterValue, "%s%s is outside the valid range for parameter %q (%s .. %s)",
			format(n), unit, d.Name, format(d.Min), format(d.Max))
	}
	return format(n), nil
}

func sign(n float64) float64 {
	if n < 0 {
		return -1
	}
	return 1
}

func format(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "":
		return false, false
	case "1":
		return true, true
	case "0":
		return false, true
	case "on":
		return true, true
	case "of", "off":
		return false, true
	}
	for _, w := range []struct {
		word  string
		value bool
	}{{"true", true}, {"yes", true}, {"false", false}, {"no", false}} {
		if strings.HasPrefix(w.word, s) {
			return w.value, true
		}
	}
	return false, false
}

// Show is a value as SHOW prints it: numbers in the largest unit that leaves them whole.
func (d *Definition) Show(value string) string {
	if d.Unit == None || d.Type != Int {
		return value
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 {
		return value
	}
	_, scale := d.Unit.scale()
	base := float64(n) * scale
	order := []string{"TB", "GB", "MB", "kB", "B"}
	units := byteUnits
	if d.Unit == MS || d.Unit == Second {
		order, units = []string{"d", "h", "min", "s", "ms"}, timeUnits
	}
	for _, u := range order {
		if q := base / units[u]; q >= 1 && q == float64(int64(q)) {
			return strconv.FormatInt(int64(q), 10) + u
		}
	}
	return value + string(d.Unit)
}

// bytesOf and duration turn a canonical number into what Go code works with.
func (d *Definition) bytesOf(value string) int64 {
	n, _ := strconv.ParseInt(value, 10, 64)
	_, scale := d.Unit.scale()
	return n * int64(scale)
}

func (d *Definition) duration(value string) time.Duration {
	n, _ := strconv.ParseFloat(value, 64)
	_, scale := d.Unit.scale()
	return time.Duration(n * scale * float64(time.Millisecond))
}

// Lookup finds a parameter by name, whatever its case.
func Lookup(name string) (*Definition, error) {
	if d, ok := byName[strings.ToLower(name)]; ok {
		return d, nil
	}
	e := pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	if near := nearest(name); near != "" {
		e = e.WithHint("Perhaps you meant %q.", near)
	}
	return nil, e
}

// All lists the parameters in the order of their names.
func All() []*Definition {
	out := make([]*Definition, 0, len(byName))
	for _, d := range byName {
		out = append(out, d)
	}
	sort.Slice(out, func(i, j int) bool { return strings.ToLower(out[i].Name) < strings.ToLower(out[j].Name) })
	return out
}

// nearest finds the parameter whose name is spelt most like name, "" if none is close.
func nearest(name string) string {
	best, bestDistance := "", max(1, len(name)/4)+1
	for _, d := range All() {
		if n := distance(strings.ToLower(name), strings.ToLower(d.Name)); n < bestDistance {
			best, bestDistance = d.Name, n
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
