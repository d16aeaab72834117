// Package ordkey says in what order the values of a type are and which of them are equal. It is the one place that knows: the host
// compares, sorts, hashes and merges by it (core/datum hands its values in), and access methods in other processes make their keys
// with it. So it imports nothing but the standard library.
//
// It has two forms of one set of rules. Comparisons take plain Go values: CompareSigned, CompareFloat, CompareText, CompareNumbers and
// so on, and RuleOf tells which of them a type goes by. Encodings take PostgreSQL's binary format and give bytes that compare as
// the values do; several of them may be appended to one another, and the whole then compares column by column. Where a rule
// is more than how bytes or integers compare, both forms go through the same function: FloatKey, SpanOf, TrimBlanks, Class,
// Order.
//
// Always true:
//
//	O1. For values a and b of one type, bytes.Compare of their encodings has the sign of the type's comparison; values
//	    that compare as equal have the same encoding.
//	O2. No encoding of a type is a proper prefix of another one under the same direction. So encodings can be told apart
//	    without a length, and what follows them decides only between equals.
//	O3. The first byte says whether the value is NULL; it decides before everything else and is not turned round by a
//	    descending direction.
//	O4. Where Exact says so, values are equal only if their bytes are, and Decode gives back the bytes that were encoded.
//	O5. Encodings are on disk: they never change for a type.
//
// Text is compared by its bytes, which for UTF-8 is the order of code points (PostgreSQL's collation C).
package ordkey
