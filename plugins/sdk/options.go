package sdk

import (
	"fmt"
	"maps"
	"strconv"
)

// Options are the options of an index as the host stores them: checked, in canonical text, defaults filled in. For an
// option declared per column the names are name1, name2 and so on.
type Options map[string]string

// Int returns an option of type int.
func (o Options) Int(name string) (int, error) {
	s, ok := o[name]
	if !ok {
		return 0, fmt.Errorf("%w: %q is not set and has no default", ErrInvalidOption, name)
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is %q, an integer was declared", ErrInvalidOption, name, s)
	}
	return n, nil
}

// Real returns an option of type real.
func (o Options) Real(name string) (float64, error) {
	s, ok := o[name]
	if !ok {
		return 0, fmt.Errorf("%w: %q is not set and has no default", ErrInvalidOption, name)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is %q, a number was declared", ErrInvalidOption, name, s)
	}
	return f, nil
}

// Bool returns an option of type bool, false if it is not set.
func (o Options) Bool(name string) bool { return o[name] == "true" }

// Clone returns a copy that may be changed.
func (o Options) Clone() Options { return maps.Clone(o) }
