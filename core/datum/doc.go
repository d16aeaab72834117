// Package datum holds SQL values and their types: what a value is in memory, how it is read and printed in PostgreSQL's
// text and binary formats, how values of a type compare and hash, and how a row is stored.
//
// Always true:
//
//	D1. A Datum is 32 bytes and boxes nothing. A null has S empty and I zero, so two nulls are equal as Go values.
//	D2. Text in S is valid UTF-8 without zero bytes: the parsers refuse anything else (22021).
//	D3. Parsing what was formatted gives the same value, in text and in binary, under one environment.
//	D4. Values that Compare as equal have equal hashes. Which these are, and in what order values are, core/ordkey says.
//	D5. A value decoded from a row aliases the row's bytes; only Clone makes it independent.
//
// Nothing here locks or blocks. Types are immutable and found by Lookup or LookupName.
package datum
