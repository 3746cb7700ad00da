package linformer

import (
	"fmt"
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkForward(b *testing.B) {
	for _, heads := range []int{1, 8} {
		for _, n := range []int{1024, 4096} {
			b.Run(fmt.Sprintf("n=%d/h=%d", n, heads), func(b *testing.B) {
				variantstest.Benchmark(b, Mechanism(), variantstest.Self(heads, n, 64, false), "", kernel.Best())
			})
		}
	}
}

// BenchmarkBackward adds one long head.
func BenchmarkBackward(b *testing.B) {
	for _, n := range []int{4096, 65536} {
		shape := variantstest.Self(max(1, 8*4096/n), n, 64, false)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			variantstest.BenchmarkBackward(b, Mechanism(), shape, "", kernel.Best())
		})
	}
}
