package harness

import (
	"slices"
	"time"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// The rounds of one call of Set.FMA and the length of one burst: long enough to outlast the start of the
// workers, short enough to stand between any two samples.
const (
	fmaRounds = 2000
	fmaBurst  = 500 * time.Microsecond
)

// yardstick measures how many floating-point operations the machine does in a second when nothing but fused
// multiply-adds on registers runs: the denominator of peak-frac.
type yardstick struct {
	clock Clock
	fma   func(n int) (flops int64)
	pool  *work.Pool
	calls int // of Set.FMA that each worker makes in one burst
	flops []int64
	job   func(worker, job int)

	rates []float64 // FLOP/s of every burst
}

// newYardstick prepares bursts on all workers of the pool and takes some to warm up.
func newYardstick(clock Clock, set *kernel.Set, t variants.ElementType, pool *work.Pool) *yardstick {
	y := &yardstick{clock: clock, fma: set.FMA, pool: pool, calls: 1, flops: make([]int64, pool.Threads())}
	y.job = y.run
	if t == variants.BF16 && set.Dot != nil {
		y.fma = set.Dot.FMA
	}
	const limit = 1 << 20 // a clock that stands still must not make this endless
	for y.calls < limit {
		if took := y.burst(); took >= fmaBurst/2 {
			break
		}
		y.calls *= 2
	}
	y.rates = nil
	for range 5 {
		y.burst()
	}
	return y
}

func (y *yardstick) run(_, job int) {
	y.flops[job] = 0
	for range y.calls {
		y.flops[job] += y.fma(fmaRounds)
	}
}

// burst takes one measurement.
func (y *yardstick) burst() time.Duration {
	start := y.clock.Now()
	y.pool.Run(len(y.flops), y.job)
	took := y.clock.Now() - start
	var flops int64
	for _, f := range y.flops {
		flops += f
	}
	if took > 0 {
		y.rates = append(y.rates, float64(flops)/took.Seconds())
	}
	return took
}

// restart forgets the bursts so far but for the last few, which stand in until there are new ones.
func (y *yardstick) restart() { y.rates = y.rates[max(0, len(y.rates)-5):] }

// peak is the median of the bursts since restart, in FLOP/s. Bursts are taken between the samples of a block,
// so what slows the samples down slows the yardstick down too. 0: the clock showed no time.
func (y *yardstick) peak() float64 {
	if len(y.rates) == 0 {
		return 0
	}
	return median(y.rates)
}

// median of a list that is not empty; an even number of values gives the mean of the middle two.
func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
