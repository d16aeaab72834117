// Package numeric is the arithmetic of SQL's numeric type as PostgreSQL has it: exact decimal numbers that remember how many
// digits to show after the point, with NaN and the infinities.
//
// Always true:
//
//	N1. A finite number has a scale from 0 to MaxScale and at most MaxIntegerDigits digits before the point, once a function
//	    has returned without ErrOverflow.
//	N2. Rounding is half away from zero.
//	N3. The scale of a result follows PostgreSQL's rules (numeric.c), so that the same digits are printed.
//
// Integers of any length, and the functions that have no exact result, come from cockroachdb/apd.
package numeric
