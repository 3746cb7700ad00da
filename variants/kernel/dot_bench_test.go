package kernel

import "testing"

// benchDots times a routine of every Dot of this CPU against its own peak.
func benchDots(b *testing.B, m, n, k int, prepare func(d *Dot) func()) {
	for _, s := range Available() {
		if s.Dot == nil {
			continue
		}
		b.Run(s.Name, func(b *testing.B) { benchShare(b, m, n, k, s.Dot.FMA, prepare(s.Dot)) })
	}
}

// BenchmarkDotGemm multiplies 96 keys by a block of queries: scores of head dimension 64.
func BenchmarkDotGemm(b *testing.B) {
	benchDots(b, 96, 192, 64, func(d *Dot) func() {
		keys, queries, scores := make([]BF16, 96*64), make([]Pair, 32*208), tile(96, 208)
		scale := make([]float32, 96)
		return func() { d.Gemm(96, 192, 32, keys, 64, queries, 208, scores, 208, scale) }
	})
}

// BenchmarkDotGemmT multiplies transposed weights of 96 keys with their values.
func BenchmarkDotGemmT(b *testing.B) {
	benchDots(b, 192, 64, 96, func(d *Dot) func() {
		weights, values, out := make([]Pair, 48*208), make([]Pair, 48*64), tile(192, 64)
		return func() { d.GemmT(192, 64, 48, weights, 208, values, 64, out, 64, true) }
	})
}

// benchDotElements times a routine over a 96×192 tile, in elements a nanosecond.
func benchDotElements(b *testing.B, prepare func(d *Dot) func()) {
	for _, s := range Available() {
		if s.Dot == nil {
			continue
		}
		b.Run(s.Name, func(b *testing.B) {
			call := prepare(s.Dot)
			for b.Loop() {
				call()
			}
			rate(b, 96*192, "Gelem/s")
		})
	}
}

func BenchmarkDotSoftmax(b *testing.B) {
	benchDotElements(b, func(d *Dot) func() {
		s, p := tile(96, 208), make([]Pair, 48*208)
		m, sum, alpha := tile(1, 192), tile(1, 192), tile(1, 192)
		return func() { d.Softmax(96, 192, s, 208, p, 208, m, sum, alpha) }
	})
}

func BenchmarkDotPack(b *testing.B) {
	benchDotElements(b, func(d *Dot) func() {
		src, dst := make([]BF16, 96*192), make([]Pair, 96*112)
		return func() { d.Pack(96, 192, dst, 112, src, 192) }
	})
}

func BenchmarkPairRows(b *testing.B) {
	benchDotElements(b, func(d *Dot) func() {
		src, dst := make([]BF16, 96*192), make([]Pair, 48*208)
		return func() { d.PairRows(96, 192, dst, 208, src, 192) }
	})
}

func BenchmarkWiden(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		src := make([]BF16, 96*192)
		return func() { s.Widen(96, 192, x, ld, src, 192) }
	})
}

func BenchmarkNarrow(b *testing.B) {
	benchElements(b, func(s *Set, x []float32, ld int) func() {
		dst := make([]BF16, 96*192)
		return func() { s.Narrow(96, 192, dst, 192, x, ld) }
	})
}
