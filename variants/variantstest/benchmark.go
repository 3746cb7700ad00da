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
	c := Case{Shape: shape, Options: options}
	p, attention, r := plan(b, m, c, set)
	rates(b, set, m.Cost(p).FLOPs, func() { r.callForward(attention) })
}

// BenchmarkBackward is Benchmark of Backward, after one Forward; useful work is BackwardCost.
func BenchmarkBackward(b *testing.B, m *variants.Mechanism, shape variants.Shape, options string,
	set *kernel.Set) {
	c := Case{Shape: shape, Options: options, backward: true}
	p, attention, r := plan(b, m, c, set)
	r.callForward(attention)
	rates(b, set, m.BackwardCost(p).FLOPs, func() { r.call(attention.(variants.Differentiable)) })
}

// plan plans a case on one thread.
func plan(b *testing.B, m *variants.Mechanism, c Case, set *kernel.Set) (
	*variants.Problem, variants.Attention, *backwardRun,
) {
	pool := work.NewPool(1)
	b.Cleanup(pool.Close)
	p, err := c.problem(m, set, pool)
	if err != nil {
		b.Fatal(err)
	}
	attention, _ := p.Plan()
	return p, attention, newBackwardRun(p, draw(c), drawUpstream(c.Shape))
}

// rates times call, which does so much useful work.
func rates(b *testing.B, set *kernel.Set, work float64, call func()) {
	var rates, shares []float64
	for b.Loop() {
		start := time.Now()
		call()
		rate := work / time.Since(start).Seconds()
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
