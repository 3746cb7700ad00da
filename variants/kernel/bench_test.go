package kernel

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// benchSets runs a benchmark for every set of this CPU.
func benchSets(b *testing.B, f func(b *testing.B, s *Set)) {
	for _, s := range Available() {
		b.Run(s.Name, func(b *testing.B) { f(b, s) })
	}
}

// rate reports what a loop of b.N rounds of n units did in a second, in units of 1e9.
func rate(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), unit)
}

// tile returns a matrix of small numbers.
func tile(rows, ld int) []float32 {
	x := make([]float32, rows*ld)
	for i := range x {
		x[i] = float32(i%17) * 0.125
	}
	return x
}

// BenchmarkGemm multiplies 96 keys by a block of queries: scores of head dimension 64. The share of the FMA
// rate is taken next to the product, so that a change of clock meets both.
func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{64, 96, 192} {
		b.Run(fmt.Sprintf("96x%dx64", n), func(b *testing.B) {
			benchProduct(b, 96, n, 64, func(s *Set) func() {
				keys, queries, scores := tile(96, 64), tile(64, n+16), tile(96, n+16)
				return func() { s.Gemm(96, n, 64, keys, 64, queries, n+16, scores, n+16, false) }
			})
		})
	}
}

// BenchmarkGemmT multiplies transposed weights of 96 keys with their values.
func BenchmarkGemmT(b *testing.B) {
	for _, m := range []int{96, 192} {
		b.Run(fmt.Sprintf("%dx64x96", m), func(b *testing.B) {
			benchProduct(b, m, 64, 96, func(s *Set) func() {
				weights, values, out := tile(96, m+16), tile(96, 64), tile(m, 64)
				return func() { s.GemmT(m, 64, 96, weights, m+16, values, 64, out, 64, true) }
			})
		})
	}
}

// benchProduct times a product on every set of this CPU.
func benchProduct(b *testing.B, m, n, k int, prepare func(s *Set) func()) {
	benchSets(b, func(b *testing.B, s *Set) { benchShare(b, m, n, k, s.FMA, prepare(s)) })
}

// benchShare times turns of eight products and as much work of an FMA routine, and reports the median of
// their ratios: it hardly moves when something else takes the CPU now and then.
func benchShare(b *testing.B, m, n, k int, fma func(n int) int64, call func()) {
	const products = 8
	flops := float64(products * 2 * m * n * k)
	rounds := int(flops/float64(fma(1))) + 1
	var rates, shares []float64
	for b.Loop() {
		start := time.Now()
		for range products {
			call()
		}
		middle := time.Now()
		peak := float64(fma(rounds)) / float64(time.Since(middle).Nanoseconds())
		rates = append(rates, flops/float64(middle.Sub(start).Nanoseconds()))
		shares = append(shares, rates[len(rates)-1]/peak)
	}
	b.ReportMetric(flops/products/median(rates), "ns/op")
	b.ReportMetric(median(rates), "GFLOP/s")
	b.ReportMetric(median(shares), "of-peak")
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func BenchmarkFMA(b *testing.B) {
	benchSets(b, func(b *testing.B, s *Set) {
		var flops int64
		for b.Loop() {
			flops += s.FMA(1000)
		}
		b.ReportMetric(float64(flops)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	})
}

// benchElements times a routine over a 96×192 tile, in elements a nanosecond.
func benchElements(b *testing.B, prepare func(s *Set, x []float32, ld int) func()) {
	const rows, cols, ld = 96, 192, 208
	benchSets(b, func(b *testing.B, s *Set) {
		call := prepare(s, tile(rows, ld), ld)
		for b.Loop() {
			call()
		}
		rate(b, rows*cols, "Gelem/s")
	})
}

func BenchmarkSoftmax(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		m, sum, alpha := tile(1, 192), tile(1, 192), tile(1, 192)
		return func() { s.Softmax(96, 192, x, ld, m, sum, alpha) }
	})
}

func BenchmarkExpCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		sub := tile(1, 192)
		return func() { s.ExpCols(96, 192, x, ld, sub, 1e-6) }
	})
}

func BenchmarkMaxCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		high := tile(1, 192)
		return func() { s.MaxCols(96, 192, x, ld, high) }
	})
}

func BenchmarkReLU(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		return func() { s.ReLU(96, 192, x, ld, 0) }
	})
}

func BenchmarkDotCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		w, dot := tile(1, 96), tile(1, 192)
		return func() { s.DotCols(96, 192, x, ld, w, dot) }
	})
}

func BenchmarkArgMaxCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		index := make([]int32, 192)
		return func() { s.ArgMaxCols(96, 192, x, ld, index) }
	})
}

func BenchmarkELU(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		return func() { s.ELU(96, 192, x, ld) }
	})
}

func BenchmarkScaleCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		f := tile(1, 192)
		return func() { s.ScaleCols(96, 192, x, ld, x, ld, f) }
	})
}

func BenchmarkMarginCols(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		margin := make([]float32, 192)
		return func() { s.MarginCols(96, 192, x, ld, margin) }
	})
}

func BenchmarkSumRows(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		sum := tile(1, 96)
		return func() { s.SumRows(96, 192, x, ld, sum) }
	})
}

func BenchmarkSquareRows(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		sum := tile(1, 96)
		return func() { s.SquareRows(96, 192, x, ld, sum) }
	})
}

func BenchmarkScaleRows(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		f := tile(1, 96)
		return func() { s.ScaleRows(96, 192, x, ld, x, ld, f) }
	})
}

func BenchmarkGatherRows(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		dst, index := tile(96, 192), make([]int32, 96)
		for i := range index {
			index[i] = int32(i * 41 % 96)
		}
		return func() { s.GatherRows(192, dst, 192, x, ld, index) }
	})
}

func BenchmarkPack(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		dst := tile(192, 112)
		return func() { s.Pack(96, 192, dst, 112, x, ld, 0.5) }
	})
}

func BenchmarkExp2(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, _ int) func() {
		src, dst := x[:96*192], make([]float32, 96*192)
		return func() { s.Exp2(dst, src) }
	})
}
