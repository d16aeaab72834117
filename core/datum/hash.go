package datum

import (
	"encoding/binary"
	"math"
	"math/bits"
)

const hashNull = 0x9e3779b97f4a7c15

// mix is the multiply-and-fold step of wyhash by Wang Yi.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashUint64(v uint64) uint64 { return mix(v^0xa0761d6478bd642f, 0xe7037ed1a0b428db) }

func hashInt(d Datum) uint64 { return hashUint64(uint64(d.I)) }

// HashString hashes bytes, eight at a time. The result is the same in every process.
func HashString(s string) uint64 {
	b := Datum{S: s}.Bytes()
	h := uint64(len(b)) ^ 0x8ebc6af09c88c6e3
	for len(b) >= 8 {
		h = mix(h^binary.LittleEndian.Uint64(b), 0x589965cc75374cc3)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(h^tail, 0xe7037ed1a0b428db)
}

func hashText(d Datum) uint64 { return HashString(d.S) }

func hashFloat(d Datum) uint64 {
	f := d.Float()
	switch {
	case f == 0: // both zeros
		return hashUint64(0)
	case math.IsNaN(f):
		return hashUint64(math.Float64bits(math.NaN()))
	}
	return hashUint64(uint64(d.I))
}

func hashInterval(d Datum) uint64 {
	days, micros := d.Interval().span()
	return mix(hashUint64(uint64(days)), uint64(micros)^0xa0761d6478bd642f)
}
