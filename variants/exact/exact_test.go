package exact_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/exact"
	"attnbench/variants/full"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

// The oracle in matrix products agrees with the definition in loops, on random shapes, masks and causality.
func TestAgreesWithLoops(t *testing.T) {
	pool := work.NewPool(1)
	defer pool.Close()
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
		s := variants.Shape{Batch: size("batch", 2), Heads: size("heads", 2), N: size("n", 90), S: size("s", 90),
			D: size("d", 9), E: size("e", 9)}
		s.Causal = rapid.Bool().Draw(t, "causal")
		mask := rapid.SliceOfN(rapid.Uint8Range(0, 1), s.S, s.S).Draw(t, "mask")
		p, err := full.Mechanism().Resolve(variants.Request{
			Shape: s, Kernels: kernel.Generic(), Pool: pool,
			Inputs: map[string]variants.Tensor{variants.KeyMask: {Dims: []int{s.S}, U8: mask}},
		})
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, s.Slices()*max(s.N, s.S)*max(s.D, s.E))
		variants.Normal(variants.Stream(1, "x", 0), x, 2)
		q, k, v := x[:s.Slices()*s.N*s.D], x[:s.Slices()*s.S*s.D], x[:s.Slices()*s.S*s.E]
		want := variantstest.Definition(p, q, k, v)
		p.Mechanism.Definition = exact.Attention
		for i, got := range variantstest.Definition(p, q, k, v) {
			if !(math.Abs(got-want[i]) <= 1e-12) {
				t.Fatalf("%+v: element %d is %v, in loops %v", s, i, got, want[i])
			}
		}
	})
}
