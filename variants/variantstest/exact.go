package variantstest

import "attnbench/variants"

// Exact are cases for a mechanism that computes softmax attention itself: lengths around tile sides, head
// dimensions, cross-attention in both directions, causal rows without a key, masks, peaked logits.
func Exact() []Case {
	var cases []Case
	for _, n := range []int{1, 2, 3, 63, 64, 65, 100, 127, 300} {
		for _, causal := range []bool{false, true} {
			cases = append(cases, Case{Shape: Self(2, n, 16, causal)})
		}
	}
	for _, d := range []int{1, 32, 64, 80, 96, 128, 256} {
		cases = append(cases, Case{Shape: Self(1, 65, d, false)})
	}
	mask := make([]uint8, 2*60)
	for i := range mask {
		mask[i] = uint8(i % 3 % 2)
	}
	masked := variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 8, E: 8, Causal: true}
	return append(cases,
		Case{Shape: variants.Shape{Batch: 2, Heads: 1, N: 33, S: 91, D: 12, E: 20}},
		Case{Shape: variants.Shape{Batch: 1, Heads: 1, N: 50, S: 20, D: 12, E: 20, Causal: true}},
		Case{Shape: variants.Shape{Batch: 1, Heads: 1, N: 20, S: 50, D: 12, E: 20, Causal: true}},
		Case{Name: "mask", Shape: masked, Mask: mask},
		Case{Name: "no valid key", Shape: Self(1, 9, 8, false), Mask: make([]uint8, 9)},
		Case{Name: "peaked", Shape: Self(1, 130, 64, false), Scale: 30, Tolerance: 2e-5},
	)
}

// ExactGradients are small cases of the same kinds for CheckGradient.
func ExactGradients() []Case {
	mask := []uint8{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0}
	masked := variants.Shape{Batch: 2, Heads: 1, N: 10, S: 10, D: 3, E: 3, Causal: true}
	return []Case{
		{Shape: Self(2, 1, 2, false)},
		{Shape: Self(1, 9, 4, false)},
		{Shape: Self(1, 9, 4, true)},
		{Shape: variants.Shape{Batch: 1, Heads: 1, N: 7, S: 12, D: 3, E: 5}},
		{Shape: variants.Shape{Batch: 1, Heads: 1, N: 12, S: 7, D: 3, E: 5, Causal: true}},
		{Shape: variants.Shape{Batch: 1, Heads: 1, N: 7, S: 12, D: 3, E: 5, Causal: true}},
		{Name: "mask", Shape: masked, Mask: mask},
		{Name: "peaked", Shape: Self(1, 9, 4, false), Scale: 4},
	}
}
