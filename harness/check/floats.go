package check

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Rounded returns x as bfloat16.
func Rounded(x []float32) variants.Floats {
	f := variants.Floats{BF16: make([]kernel.BF16, len(x))}
	Round(f, x)
	return f
}

// Round converts x to the elements of dst. Where those are float32 they are x itself.
func Round(dst variants.Floats, x []float32) {
	for i := range dst.BF16 {
		dst.BF16[i] = kernel.ToBF16(x[i])
	}
}

// Widened returns the elements as float32: those of x itself where they are.
func Widened(x variants.Floats) []float32 {
	if x.BF16 == nil {
		return x.F32
	}
	wide := make([]float32, x.Len())
	Widen(wide, x)
	return wide
}

// Widen converts the elements of x to float32. Where those are float32 they are dst itself.
func Widen(dst []float32, x variants.Floats) {
	for i, e := range x.BF16 {
		dst[i] = e.Float32()
	}
}
