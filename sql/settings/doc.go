// Package settings is the one list of configuration parameters: their names, types, defaults, ranges and who may set
// them when. SET, SHOW, pg_settings, quire.toml, -c and the program's flags all go through it, so a value is checked in
// one way wherever it comes from.
//
// Always true:
//
//	T1. A Store holds only values that their definitions accept, in canonical text.
//	T2. A definition says when a parameter can change: internal never, postmaster at start, sighup by re-reading the
//	    file, superuser and user in a session.
//	T3. A Session overlays a Store. SET LOCAL and an aborted transaction give back what was before.
package settings
