package reports_test

import (
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestCrossCounted: counted figures cross between two measured lengths, for certain.
func TestCrossCounted(t *testing.T) {
	cells := func(values ...float64) []reports.Point {
		var list []reports.Point
		for i, v := range values {
			list = append(list, reports.Samples{N: 64 << i, Values: []float64{v}}.Point())
		}
		return list
	}
	for _, test := range []struct {
		name              string
		variant, baseline []reports.Point
		outcome           reports.Outcome
		lo, hi            float64
	}{
		{"between", cells(8, 8, 8, 8), cells(1, 4, 16, 64), reports.Crosses, 128, 256},
		{"equal before", cells(4, 4, 4), cells(4, 8, 16), reports.Crosses, 64, 128},
		{"always", cells(1, 1), cells(2, 2), reports.Always, 0, 0},
		{"equal throughout", cells(2, 2), cells(2, 2), reports.NotInRange, 0, 0},
	} {
		c := reports.CrossCounted(test.variant, test.baseline)
		if c.Outcome != test.outcome || c.Lo != test.lo || c.Hi != test.hi || c.Outcome == reports.Crosses &&
			(c.N < c.Lo*(1-1e-9) || c.N > c.Hi) {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
}

// TestMemoryOfPasses: what is kept for backward counts where it is kept, and parameters always.
func TestMemoryOfPasses(t *testing.T) {
	set := passSet(t, results.PassForward, results.PassBoth)
	found := tables(t, set, "memory-crossover")
	answers := func(setting string) string {
		var rows []string
		for _, r := range found[setting].Rows {
			rows = append(rows, r.Cells[0].Text+" "+r.Cells[1].Text+": "+r.Cells[2].Text)
		}
		return strings.Join(rows, "\n")
	}
	// In forward all hold 1024 B. In both, dense keeps 4·n² B besides, tiled 4·n.
	forward := answers(forwardSetting)
	if want := "tiled dense: not within the range (to n = 2048)"; !strings.Contains(forward, want) {
		t.Errorf("%q is not in:\n%s", want, forward)
	}
	for _, want := range []string{"tiled dense: always (from n = 256)", "rank tiled: always (from n = 256)"} {
		if !strings.Contains(answers(bothSetting), want) {
			t.Errorf("%q is not in:\n%s", want, answers(bothSetting))
		}
	}
	report, err := reports.Build(set)
	check(t, err)
	told := strings.Join(report.Parts[0].Headlines, "\n")
	for _, want := range []string{
		"Less memory than dense (workspace and parameters): tiled,",
		"Forward and backward: less time than dense (" + bothSetting + "): ",
		"Forward and backward: less memory than dense (workspace, what is kept for the backward pass, and " +
			"parameters): tiled",
		"Forward and backward: less memory than tiled: dense at no measured length up to n = 2048",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in:\n%s", want, told)
		}
	}
}
