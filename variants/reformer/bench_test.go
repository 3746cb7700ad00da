package reformer

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkBackward(b *testing.B) {
	for _, options := range []string{"rounds=2", "dedup=true"} {
		b.Run(options, func(b *testing.B) {
			variantstest.BenchmarkBackward(b, Mechanism(), variantstest.Self(8, 4096, 64, false), options, kernel.Best())
		})
	}
}
