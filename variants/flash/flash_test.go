package flash

import (
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	cases := variantstest.Exact()
	for _, tiles := range []string{
		"tile_q=1,tile_k=1", "tile_q=7,tile_k=5", "tile_q=16,tile_k=200", "tile_q=4096,tile_k=4096",
	} {
		cases = append(cases,
			variantstest.Case{Shape: variantstest.Self(1, 70, 20, true), Options: tiles},
			variantstest.Case{Shape: variants.Shape{Batch: 2, Heads: 1, N: 33, S: 91, D: 12, E: 20}, Options: tiles},
			variantstest.Case{
				Shape:   variants.Shape{Batch: 1, Heads: 1, N: 50, S: 20, D: 12, E: 20, Causal: true},
				Options: tiles,
			},
		)
	}
	variantstest.Run(t, Mechanism(), cases)
}

func TestGradient(t *testing.T) {
	variantstest.CheckGradient(t, Mechanism(), variantstest.ExactGradients())
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		c.Shape.S = rapid.IntRange(1, 14).Draw(r, "s")
	})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }
