package attnbench_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"attnbench/harness/sampling"
	"attnbench/reports"
)

// curve is a noise-free time over length: fixed + factor·n^exponent, in nanoseconds.
type curve struct{ fixed, factor, exponent float64 }

func (c curve) at(n int) float64 { return c.fixed + c.factor*math.Pow(float64(n), c.exponent) }

// disturbance is what is done to the samples of a curve.
type disturbance struct {
	noise    float64 // standard deviation of the logarithm
	drift    float64 // what a block's times rise or fall by, at most
	alone    bool    // each cell drifts by itself
	outliers float64 // share of samples that take half as long again to thrice as long
}

// measure samples curves at 8 lengths through the sampler, block by block.
func measure(t *testing.T, rng *rand.Rand, d disturbance, curves ...curve) [][]reports.Point {
	t.Helper()
	now := time.Duration(0)
	all := make([][]reports.Point, len(curves))
	for n := 64; n <= 8192; n *= 2 {
		cells := make([]*sampling.Cell, len(curves))
		shared := d.drift * (2*rng.Float64() - 1)
		for i, c := range curves {
			rise := shared
			if d.alone {
				rise = d.drift * (2*rng.Float64() - 1)
			}
			taken := 0
			cells[i] = &sampling.Cell{
				Least: 10, Most: 100, Floor: 6, Extra: math.MaxInt64,
				Take: func() (float64, time.Duration, error) {
					ns := c.at(n) * math.Exp(d.noise*rng.NormFloat64())
					if rng.Float64() < d.outliers {
						ns *= 1.5 + 1.5*rng.Float64()
					}
					ns *= 1 + rise*min(1, float64(taken)/20)
					taken++
					now += time.Duration(ns)
					return ns, time.Duration(ns), nil
				},
				Record: func(float64) error { return nil }, Done: func() error { return nil },
			}
		}
		s := &sampling.Sampler{Now: func() time.Duration { return now }, Order: rng, Between: func() {}}
		if err := s.Run(context.Background(), cells); err != nil {
			t.Fatal(err)
		}
		for i, c := range cells {
			all[i] = append(all[i], reports.Samples{N: n, Values: c.Times}.Point())
		}
	}
	return all
}

// slope is the log-log slope of a noise-free curve over a range of the lengths.
func (c curve) slope(from, to int) float64 {
	var x, y, k, xx, xy float64
	for n := from; n <= to; n *= 2 {
		a, b := math.Log(float64(n)), math.Log(c.at(n))
		x, y, k, xx, xy = x+a, y+b, k+1, xx+a*a, xy+a*b
	}
	return (k*xy - x*y) / (k*xx - x*x)
}

// TestCoverage: intervals at 95 % hold the truth in 92 to 98 % of trials; with outliers or drift they hold it
// in at least 90 %, or a warning is raised.
func TestCoverage(t *testing.T) {
	curves := []curve{{0, 100, 1}, {0, 10, 1.5}, {0, 1, 2}, {3e4, 100, 1}, {1e4, 1, 2}}
	for _, d := range []disturbance{
		{noise: 0.01}, {noise: 0.02}, {noise: 0.03}, {noise: 0.05}, {noise: 0.1},
		{noise: 0.01, outliers: 0.05}, {noise: 0.05, outliers: 0.05},
		{noise: 0.01, drift: 0.03}, {noise: 0.01, drift: 0.03, alone: true}, {noise: 0.03, drift: 0.03},
		{noise: 0.02, drift: 0.03, alone: true}, {noise: 0.01, drift: 0.01},
		{noise: 0.05, drift: 0.02, alone: true}, {noise: 0.05, drift: 0.03},
		{noise: 0.05, drift: 0.03, alone: true}, {noise: 0.1, drift: 0.03}, {noise: 0.1, drift: 0.03, alone: true},
	} {
		for i, c := range curves {
			if testing.Short() && i%2 == 1 {
				continue
			}
			t.Run(fmt.Sprintf("%+v/%+v", d, c), func(t *testing.T) {
				t.Parallel()
				cover(t, d, c)
			})
		}
	}
}

// cover counts the trials in which intervals hold the truth, of the exponent of a curve and of its crossing
// with a steeper one.
func cover(t *testing.T, d disturbance, c curve) {
	const crossing = 700
	trials, least, most := 1000, 0.92, 0.98
	if testing.Short() {
		trials, least, most = 200, 0.88, 1 // three standard deviations more
	}
	if d.drift > 0 || d.outliers > 0 {
		least, most = least-0.02, 1
	}
	rng := rand.New(rand.NewPCG(1, uint64(1000*c.exponent+c.fixed)))
	rival := curve{0, c.at(crossing) / math.Pow(crossing, c.exponent+0.7), c.exponent + 0.7}
	fitted, crossed := 0, 0
	for range trials {
		all := measure(t, rng, d, c, rival)
		g, ok := reports.FitGrowth(all[0])
		truth := c.slope(g.From, g.To)
		if ok && g.Lo <= truth && truth <= g.Hi || d.drift > 0 && warned(all[0]) {
			fitted++
		}
		x := reports.Cross(all[0], all[1])
		if x.Lo <= crossing && crossing <= x.Hi || d.drift > 0 && (warned(all[0]) || warned(all[1])) {
			crossed++
		}
	}
	for name, count := range map[string]int{"exponent": fitted, "crossover": crossed} {
		if share := float64(count) / float64(trials); share < least || share > most {
			t.Errorf("the interval of the %s holds the truth in %.1f %% of %d trials", name, 100*share, trials)
		} else {
			t.Logf("%s: %.1f %%", name, 100*share)
		}
	}
}

// warned reports whether a cell of a curve has the warning of drift.
func warned(cells []reports.Point) bool {
	for _, c := range cells {
		if c.Drift.Certain() {
			return true
		}
	}
	return false
}
