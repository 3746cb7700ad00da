package sparse

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/longformer"
	"attnbench/variants/variantstest"
)

// BenchmarkEqualPairs measures the patterns beside sliding windows that score about as many pairs.
func BenchmarkEqualPairs(b *testing.B) {
	for _, c := range []struct{ options, window string }{
		{"stride=64", "94"}, {"stride=128", "142"},
		{"pattern=fixed,stride=64", "286"}, {"pattern=fixed,stride=128", "192"},
	} {
		for _, m := range []struct {
			mechanism *variants.Mechanism
			options   string
			causal    bool
		}{{Mechanism(), c.options, true}, {longformer.Mechanism(), "window=" + c.window, false}} {
			b.Run(c.options+"/"+m.options, func(b *testing.B) {
				shape := variantstest.Self(8, 4096, 64, m.causal)
				variantstest.Benchmark(b, m.mechanism, shape, m.options, kernel.Best())
			})
		}
	}
}

func BenchmarkBackward(b *testing.B) {
	for _, options := range []string{"stride=64", "pattern=fixed,stride=64"} {
		b.Run(options, func(b *testing.B) {
			shape := variantstest.Self(8, 4096, 64, true)
			variantstest.BenchmarkBackward(b, Mechanism(), shape, options, kernel.Best())
		})
	}
}
