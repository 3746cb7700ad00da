package nystrom

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkForward(b *testing.B) {
	for _, options := range []string{"", "conv=33", "landmarks=128"} {
		b.Run("options="+options, func(b *testing.B) {
			variantstest.Benchmark(b, Mechanism(), variantstest.Self(8, 4096, 64, false), options, kernel.Best())
		})
	}
}

func BenchmarkBackward(b *testing.B) {
	variantstest.BenchmarkBackward(b, Mechanism(), variantstest.Self(8, 4096, 64, false), "", kernel.Best())
}
