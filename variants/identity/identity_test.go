package identity

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	variantstest.Run(t, Mechanism(), []variantstest.Case{
		{Shape: variantstest.Self(2, 1, 1, false)},
		{Shape: variantstest.Self(2, 100, 20, true)},
		{Shape: variants.Shape{Batch: 2, Heads: 3, N: 17, S: 17, D: 8, E: 12}},
	})
}
