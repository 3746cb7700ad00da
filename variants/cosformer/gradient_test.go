package cosformer

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

func TestGradient(t *testing.T) {
	variantstest.CheckGradient(t, Mechanism(), []variantstest.Case{
		{Shape: variants.Shape{Batch: 1, Heads: 2, N: 5, S: 9, D: 4, E: 3}},
		{Shape: variants.Shape{Batch: 1, Heads: 2, N: 9, S: 5, D: 3, E: 4}},
	})
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		longest := c.Shape.N + rapid.IntRange(0, 20).Draw(r, "more")
		c.Options = fmt.Sprintf("max_len=%d,chunk=%d", longest, rapid.IntRange(1, 20).Draw(r, "chunk"))
	})
}

// TestCost checks the formulae of spec §8 at odd sizes.
func TestCost(t *testing.T) {
	pool := work.NewPool(1)
	defer pool.Close()
	s := variants.Shape{Batch: 2, Heads: 3, N: 11, S: 11, D: 5, E: 7, Causal: true}
	p, err := Mechanism().Resolve(variants.Request{Shape: s, Kernels: kernel.Generic(), Pool: pool})
	if err != nil {
		t.Fatal(err)
	}
	const heads, n, d, e = 6., 11., 5., 7.
	for what, c := range map[string][2]float64{
		"forward":           {cost(p).FLOPs, heads * (8*n*d*e + 4*n*d)},
		"backward":          {backwardCost(p).FLOPs, heads * 16 * n * d * e},
		"one of its tokens": {decodeCost(p).FLOPs, heads * (8*d*e + 4*d)},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %v, want %v", what, c[0], c[1])
		}
	}
}
