package page

// numberSet is an encoded set of numbers, see edit. It was checked when decoded.
type numberSet struct {
	k   int
	enc []byte // without k
}

func (s numberSet) len() int { return s.k }

// setIter walks a set in order: for it := s.iter(); it.next(); { it.v … }.
type setIter struct {
	d    decoder
	left int // numbers to come
	run  int // of the current run, numbers to come
	v    int
}

func (s numberSet) iter() setIter { return setIter{d: decoder{b: s.enc}, left: s.k, v: -1} }

func (it *setIter) next() bool {
	if it.left == 0 || it.d.err != nil {
		return false
	}
	it.left--
	if it.run > 0 {
		it.run--
		it.v++
		return true
	}
	head := it.d.number()
	it.v += head>>1 + 1
	if head&1 != 0 {
		it.run = it.d.number() + 1
		if it.run > it.left {
			it.d.fail("set longer than its count")
		}
	}
	return it.d.err == nil
}

// decodeSet reads a set and checks it. Numbers end at 16 bits, so k does too.
func decodeSet(d *decoder) numberSet {
	k := d.number()
	s := numberSet{k: k, enc: d.b}
	it := s.iter()
	for it.next() {
		if it.v > 0xffff {
			it.d.fail("set number out of range")
		}
	}
	if it.d.err != nil && d.err == nil {
		d.err = it.d.err
	}
	if d.err != nil {
		d.b = nil
		return numberSet{}
	}
	s.enc = d.b[:len(d.b)-len(it.d.b)]
	d.b = it.d.b
	return s
}

// appendSet encodes increasing numbers, each less `first`.
func appendSet[T ~int | ~uint16](dst []byte, numbers []T, first int) []byte {
	dst = appendNumber(dst, len(numbers))
	prev := -1
	for i := 0; i < len(numbers); {
		v := int(numbers[i]) - first
		run := 1
		for i+run < len(numbers) && int(numbers[i+run])-first == v+run {
			run++
		}
		head := (v - prev - 1) << 1
		if run > 1 {
			dst = appendNumber(appendNumber(dst, head|1), run-2)
		} else {
			dst = appendNumber(dst, head)
		}
		prev = v + run - 1
		i += run
	}
	return dst
}

// encodeSet encodes into e.out and returns the set.
func encodeSet[T ~int | ~uint16](e *Editor, numbers []T, first int) numberSet {
	e.out = appendSet(e.out[:0], numbers, first)
	d := decoder{b: e.out}
	return numberSet{k: d.number(), enc: d.b}
}
