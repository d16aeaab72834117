package ordkey

import "cmp"

// A Shape is what counts of an array beside its elements.
type Shape struct {
	// Dimensions is 0 for the empty array and 1 for all others.
	Dimensions int
	Length     int
	// Lower is the number of the first element.
	Lower int
}

// CompareArrays orders arrays by the first elements that differ, and then by their shapes: fewer elements, fewer dimensions, the lower
// first number come first. element compares the elements at a place, counted from zero; it lets NULL be greater than
// everything and equal to itself, as Order's zero value does.
func CompareArrays(a, b Shape, element func(i int) int) int {
	for i := range min(a.Length, b.Length) {
		if c := element(i); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.Length, b.Length), cmp.Compare(a.Dimensions, b.Dimensions), cmp.Compare(a.Lower, b.Lower))
}

// CompareVectors orders the vectors of the catalogs: the shorter one comes first, and among those of one length the elements decide.
func CompareVectors(a, b Shape, element func(i int) int) int {
	if a.Length != b.Length {
		return cmp.Compare(a.Length, b.Length)
	}
	return CompareArrays(a, b, element)
}
