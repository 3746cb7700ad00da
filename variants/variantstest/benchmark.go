package variantstest

import (
	"slices"
	"testing"
	"time"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Benchmark times Forward on one thread. Beside the time it reports the medians of FLOP/s, useful work by the
// mechanism's Cost, and of peak-frac, its share of the set's FMA rate, which is taken after every call: what
// else the machine does slows both.
func Benchmark(b *testing.B, m *variants.Mechanism, shape variants.Shape, options string, set *kernel.Set) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		b.Fatal(err)
	}
	pool := work.NewPool(1)
	defer pool.Close()
	p, err := m.Resolve(variants.Request{
		Shape: shape, Options: settings, Draw: true, Seed: seed, Kernels: set, Pool: pool,
	})
	if err != nil {
		b.Fatal(err)
	}
	attention, _ := p.Plan()
	in, out := draw(Case{Shape: shape}), make([]float32, shape.Slices()*shape.N*shape.E)
	var rates, shares []float64
	for b.Loop() {
		start := time.Now()
		attention.Forward(variants.F32s(out), variants.F32s(in.q), variants.F32s(in.k), variants.F32s(in.v))
		rate := m.Cost(p).FLOPs / time.Since(start).Seconds()
		b.StopTimer()
		rates, shares = append(rates, rate), append(shares, rate/peak(set))
		b.StartTimer()
	}
	b.ReportMetric(median(rates), "FLOP/s")
	b.ReportMetric(median(shares), "peak-frac")
}

// peak measures the FMA rate over about a millisecond, in FLOP/s.
func peak(set *kernel.Set) float64 {
	var flops int64
	start := time.Now()
	for range 100 {
		flops += set.FMA(1000)
	}
	return float64(flops) / time.Since(start).Seconds()
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
