package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDrift: noise alone hardly ever looks like drift, and drift of three times the noise mostly does.
func TestDrift(t *testing.T) {
	const cells, samples = 1000, 20
	for _, c := range []struct {
		name        string
		noise, rise float64
		least, most int // of the cells
		direction   float64
	}{
		{name: "quiet", noise: 0.01, most: 25},
		{name: "noisy", noise: 0.05, most: 25},
		{name: "rising", noise: 0.01, rise: 0.03, least: 600, most: cells, direction: 1},
		{name: "falling", noise: 0.01, rise: -0.03, least: 600, most: cells, direction: -1},
		{name: "slight", noise: 0.0005, rise: 0.005, most: 0},
	} {
		rng := rand.New(rand.NewPCG(7, 8))
		found := 0
		for range cells {
			times := make([]float64, samples)
			for i := range times {
				times[i] = (1 + c.rise*float64(i)/(samples-1)) * math.Exp(c.noise*rng.NormFloat64())
			}
			drift := DriftOf(times)
			if !drift.Certain() {
				continue
			}
			found++
			if c.direction*drift.Change < 0 {
				t.Fatalf("%s: a change of %v", c.name, drift.Change)
			}
		}
		if found < c.least || found > c.most {
			t.Errorf("%s: %d of %d cells drift, want %d to %d", c.name, found, cells, c.least, c.most)
		}
	}
	if DriftOf([]float64{1, 2, 3, 4, 5}).Certain() {
		t.Error("five samples are too few to tell")
	}
}

// TestRanked: selection finds what sorting would, ties and all.
func TestRanked(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 1; n <= 60; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(rng.IntN(2 * n))
		}
		sorted := slices.Sorted(slices.Values(values))
		for rank, want := range sorted {
			if got := ranked(slices.Clone(values), rank); got != want {
				t.Fatalf("value %d of %v: %v, want %v", rank, values, got, want)
			}
		}
	}
}
