package settings

import (
	"strings"
	"unicode"

	"github.com/quiredb/quire/core/pgerr"
)

// lookup finds a parameter of the server's or one that this session made up.
func (s *Session) lookup(name string) (*Definition, error) {
	if d, ok := s.custom[strings.ToLower(name)]; ok {
		return d, nil
	}
	return Lookup(name)
}

// place finds a parameter, and makes room for one whose name has a dot. Such names are the clients' own, with any text as value; as in
// PostgreSQL they stay known to the session, empty, when a rollback or RESET has taken the value away.
func (s *Session) place(name string) (*Definition, error) {
	d, err := s.lookup(name)
	if err == nil || !strings.Contains(name, ".") {
		return d, err
	}
	for part := range strings.SplitSeq(name, ".") {
		if !isIdentifier(part) {
			return nil, pgerr.New(pgerr.InvalidName, "invalid configuration parameter name %q", name).
				WithDetail("Custom parameter names must be two or more simple identifiers separated by dots.")
		}
	}
	d = &Definition{Name: name, Type: String, Context: User}
	if s.custom == nil {
		s.custom = map[string]*Definition{}
	}
	s.custom[strings.ToLower(name)] = d
	return d, nil
}

// isIdentifier reports whether s needs no quotes in SQL.
func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 0x80 || r < 0x80 && unicode.IsLetter(r)
		if !letter && (i == 0 || r != '$' && !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
