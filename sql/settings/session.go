package settings

import (
	"maps"
	"time"

	"github.com/quiredb/quire/core/pgerr"
)

// A Session is one session's view: the store's values with its own on top. It belongs to one goroutine. The maps own and local are never
// changed but replaced (with, without), so that a transaction begins by keeping them.
type Session struct {
	store    *Store
	own      map[string]value       // SET, and what the client asked for at connection time
	startup  map[string]value       // what RESET goes back to
	local    map[string]value       // SET LOCAL, until the end of the transaction
	custom   map[string]*Definition // those with a dot in their name that somebody has set, by name in lower case
	before   []frame                // at the start of the transaction and of each subtransaction in it, empty outside
	version  uint64
	onReport func(name, value string)
}

// frame is what an abort gives back.
type frame struct{ own, local map[string]value }

// NewSession makes a view. onReport, if not nil, is called when a parameter that clients follow has a new value.
// Whether the session may set what superusers may is the value of is_superuser, which superuser gives.
func (s *Store) NewSession(superuser bool, onReport func(name, value string)) *Session {
	v := &Session{store: s, own: map[string]value{}, startup: map[string]value{}}
	if superuser {
		v.Override("is_superuser", "on")
	}
	v.onReport = onReport
	return v
}

// Startup sets what a client asks for in its start-up packet.
func (s *Session) Startup(name, text string) error {
	d, canonical, err := s.admit(name, text)
	if err != nil {
		return err
	}
	s.startup[d.Name] = value{canonical, SourceClient}
	s.own = with(s.own, d.Name, value{canonical, SourceClient})
	return nil
}

// Override sets a value that the server knows, such as is_superuser, whatever its context.
func (s *Session) Override(name, text string) {
	d := mustLookup(name)
	s.startup[d.Name] = value{text, SourceOverride}
	s.own = with(s.own, d.Name, value{text, SourceOverride})
	s.changed(d)
}

// admit checks name, value and the right to set it in a session.
func (s *Session) admit(name, text string) (*Definition, string, error) {
	d, err := s.place(name)
	if err != nil {
		return nil, "", err
	}
	switch {
	case d.Context == Internal:
		return nil, "", pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
	case d.Context == Postmaster:
		return nil, "", pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", d.Name)
	case d.Context == Sighup:
		return nil, "", pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", d.Name).
			WithHint("Set it in quire.toml and send SIGHUP to the server.")
	case d.Context == Superuser && !s.Bool("is_superuser"):
		return nil, "", pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set parameter %q", d.Name)
	}
	canonical, err := d.Canonical(text)
	return d, canonical, err
}

// Set is SET, or with local SET LOCAL.
func (s *Session) Set(name, text string, local bool) error {
	d, canonical, err := s.admit(name, text)
	if err != nil {
		return err
	}
	s.put(d, value{canonical, SourceSession}, local)
	return nil
}

func (s *Session) put(d *Definition, v value, local bool) {
	old := s.get(d).text
	s.version++
	if local {
		s.local = with(s.local, d.Name, v)
	} else {
		s.own = with(s.own, d.Name, v)
		s.local = without(s.local, d.Name)
	}
	if v.text != old {
		s.changed(d)
	}
}

// Reset is RESET name.
func (s *Session) Reset(name string) error {
	d, err := s.lookup(name)
	if err != nil {
		return err
	}
	if d.Context == Internal {
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
	}
	s.reset(d)
	return nil
}

func (s *Session) reset(d *Definition) {
	s.version++
	s.own, s.local = without(s.own, d.Name), without(s.local, d.Name)
	if v, ok := s.startup[d.Name]; ok {
		s.own = with(s.own, d.Name, v)
	}
	s.changed(d)
}

// ResetAll is RESET ALL.
func (s *Session) ResetAll() {
	for _, d := range All() {
		if s.Source(d.Name) == SourceSession {
			s.reset(d)
		}
	}
	for _, d := range s.custom {
		s.reset(d)
	}
}

// Put is Set by the server itself, for parameters that no client may set by name, such as session_authorization.
func (s *Session) Put(name, text string, local bool) {
	d := mustLookup(name)
	s.put(d, value{text, SourceOverride}, local)
}

// Begin remembers what an aborted transaction gives back; within a transaction it does so for a subtransaction.
func (s *Session) Begin() { s.before = append(s.before, frame{s.own, s.local}) }

// Release ends the innermost subtransaction and keeps what it set.
func (s *Session) Release() { s.before = s.before[:len(s.before)-1] }

// Rollback ends the innermost subtransaction and takes back what it set (T3).
func (s *Session) Rollback() {
	f := s.before[len(s.before)-1]
	s.Release()
	s.restore(f.own, f.local)
}

// End forgets SET LOCAL, and after an abort every SET of the transaction (T3).
func (s *Session) End(committed bool) {
	own := s.own
	if !committed && len(s.before) > 0 {
		own = s.before[0].own
	}
	changed := len(s.local) > 0 || !committed && len(s.before) > 0
	s.before = s.before[:0]
	if changed {
		s.restore(own, nil)
	}
}

// restore gives the session other values and reports those that differ.
func (s *Session) restore(own, local map[string]value) {
	if maps.Equal(s.local, local) && maps.Equal(s.own, own) {
		return
	}
	old := s.reported()
	s.version++
	s.own, s.local = own, local
	if s.onReport == nil {
		return
	}
	for _, p := range s.ParameterStatus() {
		if old[p.Name] != p.Value {
			s.onReport(p.Name, p.Value)
		}
	}
}

// with is m, as it is for whoever else holds it, and a value more.
func with(m map[string]value, name string, v value) map[string]value {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]value{}
	}
	m[name] = v
	return m
}

// without is m less one value, m itself if it does not have it.
func without(m map[string]value, name string) map[string]value {
	if _, ok := m[name]; !ok {
		return m
	}
	m = maps.Clone(m)
	delete(m, name)
	return m
}

func (s *Session) changed(d *Definition) {
	if d.Report && s.onReport != nil {
		s.onReport(d.Name, d.Show(s.get(d).text))
	}
}

func (s *Session) get(d *Definition) value {
	if v, ok := s.local[d.Name]; ok {
		return v
	}
	if v, ok := s.own[d.Name]; ok {
		return v
	}
	return s.store.get(d)
}

// Version changes whenever a value that this session sees may have changed, so that plans can be kept until then.
func (s *Session) Version() uint64 { return s.version + s.store.version()<<32 }

// Show is a parameter as SHOW prints it.
func (s *Session) Show(name string) (canonicalName, shown string, err error) {
	d, err := s.lookup(name)
	if err != nil {
		return "", "", err
	}
	return d.Name, d.Show(s.get(d).text), nil
}

// Source is where a parameter's value came from.
func (s *Session) Source(name string) Source { return s.get(mustLookup(name)).source }

// Text is a parameter's canonical text. The name must exist.
func (s *Session) Text(name string) string { return s.get(mustLookup(name)).text }

// Bool is a boolean parameter.
func (s *Session) Bool(name string) bool { return s.Text(name) == "on" }

// Int is an integer parameter in its unit.
func (s *Session) Int(name string) int { return atoi(s.Text(name)) }

// Real is a parameter of type real.
func (s *Session) Real(name string) float64 { return atof(s.Text(name)) }

// Bytes is a parameter with a unit of memory, in bytes.
func (s *Session) Bytes(name string) int64 {
	d := mustLookup(name)
	return d.bytesOf(s.get(d).text)
}

// Duration is a parameter with a unit of time.
func (s *Session) Duration(name string) time.Duration {
	d := mustLookup(name)
	return d.duration(s.get(d).text)
}

// A Parameter is a name and its value as clients see it.
type Parameter struct{ Name, Value string }

// ParameterStatus lists the parameters that a client is told when it connects.
func (s *Session) ParameterStatus() []Parameter {
	var out []Parameter
	for _, d := range All() {
		if d.Report {
			out = append(out, Parameter{d.Name, d.Show(s.get(d).text)})
		}
	}
	return out
}

func (s *Session) reported() map[string]string {
	m := map[string]string{}
	for _, p := range s.ParameterStatus() {
		m[p.Name] = p.Value
	}
	return m
}
