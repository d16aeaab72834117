package host

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
)

// parseOption checks a value against its declaration and returns its canonical text.
func parseOption(def am.OptionDef, value string) (string, error) {
	switch def.Type {
	case am.OptionInt:
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return "", fmt.Errorf("an integer was expected, not %q", value)
		}
		if err := inRange(def, float64(n)); err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), nil
	case am.OptionReal:
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || f != f {
			return "", fmt.Errorf("a number was expected, not %q", value)
		}
		if err := inRange(def, f); err != nil {
			return "", err
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case am.OptionBool:
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "true", "on", "yes", "1", "t", "y", "":
			return "true", nil
		case "false", "off", "no", "0", "f", "n":
			return "false", nil
		}
		return "", fmt.Errorf("a boolean was expected, not %q", value)
	case am.OptionEnum:
		v := strings.ToLower(strings.TrimSpace(value))
		if !slices.Contains(def.Values, v) {
			return "", fmt.Errorf("one of %s was expected, not %q", strings.Join(def.Values, ", "), value)
		}
		return v, nil
	}
	return value, nil
}

// A rangeError is a value outside of an option's range.
type rangeError struct{ value, low, high string }

func (e *rangeError) Error() string {
	return fmt.Sprintf("%s is not between %s and %s", e.value, e.low, e.high)
}

func inRange(def am.OptionDef, v float64) error {
	low, _ := strconv.ParseFloat(def.Min, 64)
	high, _ := strconv.ParseFloat(def.Max, 64)
	if v < low || v > high {
		return &rangeError{strconv.FormatFloat(v, 'f', -1, 64), def.Min, def.Max}
	}
	return nil
}

// checkOptions compares what the user wrote with what the access method declared, and fills in the defaults. An option
// per column is written with the column's number behind its name.
func checkOptions(about am.Description, columns int, given map[string]string) (map[string]string, error) {
	out := make(map[string]string)
	known := make(map[string]am.OptionDef)
	for _, def := range about.Options {
		if !def.PerColumn {
			known[def.Name] = def
			continue
		}
		for c := 1; c <= columns; c++ {
			known[def.Name+strconv.Itoa(c)] = def
		}
	}
	for name, def := range known {
		if def.Default != "" {
			out[name] = def.Default
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		def, ok := known[name]
		if !ok {
			return nil, unknownOption(about, name, columns)
		}
		value, err := parseOption(def, given[name])
		if err != nil {
			return nil, badOption(def, name, given[name], err)
		}
		out[name] = value
	}
	return out, nil
}

// unknownOption says which options there are.
func unknownOption(about am.Description, name string, columns int) error {
	var names []string
	for _, def := range about.Options {
		switch {
		case def.PerColumn && columns == 1:
			names = append(names, def.Name+"1")
		case def.PerColumn:
			names = append(names, fmt.Sprintf("%s1 to %s%d", def.Name, def.Name, columns))
		default:
			names = append(names, def.Name)
		}
	}
	e := pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", name)
	if len(names) == 0 {
		return e.WithDetail("Access method %q has no parameters.", about.Name)
	}
	return e.WithDetail("Access method %q has the parameters %s.", about.Name, strings.Join(names, ", "))
}

// badOption words an error as PostgreSQL does.
func badOption(def am.OptionDef, name, value string, err error) error {
	if _, ok := err.(*rangeError); ok {
		return pgerr.New(pgerr.InvalidParameterValue, "value %s out of bounds for option %q", value, name).
			WithDetail("Valid values are between %q and %q.", def.Min, def.Max)
	}
	e := pgerr.New(pgerr.InvalidParameterValue, "invalid value for %s option %q: %s", def.Type, name, value)
	switch def.Type {
	case am.OptionInt, am.OptionReal:
		return e.WithDetail("Valid values are between %q and %q.", def.Min, def.Max)
	case am.OptionEnum:
		return e.WithDetail("Valid values are %s.", strings.Join(def.Values, ", "))
	case am.OptionBool:
		return e.WithDetail("Valid values are on and off.")
	}
	return e
}
