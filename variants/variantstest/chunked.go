package variantstest

import (
	"fmt"

	"attnbench/variants"
)

// Chunked are cases of causal mechanisms with option chunk: token by token, in chunks that leave some tokens
// over, and in one.
func Chunked() []Case {
	var cases []Case
	for _, n := range []int{1, 2, 7, 63, 64, 65, 130, 257} {
		for _, chunk := range []int{1, 7, 16, 64, n} {
			cases = append(cases, Case{Shape: Self(2, n, 16, true), Options: fmt.Sprintf("chunk=%d", chunk)})
		}
	}
	for _, s := range []variants.Shape{
		{Batch: 2, Heads: 3, N: 100, D: 12, E: 20}, {Batch: 1, Heads: 1, N: 150, D: 64, E: 72},
		{Batch: 2, Heads: 1, N: 90, D: 9, E: 1},
	} {
		s.S, s.Causal = s.N, true
		cases = append(cases, Case{Shape: s})
	}
	return cases
}
