package variantstest

import (
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
)

// CheckRandomGradients is CheckGradient on random small shapes of self-attention with batches, heads, key
// masks and values of any width; options draws the rest and may change the shape.
func CheckRandomGradients(t *testing.T, m *variants.Mechanism, options func(r *rapid.T, c *Case)) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(r, name) }
		n := size("n", 14)
		c := Case{Shape: variants.Shape{
			Batch: size("batch", 2), Heads: size("heads", 2), N: n, S: n, D: size("d", 5), E: size("e", 5),
		}}
		c.Shape.Causal = m.OnlyCausal != "" || m.NoCausal == "" && rapid.Bool().Draw(r, "causal")
		options(r, &c)
		if m.NoMask == "" && rapid.Bool().Draw(r, "masked") {
			bits := c.Shape.Batch * c.Shape.S
			c.Mask = rapid.SliceOfN(rapid.Uint8Range(0, 1), bits, bits).Draw(r, "mask")
		}
		if err := GradientError(m, c); err != nil {
			r.Fatal(err)
		}
	})
}
