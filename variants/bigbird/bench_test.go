package bigbird

import (
	"fmt"
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkForward(b *testing.B) {
	for _, c := range []struct {
		n       int
		options string
	}{
		{4096, "block=64,random=3"}, {4096, "block=16,random=1"}, {512, "block=16,random=1"},
	} {
		b.Run(fmt.Sprintf("n=%d/%s", c.n, c.options), func(b *testing.B) {
			variantstest.Benchmark(b, Mechanism(), variantstest.Self(8, c.n, 64, false), c.options, kernel.Best())
		})
	}
}

func BenchmarkBackward(b *testing.B) {
	for _, options := range []string{"block=64,random=3", "block=16,random=1"} {
		b.Run(options, func(b *testing.B) {
			shape := variantstest.Self(8, 4096, 64, false)
			variantstest.BenchmarkBackward(b, Mechanism(), shape, options, kernel.Best())
		})
	}
}
