package reports

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// enumerate is the p of the U test by its definition: over all ways to deal the values to the two sets, twice
// the share of those whose U is at least as far out on the side of the observed one.
func enumerate(a, b []float64) float64 {
	all := slices.Concat(a, b)
	statistic := func(chosen uint) (u float64) {
		for i, x := range all {
			for k, y := range all {
				if chosen>>i&1 == 1 && chosen>>k&1 == 0 {
					u += []float64{0, 0.5, 1}[sign(x-y)+1]
				}
			}
		}
		return u
	}
	observed := statistic(1<<len(a) - 1)
	low, high, total := 0.0, 0.0, 0.0
	for chosen := range uint(1) << len(all) {
		if bits.OnesCount(chosen) != len(a) {
			continue
		}
		u := statistic(chosen)
		total++
		if u <= observed {
			low++
		}
		if u >= observed {
			high++
		}
	}
	return math.Min(1, 2*math.Min(low, high)/total)
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// TestRank compares p with the enumeration: without ties, with few and with many of them, sizes equal or not.
// The case in which stock benchstat is wrong must be among those drawn, or the test says nothing about it.
func TestRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for range 600 {
		levels := []int{3, 10, 1000}[rng.IntN(3)]
		draw := func() []float64 {
			values := make([]float64, 1+rng.IntN(6))
			for i := range values {
				values[i] = float64(rng.IntN(levels))
			}
			return values
		}
		a, b := draw(), draw()
		got, want := rank(a, b), enumerate(a, b)
		if math.Abs(got.p-want) > 1e-9 {
			t.Errorf("%v against %v: p %v, by enumeration %v", a, b, got.p, want)
		}
		if printed(got.p) != printed(got.stock) {
			wrong++
		}
		above := 0.0
		for _, y := range b {
			for _, x := range a {
				above += 0.5 * float64(1+sign(y-x)) / float64(len(a)*len(b))
			}
		}
		if math.Abs(got.above-above) > 1e-9 {
			t.Errorf("%v against %v: %v of pairs above, want %v", a, b, got.above, above)
		}
	}
	if wrong == 0 {
		t.Error("no draw had ties and unequal sizes")
	}
	if p := rank([]float64{3, 5, 5, 5}, []float64{2, 3}).p; math.Abs(p-4.0/15) > 1e-9 {
		t.Errorf("p %v for a case where stock benchstat has 0", p)
	}
}

// TestHolm is the example of Holm's paper, and what does not depend on an example.
func TestHolm(t *testing.T) {
	got := holm([]float64{0.04, 0.01, 0.03, 0.005})
	for i, want := range []float64{0.06, 0.03, 0.06, 0.02} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("corrected p %d is %v, want %v", i, got[i], want)
		}
	}
	if got := holm([]float64{0.9, 0.8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("corrected beyond 1: %v", got)
	}
	if holm(nil) == nil {
		t.Error("no tests: want an empty slice")
	}
}

// TestRatioInterval: the interval excludes 1 exactly where the test says so, and covers the true ratio.
func TestRatioInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const trials, truth = 2000, 1.05
	covered := 0
	for range trials {
		a, b := make([]float64, 6+rng.IntN(10)), make([]float64, 6+rng.IntN(10))
		for i := range a {
			a[i] = math.Exp(0.05 * rng.NormFloat64())
		}
		for i := range b {
			b[i] = truth * math.Exp(0.05*rng.NormFloat64())
		}
		lo, hi := ratioInterval(a, b)
		if p := rank(a, b).p; (p <= 0.05) != (lo > 1 || hi < 1) {
			t.Fatalf("p %v, but the interval is %v to %v", p, lo, hi)
		}
		if lo <= truth && truth <= hi {
			covered++
		}
	}
	if share := float64(covered) / trials; share < 0.945 || share > 0.98 {
		t.Errorf("the 95 %% interval covers the truth in %.1f %% of trials", 100*share)
	}
	few := []float64{1, 2, 3}
	if lo, hi := ratioInterval(few, few); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("three samples have the interval %v to %v", lo, hi)
	}
	if lo, _ := ratioInterval(make([]float64, 9), make([]float64, 9)); !math.IsInf(lo, -1) {
		t.Errorf("zeros have the lower bound %v", lo)
	}
}
