package harness

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"attnbench/harness/machine"
	"attnbench/results"
)

// lognormal are samples around a millisecond that scatter by noise, and change by drift over their number.
func lognormal(n int, noise, drift float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	times := make([]float64, n)
	for i := range times {
		trend := 1 + drift*float64(i)/float64(n-1)
		times[i] = math.Round(1e6 * trend * math.Exp(noise*rng.NormFloat64()))
	}
	return times
}

func TestNoiseWarnings(t *testing.T) {
	known := func(share float64) machine.Figure { return machine.Figure{Value: share, Known: true} }
	quiet := lognormal(20, 0.001, 0, 1)
	with := func(times []float64, factors ...float64) []float64 {
		times = slices.Clone(times)
		for i, f := range factors {
			times[3*i+2] *= f
		}
		return times
	}
	tests := []struct {
		name     string
		times    []float64
		pressure machine.Figure
		want     string // codes
		text     string // of the first warning
	}{
		{"quiet", quiet, known(0.04), "", ""},
		{"equal", slices.Repeat([]float64{1000}, 20), machine.Figure{}, "", ""},
		{"rising", lognormal(20, 0, 0.031, 2), machine.Figure{}, "drift", "times rise by 3.1 %"},
		{"falling", lognormal(20, 0, -0.031, 3), machine.Figure{}, "drift", "times fall by 3.1 %"},
		{"rising by little", lognormal(20, 0.0001, 0.005, 4), machine.Figure{}, "", ""},
		{"six rise", lognormal(6, 0, 0.04, 5), machine.Figure{}, "drift", "times rise by 4.0 %"},
		{"five rise", lognormal(5, 0, 0.04, 5), machine.Figure{}, "", ""},
		{"one outlier of twenty", with(quiet, 3), machine.Figure{}, "", ""},
		{"two of twenty", with(quiet, 1.5, 3), machine.Figure{}, "outliers", "2 of 20 samples lie far above the " +
			"others, up to 3 times the median"},
		{"one of ten", with(quiet[:10], 2), machine.Figure{}, "outliers", "1 of 10 samples"},
		{"within the floor", with(quiet, 1.02, 1.02), machine.Figure{}, "", ""},
		{"below", with(quiet, 0.5, 0.5), machine.Figure{}, "", ""},
		{"wide", lognormal(10, 0.2, 0, 6), machine.Figure{}, "unstable", "the median is known to ±"},
		{"waiting", quiet, known(0.12), "pressure", "some thread of the machine waited for a CPU in 12 %"},
		{"waiting, unknown", quiet, machine.Figure{Value: 0.12}, "", ""},
		{"nothing", nil, machine.Figure{}, "", ""},
	}
	for _, test := range tests {
		var codes []string
		list := noiseWarnings(test.times, test.pressure)
		for _, w := range list {
			codes = append(codes, w.Code)
			if w.Remedy == "" {
				t.Errorf("%s: %s has no remedy", test.name, w.Code)
			}
			if noisy := w.Code == "drift" || w.Code == "unstable"; w.Noisy() != noisy {
				t.Errorf("%s marks the cell: %v, want %v", w.Code, w.Noisy(), noisy)
			}
		}
		if got := strings.Join(codes, " "); got != test.want {
			t.Errorf("%s: warnings %q, want %q", test.name, got, test.want)
		} else if len(list) > 0 && !strings.HasPrefix(list[0].Text, test.text) {
			t.Errorf("%s: %q, want %q", test.name, list[0].Text, test.text)
		}
	}
}

// alarms is the share of 1000 cells that get a warning.
func alarms(code string, n int, noise, drift float64) float64 {
	count := 0
	for seed := range uint64(1000) {
		list := noiseWarnings(lognormal(n, noise, drift, seed), machine.Figure{})
		if slices.ContainsFunc(list, func(w results.Warning) bool { return w.Code == code }) {
			count++
		}
	}
	return float64(count) / 1000
}

func TestCleanNoiseRaisesNoAlarm(t *testing.T) {
	for _, n := range []int{6, 7, 10, 20, 50} {
		for _, noise := range []float64{0.01, 0.05} {
			got := alarms(results.CodeDrift, n, noise, 0)
			out := alarms("outliers", n, noise, 0)
			if got > 0.015 {
				t.Errorf("%d samples at %.0f %% noise: drift in %.1f %% of the cells", n, 100*noise, 100*got)
			}
			if out > 0.03 {
				t.Errorf("%d samples at %.0f %% noise: outliers in %.1f %% of the cells", n, 100*noise, 100*out)
			}
		}
	}
}

func TestDriftIsFound(t *testing.T) {
	for _, drift := range []float64{0.03, -0.03} {
		got := alarms(results.CodeDrift, 20, 0.01, drift)
		if got < 0.5 {
			t.Errorf("a drift of %.0f %% at 1 %% noise is found in %.0f %% of the cells", 100*drift, 100*got)
		}
	}
}

// waitingHost is one on which threads wait for a CPU in a tenth of the time.
type waitingHost struct {
	*fakeHost
	clock *fakeClock
}

func (h *waitingHost) Noise() machine.Noise {
	return machine.Noise{Stalled: machine.Figure{Value: 7 + h.clock.Now().Seconds()/10, Known: true}}
}

func TestPressureOfACell(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	plan := newPlan(t, clock, Axes{Variants: "linear", N: "4096", Dim: "1"}, Limits{}, mechanisms(clock))
	plan.machine.Host = &waitingHost{plan.machine.Host.(*fakeHost), clock}
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	for _, w := range j.outcome("linear", 4096).Warnings {
		if w.Code == "pressure" && strings.Contains(w.Text, "in 10 % of the time") {
			return
		}
	}
	t.Errorf("warnings %+v", j.outcomes)
}
