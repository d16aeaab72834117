// Package ordkey encodes values so that comparing bytes compares values. It is the one place that knows in what order
// the values of a type are, for the host and for access methods in other processes alike; so it imports nothing but the
// standard library.
//
// Values come in PostgreSQL's binary format, nil is NULL. Encodings of several columns may be appended to one another:
// the whole then compares column by column.
//
// Always true:
//
//	O1. For values a and b of one type, bytes.Compare of their encodings has the sign of the type's comparison; values
//	    that compare as equal have the same encoding.
//	O2. No encoding of a type is a proper prefix of another one under the same direction. So encodings can be told apart
//	    without a length, and what follows them decides only between equals.
//	O3. The first byte says whether the value is NULL; it decides before everything else and is not turned round by a
//	    descending direction.
//	O4. Where Exact says so, Decode gives back the bytes that were encoded.
//	O5. Encodings are on disk: they never change for a type.
//
// Text is compared by its bytes, which for UTF-8 is the order of code points (PostgreSQL's collation C).
package ordkey
