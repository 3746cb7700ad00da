package reports_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/reports/chart"
)

func chartOf(t *testing.T, report *reports.Report, id string) chart.Chart {
	t.Helper()
	charts := report.Parts[0].Charts
	i := slices.IndexFunc(charts, func(c reports.Chart) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no chart %s", id)
	}
	return charts[i].Chart
}

func lineOf(t *testing.T, c chart.Chart, label string) chart.Series {
	t.Helper()
	i := slices.IndexFunc(c.Series, func(s chart.Series) bool { return s.Label == label })
	if i < 0 {
		t.Fatalf("no line %s in %s", label, c.Title)
	}
	return c.Series[i]
}

// TestSpeedupChart: tiled takes 4·n² ns and rank 2000·n, so that they meet at 500.
func TestSpeedupChart(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	c := chartOf(t, report, "speedup-tiled")
	rank := lineOf(t, c, "rank")
	last := len(rank.X) - 1
	if rank.X[last] != 8192 || math.Abs(rank.Y[last]-4*8192/2000) > 1 {
		t.Errorf("at n = %g the speed-up is %g", rank.X[last], rank.Y[last])
	}
	found := slices.ContainsFunc(c.Marks, func(m chart.Mark) bool {
		return strings.HasPrefix(m.Label, "rank ") && m.Y == 1 && math.Abs(m.X-500) < 30
	})
	if !found {
		t.Errorf("the crossover of rank at 500 is not among %v", c.Marks)
	}
	if copied := lineOf(t, c, "copy"); len(copied.X) > 0 {
		t.Error("a reference has a speed-up")
	}
}

// TestErrorCharts: hash has another target, dense and tiled are exact, so that neither has a place.
func TestErrorCharts(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	c := chartOf(t, report, "error-local")
	var drawn []string
	for _, s := range c.Series {
		if len(s.X) > 0 {
			drawn = append(drawn, s.Label)
		}
	}
	want := "rank (untrained), rank[k=64] (untrained), window, liar, zero output, mean of V"
	if got := strings.Join(drawn, ", "); got != want {
		t.Errorf("drawn are %s; want %s", got, want)
	}
	if w := lineOf(t, c, "window"); w.X[0] != 1e-3 || w.Y[0] != 0.3 {
		t.Errorf("window is at %v, %v", w.X, w.Y)
	}
	if floor := lineOf(t, c, "mean of V"); floor.Y[0] != 0.85 {
		t.Errorf("the mean of V is at %v", floor.Y)
	}
}

// TestFrontCharts: of a mechanism under several settings a line is drawn, and the front is what no other
// setting beats. On the head sink, window under 256 is dearer than rank under 64, and worse; but rank takes
// more memory than tiled, which is exact.
func TestFrontCharts(t *testing.T) {
	report, err := reports.Build(sweptSet(t))
	check(t, err)
	for id, want := range map[string][]float64{"error-sink": {0.06, 0.15}, "error-memory-sink": {0.3}} {
		c := chartOf(t, report, id)
		if rank := lineOf(t, c, "rank"); len(rank.X) != 3 {
			t.Errorf("%s: rank has %d settings", id, len(rank.X))
		}
		if front := lineOf(t, c, "front"); !slices.Equal(front.Y, want) {
			t.Errorf("%s: the front has errors %v, want %v", id, front.Y, want)
		}
	}
	if memory := lineOf(t, chartOf(t, report, "error-memory-sink"), "rank"); memory.X[0] != 1<<18 {
		t.Errorf("rank takes %v bytes", memory.X)
	}
}

// TestColourIsAFamily: in a crowd, whatever the chart.
func TestColourIsAFamily(t *testing.T) {
	report, err := reports.Build(many().set(t))
	check(t, err)
	families := map[string]string{}
	for _, m := range manyMakers() {
		families[m.Name] = m.Family
	}
	colours := map[string]int{}
	for _, c := range report.Parts[0].Charts {
		for _, s := range c.Series {
			family := families[s.Label]
			if family == "" {
				continue // a bound
			}
			if colours[family] == 0 {
				colours[family] = s.Colour
			}
			if s.Colour == 0 || s.Colour != colours[family] {
				t.Errorf("%s: %s has colour %d, its family %d", c.ID, s.Label, s.Colour, colours[family])
			}
		}
	}
	if len(colours) != 7 {
		t.Errorf("colours of %v", colours)
	}
}
