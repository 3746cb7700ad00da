package harness

import (
	"context"
	"io"
	"testing"

	"attnbench/harness/machine"
	"attnbench/results"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
)

// BenchmarkOverhead reports what a run spends beside samples and verification, per unit of sampled time.
func BenchmarkOverhead(b *testing.B) {
	var spent Totals
	for b.Loop() {
		sweep, err := ParseSweep(Axes{N: "512,2048", Variants: "all"}, catalog.All())
		if err != nil {
			b.Fatal(err)
		}
		m := Machine{Clock: NewWallClock(), Host: machine.This(), Fastest: kernel.Best()}
		plan := planned(NewPlan(sweep, Limits{}, m))
		w, err := results.NewWriter(io.Discard, nil, results.Run{ID: "overhead"})
		if err != nil {
			b.Fatal(err)
		}
		totals, err := plan.Run(context.Background(), Journal{w, &results.Run{ID: "overhead"}})
		if err != nil {
			b.Fatal(err)
		}
		plan.Close()
		spent.Measured += totals.Measured
		spent.Verified += totals.Verified
		spent.Total += totals.Total
	}
	beside := spent.Total - spent.Measured - spent.Verified
	b.ReportMetric(100*beside.Seconds()/spent.Measured.Seconds(), "overhead-%")
}
