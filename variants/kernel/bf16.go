package kernel

import "math"

// BF16 is a brain floating-point number: the upper half of a float32, 8 bits of significand.
type BF16 uint16

// Float32 is the same number as a float32: exact.
func (x BF16) Float32() float32 { return math.Float32frombits(uint32(x) << 16) }

// ToBF16 rounds to the nearest BF16, to the even one of two. A NaN stays one.
func ToBF16(x float32) BF16 {
	bits := math.Float32bits(x)
	if x != x {
		return BF16(bits>>16 | 1<<6)
	}
	return BF16((bits + 0x7fff + bits>>16&1) >> 16)
}

func genericWiden(rows, cols int, dst []float32, ldd int, src []BF16, lds int) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	for r := range rows {
		out := dst[r*ldd:][:cols]
		for c, x := range src[r*lds:][:cols] {
			out[c] = x.Float32()
		}
	}
}

func genericNarrow(rows, cols int, dst []BF16, ldd int, src []float32, lds int) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	for r := range rows {
		out := dst[r*ldd:][:cols]
		for c, x := range src[r*lds:][:cols] {
			out[c] = ToBF16(x)
		}
	}
}
