package cosformer

import (
	"fmt"
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// accepted is the specification's error of cosFormer in float32.
const accepted = 1e-5

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	add := func(s variants.Shape, options string) {
		cases = append(cases, variantstest.Case{Shape: s, Options: options, Tolerance: accepted})
	}
	for _, n := range []int{1, 2, 47, 64, 65, 97, 300} {
		for _, causal := range []bool{false, true} {
			add(variantstest.Self(2, n, 16, causal), "")
			add(variantstest.Self(1, n, 12, causal), "max_len=1000")
		}
	}
	for _, chunk := range []int{1, 7, 16, 64, 65, 100, 150, 1000} {
		add(variantstest.Self(2, 150, 8, true), fmt.Sprintf("chunk=%d", chunk))
	}
	for _, causal := range []bool{false, true} {
		add(variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 9, E: 13, Causal: causal}, "")
		add(variantstest.Self(1, 2100, 4, causal), "")
		add(variantstest.Self(1, 200, 64, causal), "")
		add(variantstest.Self(3, 50, 2, causal), "") // rows without weight
	}
	add(variants.Shape{Batch: 1, Heads: 2, N: 33, S: 140, D: 9, E: 8}, "")
	add(variants.Shape{Batch: 1, Heads: 2, N: 140, S: 33, D: 20, E: 80}, "")
	cases = append(cases, variantstest.Case{
		Name: "sums around the smallest denominator", Shape: variantstest.Self(1, 100, 4, true), Scale: 1e-4,
		Tolerance: accepted,
	})
	variantstest.Run(t, Mechanism(), cases)
}

// TestMasks covers masked keys at the start, where causal rows see nothing, and in all of a chunk.
func TestMasks(t *testing.T) {
	mask := make([]uint8, 2*260)
	for i := range mask {
		if i%7 != 0 && i%260 > 20 && (i < 100 || i > 230) {
			mask[i] = 1
		}
	}
	var cases []variantstest.Case
	for _, options := range []string{"", "max_len=300", "chunk=5"} {
		for _, causal := range []bool{false, true} {
			s := variants.Shape{Batch: 2, Heads: 1, N: 260, S: 260, D: 8, E: 8, Causal: causal}
			cases = append(cases,
				variantstest.Case{
					Name: fmt.Sprintf("mask,%v,%s", causal, options), Shape: s, Options: options, Mask: mask,
					Tolerance: accepted,
				},
				variantstest.Case{
					Name: fmt.Sprintf("no valid key,%v,%s", causal, options), Shape: variantstest.Self(1, 9, 8, causal),
					Options: options, Mask: make([]uint8, 9),
				})
		}
	}
	variantstest.Run(t, Mechanism(), cases)
}
