package flash

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 3, 63, 64, 65, 100, 127, 300} {
		for _, causal := range []bool{false, true} {
			cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, n, 16, causal)})
		}
	}
	for _, tiles := range []string{"tile_q=1,tile_k=1", "tile_q=7,tile_k=5", "tile_q=16,tile_k=200",
		"tile_q=4096,tile_k=4096"} {
		cases = append(cases,
			variantstest.Case{Shape: variantstest.Self(1, 70, 20, true), Options: tiles},
			variantstest.Case{Shape: variants.Shape{Batch: 2, Heads: 1, N: 33, S: 91, D: 12, E: 20}, Options: tiles},
			variantstest.Case{Shape: variants.Shape{Batch: 1, Heads: 1, N: 50, S: 20, D: 12, E: 20, Causal: true},
				Options: tiles},
		)
	}
	for _, d := range []int{1, 32, 64, 80, 96, 128, 256} {
		cases = append(cases, variantstest.Case{Shape: variantstest.Self(1, 65, d, false)})
	}
	mask := make([]uint8, 2*60)
	for i := range mask {
		mask[i] = uint8(i % 3 % 2)
	}
	masked := variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 8, E: 8, Causal: true}
	cases = append(cases,
		variantstest.Case{Name: "mask", Shape: masked, Mask: mask},
		variantstest.Case{Name: "no valid key", Shape: variantstest.Self(1, 9, 8, false), Mask: make([]uint8, 9)},
		variantstest.Case{Name: "peaked", Shape: variantstest.Self(1, 130, 64, false), Scale: 30, Tolerance: 2e-5},
	)
	variantstest.Run(t, Mechanism(), cases)
}
