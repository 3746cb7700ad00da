package variantstest

import (
	"math"
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// halfLimit is the length up to which a case is checked on bfloat16 operands too.
const halfLimit = 130

// checkBF16 runs the case on operands in bfloat16, against the definition of what those hold: inside, work is
// in float32, or in products of bfloat16 numbers with float32 sums.
func checkBF16(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, in operands) {
	t.Helper()
	c.elements = variants.BF16
	q, k, v := rounded(in.q), rounded(in.k), rounded(in.v)
	p := c.resolve(t, m, set, 1)
	want := Definition(p, wide(q), wide(k), wide(v))
	run := func(threads int) []float32 {
		attention, _ := c.resolve(t, m, set, threads).Plan()
		s := c.Shape
		out := rounded(slices.Repeat([]float32{float32(math.NaN())}, s.Slices()*s.N*s.E))
		attention.Forward(out, q, k, v)
		if threads == 1 {
			if allocs := allocations(func() { attention.Forward(out, q, k, v) }); allocs != 0 {
				t.Errorf("Forward allocates %v times on bfloat16 operands", allocs)
			}
		}
		return wide(out)
	}
	got := run(1)
	compareBF16(t, got, want)
	if !slices.Equal(run(3), got) {
		t.Error("bfloat16: 3 threads give other bits than one")
	}
}

// compareBF16 accepts a relative error, over the whole output, of a few roundings to 8 bits.
func compareBF16(t *testing.T, got []float32, want []float64) {
	t.Helper()
	const accepted = 4e-3
	var difference, norm float64
	for i, x := range want {
		difference += (float64(got[i]) - x) * (float64(got[i]) - x)
		norm += x * x
	}
	if limit := accepted * math.Sqrt(norm); !(math.Sqrt(difference) <= limit) {
		t.Errorf("bfloat16: error %.3g, accepted %.3g", math.Sqrt(difference), limit)
	}
}

func rounded(x []float32) variants.Floats {
	f := variants.Floats{BF16: make([]kernel.BF16, len(x))}
	for i, e := range x {
		f.BF16[i] = kernel.ToBF16(e)
	}
	return f
}

func wide(f variants.Floats) []float32 {
	x := make([]float32, f.Len())
	for i, e := range f.BF16 {
		x[i] = e.Float32()
	}
	return x
}
