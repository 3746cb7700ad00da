package inputs

import "attnbench/variants"

// Gaussian draws q [batch, heads, n, d], k [batch, heads, s, d] and v [batch, heads, s, e] of
// independent N(0, 1) values. Each head of each tensor has its own stream (variants.Stream), read row by
// row: a head holds the same numbers whatever the number of heads, and a shorter sequence is a prefix of
// a longer one.
//
// The numbers are those of math/rand/v2's PCG and NormFloat64. They are the same on every run and
// machine, but for one reservation: where NormFloat64 compares with an exponential or takes a logarithm
// (1 draw in 80), an architecture whose last bit differs may, about once in 10⁹ draws, decide otherwise
// and shift the rest of a head.
func Gaussian(seed uint64, shape variants.Shape) (q, k, v []float32) {
	fill := func(name string, size int) []float32 { return normal(seed, name, shape.Slices(), size) }
	return fill("q", shape.N*shape.D), fill("k", shape.S*shape.D), fill("v", shape.S*shape.E)
}

// GaussianDOut draws the gradient of a loss by the output, [batch, heads, n, e], in the same way.
func GaussianDOut(seed uint64, shape variants.Shape) []float32 {
	return normal(seed, "dout", shape.Slices(), shape.N*shape.E)
}

// normal draws size values for each head of a tensor.
func normal(seed uint64, name string, heads, size int) []float32 {
	x := make([]float32, heads*size)
	for h := range heads {
		variants.Normal(variants.Stream(seed, name, h), x[h*size:(h+1)*size], 1)
	}
	return x
}
