package ssd

import (
	"fmt"
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 7, 63, 64, 65, 130, 257} {
		for _, chunk := range []int{1, 7, 16, 64, n} {
			cases = append(cases, variantstest.Case{
				Shape: variantstest.Self(2, n, 16, true), Options: fmt.Sprintf("chunk=%d", chunk),
			})
		}
	}
	cases = append(cases,
		variantstest.Case{Shape: variants.Shape{Batch: 2, Heads: 3, N: 100, S: 100, D: 12, E: 20, Causal: true}},
		variantstest.Case{Shape: variants.Shape{Batch: 1, Heads: 1, N: 150, S: 150, D: 64, E: 72, Causal: true}})
	variantstest.Run(t, Mechanism(), cases)
}
