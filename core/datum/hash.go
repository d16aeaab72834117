package datum

import (
	"encoding/binary"
	"math/bits"
)

const hashNull = 0x9e3779b97f4a7c15

// mix is the multiply-and-fold step of wyhash by Wang Yi.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashUint64(v uint64) uint64 { return mix(v^0xa0761d6478bd642f, 0xe7037ed1a0b428db) }

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
