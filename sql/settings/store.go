package settings

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quiredb/quire/core/pgerr"
)

// Source says where a value came from, in PostgreSQL's words.
type Source string

// The sources, from the weakest. A later one is not overridden by an earlier one when the file is read again.
const (
	SourceDefault     Source = "default"
	SourceFile        Source = "configuration file"
	SourceCommandLine Source = "command line"
	SourceOverride    Source = "override" // the server itself
	SourceClient      Source = "client"
	SourceSession     Source = "session"
)

var strength = map[Source]int{SourceDefault: 0, SourceFile: 1, SourceCommandLine: 2, SourceOverride: 3}

type value struct {
	text   string
	source Source
}

// A Store is the server-wide values. It is safe for use by many goroutines.
type Store struct {
	mu struct {
		sync.RWMutex
		values map[string]value // by definition name; absent = default
	}
	changes atomic.Uint64
}

// NewStore has every parameter at its default.
func NewStore() *Store {
	s := &Store{}
	s.mu.values = map[string]value{}
	return s
}

// Set gives a parameter a value. One from a stronger source stays; that is no error.
func (s *Store) Set(name, text string, source Source) error {
	d, err := Lookup(name)
	if err != nil {
		return err
	}
	if d.Context == Internal && source != SourceOverride {
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
	}
	if source == SourceOverride {
		// The server knows its own values; ranges are for people.
		s.put(d.Name, value{text, source})
		return nil
	}
	canonical, err := d.Canonical(text)
	if err != nil {
		return err
	}
	s.put(d.Name, value{canonical, source})
	return nil
}

func (s *Store) put(name string, v value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.mu.values[name]; ok && strength[old.source] > strength[v.source] {
		return
	}
	s.mu.values[name] = v
	s.changes.Add(1)
}

// get is the canonical text and source of a parameter, which must exist.
func (s *Store) get(d *Definition) value {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v, ok := s.mu.values[d.Name]; ok {
		return v
	}
	return value{d.Default, SourceDefault}
}

// version changes whenever a value does.
func (s *Store) version() uint64 { return s.changes.Load() }

// mustLookup is for names in the program's own text.
func mustLookup(name string) *Definition {
	d, err := Lookup(name)
	if err != nil {
		panic(err)
	}
	return d
}

// Text is a parameter's canonical text. The name must exist.
func (s *Store) Text(name string) string { return s.get(mustLookup(name)).text }

// Bool is a boolean parameter.
func (s *Store) Bool(name string) bool { return s.Text(name) == "on" }

// Int is an integer parameter in its unit.
func (s *Store) Int(name string) int { return atoi(s.Text(name)) }

// Real is a parameter of type real.
func (s *Store) Real(name string) float64 { return atof(s.Text(name)) }

// Bytes is a parameter with a unit of memory, in bytes.
func (s *Store) Bytes(name string) int64 {
	d := mustLookup(name)
	return d.bytesOf(s.get(d).text)
}

// Duration is a parameter with a unit of time.
func (s *Store) Duration(name string) time.Duration {
	d := mustLookup(name)
	return d.duration(s.get(d).text)
}

// Reload replaces what came from the file by the values of a new reading. Parameters that can only be set at start keep
// their values; their names are returned where the file says otherwise. On error nothing changes.
func (s *Store) Reload(file map[string]string) (needRestart []string, err error) {
	fresh := map[string]value{}
	for name, text := range file {
		d, err := Lookup(name)
		if err != nil {
			return nil, err
		}
		if d.Context == Internal {
			return nil, pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
		}
		canonical, err := d.Canonical(text)
		if err != nil {
			return nil, err
		}
		fresh[d.Name] = value{canonical, SourceFile}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range All() {
		old, set := s.mu.values[d.Name]
		now, inFile := fresh[d.Name]
		if set && strength[old.source] > strength[SourceFile] {
			continue
		}
		before := d.Default
		if set {
			before = old.text
		}
		after := d.Default
		if inFile {
			after = now.text
		}
		switch {
		case before == after:
		case d.Context == Postmaster:
			needRestart = append(needRestart, d.Name)
		case inFile:
			s.mu.values[d.Name] = now
		default:
			delete(s.mu.values, d.Name)
		}
	}
	s.changes.Add(1)
	return needRestart, nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // T1
	return n
}

func atof(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // T1
	return f
}
