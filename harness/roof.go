package harness

import (
	"time"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Roof is what bounds every mechanism on one instruction set of the machine at a thread count.
type Roof struct {
	SIMD    string
	Threads int
	FLOPs   float64 // multiply-adds of float32 on registers, FLOP/s
	BF16    float64 // the same of bfloat16; 0 where no instruction does them
	Bytes   float64 // read and written in a second by a scaled copy far larger than the caches (STREAM scale)
}

// Roofs measures the kernel sets and thread counts of the sweep, in some tenths of a second each.
func (p *Plan) Roofs() []Roof {
	var roofs []Roof
	type place struct {
		set     string
		threads int
	}
	seen := map[place]bool{}
	for _, b := range p.Blocks {
		if at := (place{b.Kernels.Name, b.Threads}); !seen[at] {
			seen[at] = true
			roofs = append(roofs, MeasureRoof(p.machine.Clock, b.Kernels, p.pools.get(b.Threads)))
		}
	}
	return roofs
}

// MeasureRoof measures one kernel set on the workers of a pool.
func MeasureRoof(clock Clock, set *kernel.Set, pool *work.Pool) Roof {
	r := Roof{SIMD: set.Name, Threads: pool.Threads()}
	r.FLOPs = newYardstick(clock, set, variants.F32, pool).peak()
	if set.Dot != nil {
		r.BF16 = newYardstick(clock, set, variants.BF16, pool).peak()
	}
	r.Bytes = newStream(set, pool).rate(clock)
	return r
}

// Sizes of the stream: each of its two arrays is twice the largest cache of a usual machine, and a row is
// what one job copies.
const (
	streamRows = 256
	streamCols = 1 << 16
)

// stream copies an array to another, scaled.
type stream struct {
	set      *kernel.Set
	pool     *work.Pool
	dst, src []float32
	factor   []float32
	job      func(worker, job int)
}

func newStream(set *kernel.Set, pool *work.Pool) *stream {
	s := &stream{
		set: set, pool: pool, factor: []float32{3},
		dst: make([]float32, streamRows*streamCols), src: make([]float32, streamRows*streamCols),
	}
	for i := range s.src {
		s.src[i] = 1
	}
	s.job = func(_, row int) {
		at := row * streamCols
		s.set.ScaleRows(1, streamCols, s.dst[at:], streamCols, s.src[at:], streamCols, s.factor)
	}
	return s
}

// rate is the median of some passes in bytes a second, after one that touches the memory.
func (s *stream) rate(clock Clock) float64 {
	const passes = 5
	s.pool.Run(streamRows, s.job)
	times := make([]time.Duration, passes)
	for i := range times {
		start := clock.Now()
		s.pool.Run(streamRows, s.job)
		times[i] = clock.Now() - start
	}
	took := median(times)
	if took <= 0 {
		return 0 // the clock showed no time
	}
	const moved = 2 * 4 * streamRows * streamCols
	return moved / took.Seconds()
}
