package local

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/longformer"
	"attnbench/variants/variantstest"
)

// BenchmarkEqualPairs measures blocks beside a sliding window that scores as many pairs.
func BenchmarkEqualPairs(b *testing.B) {
	shape := variantstest.Self(8, 4096, 64, false)
	for _, size := range []string{"64", "512"} {
		b.Run("pairs="+size+"/blocks", func(b *testing.B) {
			variantstest.Benchmark(b, Mechanism(), shape, "block="+size, kernel.Best())
		})
		b.Run("pairs="+size+"/window", func(b *testing.B) {
			variantstest.Benchmark(b, longformer.Mechanism(), shape, "window="+size, kernel.Best())
		})
	}
}
