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
