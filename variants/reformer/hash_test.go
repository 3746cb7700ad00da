package reformer

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

// TestHashOfTies draws directions in pairs that float32 can hardly tell apart, and equal ones: the buckets
// are those of the definition all the same, on every instruction set.
func TestHashOfTies(t *testing.T) {
	shape := variantstest.Self(2, 200, 64, false)
	for _, options := range []string{"chunk=16,buckets=16", "chunk=16,buckets=8|6"} {
		c := newCall(t, shape, options, nil)
		c.p.DrawInputs()
		drawn, _ := c.p.Input(rotations)
		columns := drawn.Dims[3]
		for i := 1; i < len(drawn.F32); i++ {
			switch column := i % columns; {
			case column == 3:
				drawn.F32[i] = drawn.F32[i-3]
			case column%2 == 1:
				drawn.F32[i] = drawn.F32[i-1] * (1 + 0x1p-22*float32(i%3-1))
			}
		}
		for _, set := range kernel.Available() {
			c := newCall(t, shape, options, map[string]variants.Tensor{rotations: drawn})
			c.p.Kernels = set
			_, attention := c.forward()
			got := attention.(variants.Tracer).Traces()["buckets"].I64
			for slice := range shape.Slices() {
				for r, round := range naiveRounds(c.p, c.head(slice)) {
					for token, want := range round.bucket {
						if bucket := got[(slice*c.p.Int("rounds")+r)*shape.N+token]; bucket != int64(want) {
							t.Fatalf("%s, %s: token %d of round %d is in bucket %d, want %d",
								set.Name, options, token, r, bucket, want)
						}
					}
				}
			}
		}
	}
}
