package ssd

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func BenchmarkForward(b *testing.B) {
	variantstest.Benchmark(b, Mechanism(), variantstest.Self(8, 4096, 64, true), "", kernel.Best())
}

func BenchmarkBackward(b *testing.B) {
	variantstest.BenchmarkBackward(b, Mechanism(), variantstest.Self(8, 4096, 64, true), "", kernel.Best())
}
