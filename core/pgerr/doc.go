// Package pgerr is the error that a SQL client sees: an SQLSTATE, a message and PostgreSQL's optional fields.
//
// Always true:
//
//	E1. A message is lower case, names the thing and the place, and has no trailing full stop. Detail and hint are
//	    full sentences.
//	E2. From never loses a cause: the error it was given stays reachable through errors.Is and errors.As.
//	E3. From(nil) is nil, and From of anything else has a five-character code.
//
// The package imports the standard library only, so every layer may return its errors. Layers that must not know of SQL
// implement the one-method interface SQLStater instead.
package pgerr
