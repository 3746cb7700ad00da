package reformer

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkBackward(b *testing.B) {
	for _, options := range []string{"rounds=2", "dedup=true"} {
		b.Run(options, func(b *testing.B) {
			shape := variantstest.Self(8, 4096, 64, false)
			variantstest.BenchmarkBackward(b, Mechanism(), shape, options, kernel.Best())
		})
	}
}
