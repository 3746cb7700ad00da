package harness

import (
	"runtime"
	"slices"
	"sync/atomic"
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
	// settling is how long the system may take to move workers to processors of their own.
	settling = 50 * time.Millisecond
)

// yardstick measures how many floating-point operations the machine does in a second when nothing but fused
// multiply-adds on registers runs: the denominator of peak-frac.
type yardstick struct {
	clock Clock
	fma   func(n int) (flops int64)
	pool  *work.Pool
	calls int // of Set.FMA that each worker makes in one burst
	job   func(worker, job int)

	absent atomic.Int64 // workers that have not come to the burst yet
	turns  []turn       // of each worker

	rates []float64 // FLOP/s of every burst
}

// turn is one worker's part in a burst.
type turn struct {
	flops      int64
	begin, end time.Duration
}

// newYardstick prepares bursts on all workers of the pool and takes some to warm up.
func newYardstick(clock Clock, set *kernel.Set, t variants.ElementType, pool *work.Pool) *yardstick {
	y := &yardstick{clock: clock, fma: set.FMA, pool: pool, calls: 1, turns: make([]turn, pool.Threads())}
	y.job = y.run
	if t == variants.BF16 && set.Dot != nil {
		y.fma = set.Dot.FMA
	}
	length := fmaBurst * time.Duration(min(pool.Threads(), 4))
	const limit = 1 << 20 // a clock that stands still must not make this endless
	for y.calls < limit {
		if took := y.burst(); took >= length/2 {
			break
		}
		y.calls *= 2
	}
	for start := clock.Now(); pool.Threads() > 1 && clock.Now()-start < settling; {
		if y.burst() <= 0 {
			break // the clock stands still
		}
	}
	y.rates = nil
	for range 5 {
		y.burst()
	}
	return y
}

// run is one worker's part. It begins when all workers are there: what it takes to wake one is no part of
// what they can do. Who waits holds on to the processor for longer than it takes to wake another, which would
// else come to this one.
func (y *yardstick) run(_, job int) {
	y.absent.Add(-1)
	for i := 1; y.absent.Load() > 0; i++ {
		if i%(1<<20) == 0 {
			runtime.Gosched()
		}
	}
	t := turn{begin: y.clock.Now()}
	for range y.calls {
		t.flops += y.fma(fmaRounds)
	}
	t.end = y.clock.Now()
	y.turns[job] = t
}

// burst takes one measurement.
func (y *yardstick) burst() time.Duration {
	y.absent.Store(int64(len(y.turns)))
	y.pool.Run(len(y.turns), y.job)
	first, last, flops := y.turns[0].begin, y.turns[0].end, int64(0)
	for _, t := range y.turns {
		first, last, flops = min(first, t.begin), max(last, t.end), flops+t.flops
	}
	took := last - first
	if took > 0 {
		y.rates = append(y.rates, float64(flops)/took.Seconds())
	}
	return took
}

// restart forgets the bursts so far but for the last few, which stand in until there are new ones.
func (y *yardstick) restart() { y.rates = y.rates[max(0, len(y.rates)-5):] }

// peak is what the best tenth of the bursts since restart reached, in FLOP/s: nothing makes a processor do
// more than it can, and much makes it do less. 0: the clock showed no time.
func (y *yardstick) peak() float64 {
	if len(y.rates) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(y.rates))[len(y.rates)*9/10]
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
