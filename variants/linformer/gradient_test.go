package linformer

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// TestGradient compares the gradient of the definition with differences of it, for problems of all kinds.
func TestGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
		c := variantstest.Case{
			Shape: variants.Shape{
				Batch: size("batch", 2), Heads: size("heads", 2), N: size("n", 8), S: size("s", 8), D: size("d", 5),
				E: size("e", 5),
			},
			Options: fmt.Sprintf("k=%d,sharing=%s,frozen=%t", size("k", 6),
				rapid.SampledFrom([]string{"headwise", "none", "kv", "layerwise"}).Draw(t, "sharing"),
				rapid.Bool().Draw(t, "frozen")),
		}
		if rapid.Bool().Draw(t, "masked") {
			c.Mask = make([]uint8, c.Shape.Batch*c.Shape.S)
			for i := range c.Mask {
				c.Mask[i] = uint8(rapid.IntRange(0, 1).Draw(t, "valid"))
			}
		}
		if err := variantstest.GradientError(Mechanism(), c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	})
}

// TestBackwardCost checks 8nk(d+e) operations and 2nkd for the scores.
func TestBackwardCost(t *testing.T) {
	p := resolve(t, variantstest.Self(8, 4096, 64, false), "", nil, "")
	if got, want := backwardCost(p).FLOPs, 8.*4096*256*(8*128+2*64); got != want {
		t.Errorf("cost is %v operations, want %v", got, want)
	}
}
