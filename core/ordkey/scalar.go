package ordkey

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
)

// CompareSigned orders by value.
func CompareSigned(a, b int64) int { return cmp.Compare(a, b) }

// CompareUnsigned orders by value.
func CompareUnsigned(a, b uint64) int { return cmp.Compare(a, b) }

// CompareFloat orders by value, with NaN above everything else and equal to itself; the two zeros are equal.
func CompareFloat(a, b float64) int {
	switch { // what needs no key
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return cmp.Compare(FloatKey(a), FloatKey(b))
}

// FloatKey numbers floats in their order: all NaNs are one, above infinity, and the two zeros are one.
func FloatKey(f float64) uint64 {
	bits := math.Float64bits(canonical(f))
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// float4Key is FloatKey in half as many bits.
func float4Key(f float32) uint32 {
	bits := math.Float32bits(float32(canonical(float64(f))))
	if bits>>31 != 0 {
		return ^bits
	}
	return bits | 1<<31
}

// canonical is the one float that stands for all that are equal to f.
func canonical(f float64) float64 {
	switch {
	case f != f:
		return math.Float64frombits(0x7ff8 << 48)
	case f == 0:
		return 0
	}
	return f
}

// fixed checks the length of a value.
func fixed(n int, encode func(dst, v []byte) []byte) func(dst, v []byte) ([]byte, error) {
	return func(dst, v []byte) ([]byte, error) {
		if len(v) != n {
			return dst, fmt.Errorf("%w: %d bytes, it has %d", ErrValue, len(v), n)
		}
		return encode(dst, v), nil
	}
}

func encodeRaw(dst, v []byte) []byte { return append(dst, v...) }

func decodeRaw(enc []byte) []byte { return enc }

// encodeBool makes every true value the same one.
func encodeBool(dst, v []byte) []byte {
	if v[0] != 0 {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// encodeSigned turns the sign bit round, so that negative numbers come first.
func encodeSigned(dst, v []byte) []byte { return append(append(dst, v[0]^0x80), v[1:]...) }

func decodeSigned(enc []byte) []byte {
	enc[0] ^= 0x80
	return enc
}

func encodeFloat4(dst, v []byte) []byte {
	return binary.BigEndian.AppendUint32(dst, float4Key(math.Float32frombits(binary.BigEndian.Uint32(v))))
}

func encodeFloat8(dst, v []byte) []byte {
	return binary.BigEndian.AppendUint64(dst, FloatKey(math.Float64frombits(binary.BigEndian.Uint64(v))))
}
