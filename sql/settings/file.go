package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/quiredb/quire/core/pgerr"
)

// FileName is the configuration file of a data directory.
const FileName = "quire.toml"

// A FileError names the place of a mistake in a configuration file.
type FileError struct {
	File string
	Key  string // "" = the file's syntax
	Line int    // 0 = unknown
	Err  error
}

func (e *FileError) Error() string {
	where := e.File
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return where + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// ReadFile reads a flat TOML file of parameters: name = value. A file that is not there is empty. Every value is
// checked; the first mistake is a *FileError.
func ReadFile(name string) (map[string]string, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	var raw map[string]any
	meta, err := toml.Decode(string(b), &raw)
	if err != nil {
		fe := &FileError{File: name, Err: err}
		var pe toml.ParseError
		if errors.As(err, &pe) {
			fe.Line, fe.Err = pe.Position.Line, errors.New(pe.Message)
		}
		return nil, fe
	}
	out := make(map[string]string, len(raw))
	for _, key := range meta.Keys() {
		param := key.String()
		text, err := scalar(raw[key[0]])
		if err == nil {
			var d *Definition
			if d, err = Lookup(param); err == nil {
				if d.Context == Internal {
					err = pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
				} else {
					_, err = d.Canonical(text)
				}
			}
		}
		if err != nil {
			return nil, &FileError{File: name, Key: param, Line: lineOf(string(b), param), Err: err}
		}
		out[param] = text
	}
	return out, nil
}

func scalar(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return format(v), nil
	case bool:
		if v {
			return "on", nil
		}
		return "off", nil
	}
	return "", fmt.Errorf("a value must be a string, a number or a boolean, not %T", v)
}

// lineOf finds the line on which a key is set; the decoder does not keep it.
func lineOf(text, key string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if name, _, ok := strings.Cut(line, "="); ok && strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return n
		}
	}
	return 0
}
