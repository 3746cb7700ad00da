package linear

import (
	"fmt"
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	add := func(s variants.Shape, options string) {
		cases = append(cases, variantstest.Case{Shape: s, Options: options})
	}
	for _, n := range []int{1, 2, 47, 64, 65, 97, 300} {
		for _, causal := range []bool{false, true} {
			add(variantstest.Self(2, n, 16, causal), "")
			add(variantstest.Self(1, n, 12, causal), "eps=0.05")
		}
	}
	for _, chunk := range []int{1, 7, 16, 64, 65, 100, 150, 1000} {
		add(variantstest.Self(2, 150, 8, true), fmt.Sprintf("chunk=%d", chunk))
	}
	for _, causal := range []bool{false, true} {
		add(variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 9, E: 13, Causal: causal}, "eps=0")
		add(variantstest.Self(1, 2100, 4, causal), "")
		add(variantstest.Self(1, 200, 64, causal), "")
		add(variantstest.Self(3, 50, 1, causal), "")
	}
	add(variants.Shape{Batch: 1, Heads: 2, N: 33, S: 140, D: 9, E: 8}, "")
	add(variants.Shape{Batch: 1, Heads: 2, N: 140, S: 33, D: 20, E: 80}, "")
	cases = append(cases, variantstest.Case{
		Name: "features from 0 to 100", Shape: variantstest.Self(1, 100, 4, true), Scale: 30,
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
	for _, options := range []string{"", "eps=0", "chunk=5"} {
		for _, causal := range []bool{false, true} {
			s := variants.Shape{Batch: 2, Heads: 1, N: 260, S: 260, D: 8, E: 8, Causal: causal}
			cases = append(cases,
				variantstest.Case{Name: fmt.Sprint("mask,", causal, options), Shape: s, Options: options, Mask: mask},
				variantstest.Case{
					Name: fmt.Sprint("no valid key,", causal, options), Shape: variantstest.Self(1, 9, 8, causal),
					Options: options, Mask: make([]uint8, 9),
				})
		}
	}
	variantstest.Run(t, Mechanism(), cases)
}
