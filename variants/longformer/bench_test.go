package longformer

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkForward(b *testing.B) {
	for _, c := range []struct {
		name, options string
		n             int
		causal        bool
	}{
		{"window=512", "", 4096, false},
		{"window=512/causal", "globals=4,causal_global=true", 4096, true},
		{"window=64", "window=64", 4096, false},
		{"window=64/n=256", "window=64", 256, false},
		{"window=256/dilation=2", "window=256,dilation=2,globals=2", 4096, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			shape := variantstest.Self(8, c.n, 64, c.causal)
			variantstest.Benchmark(b, Mechanism(), shape, c.options, kernel.Best())
		})
	}
}

func BenchmarkBackward(b *testing.B) {
	for _, options := range []string{"window=512", "window=64", "window=256,dilation=2,globals=2"} {
		b.Run(options, func(b *testing.B) {
			shape := variantstest.Self(8, 4096, 64, false)
			variantstest.BenchmarkBackward(b, Mechanism(), shape, options, kernel.Best())
		})
	}
}
