package linear

import (
	"fmt"
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

// BenchmarkForward is the setting of the suite's published results.
func BenchmarkForward(b *testing.B) {
	for _, causal := range []bool{false, true} {
		b.Run(fmt.Sprintf("causal=%v", causal), func(b *testing.B) {
			variantstest.Benchmark(b, Mechanism(), variantstest.Self(8, 4096, 64, causal), "", kernel.Best())
		})
	}
}

// BenchmarkBackward adds one long head, whose tokens are cut into segments.
func BenchmarkBackward(b *testing.B) {
	for _, n := range []int{4096, 65536} {
		for _, causal := range []bool{false, true} {
			shape := variantstest.Self(max(1, 8*4096/n), n, 64, causal)
			b.Run(fmt.Sprintf("n=%d/causal=%v", n, causal), func(b *testing.B) {
				variantstest.BenchmarkBackward(b, Mechanism(), shape, "", kernel.Best())
			})
		}
	}
}
