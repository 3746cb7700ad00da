package full

import (
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) { variantstest.Run(t, Mechanism(), variantstest.Exact()) }

func TestGradient(t *testing.T) {
	variantstest.CheckGradient(t, Mechanism(), variantstest.ExactGradients())
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		c.Shape.S = rapid.IntRange(1, 14).Draw(r, "s")
	})
}
