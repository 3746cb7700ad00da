package reports_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/reports"
)

// curve returns points of scale·n^exponent·(1 + overhead/n) with log-normal noise, ten samples a point.
func curve(lengths []int, exponent, overhead, noise float64, rng *rand.Rand) []reports.Samples {
	var cells []reports.Samples
	for _, n := range lengths {
		x := float64(n)
		values := make([]float64, 10)
		for i := range values {
			values[i] = 100 * math.Pow(x, exponent) * (1 + overhead/x) * math.Exp(noise*rng.NormFloat64())
		}
		cells = append(cells, reports.Samples{N: n, Values: values})
	}
	return cells
}

func points(cells []reports.Samples) []reports.Point {
	var list []reports.Point
	for _, c := range cells {
		list = append(list, c.Point())
	}
	return list
}

func doublings(from, to int) []int {
	var list []int
	for n := from; n <= to; n *= 2 {
		list = append(list, n)
	}
	return list
}

// TestFitGrowth checks that the interval holds the true exponent as often as it says, and that short lengths
// with overhead are left out of the range.
func TestFitGrowth(t *testing.T) {
	tests := []struct {
		name               string
		exponent, overhead float64
		shortest           int // bound of the range's start
	}{
		{"linear", 1, 0, 64}, {"quadratic", 2, 0, 64}, {"n log n", 1.1, 0, 64}, {"overhead", 1, 300, 128},
	}
	for _, test := range tests {
		rng := rand.New(rand.NewPCG(1, 2))
		const trials = 200
		held := 0
		for range trials {
			g, ok := reports.FitGrowth(points(curve(doublings(64, 16384), test.exponent, test.overhead, 0.02, rng)))
			if !ok || !g.Settled {
				t.Fatalf("%s: no fit: %+v", test.name, g)
			}
			if g.From < test.shortest || g.To != 16384 {
				t.Fatalf("%s: fitted %d–%d", test.name, g.From, g.To)
			}
			if test.overhead == 0 && g.Lo <= test.exponent && test.exponent <= g.Hi {
				held++
			}
			if math.Abs(g.Exponent-test.exponent) > 0.15 {
				t.Fatalf("%s: exponent %.3f", test.name, g.Exponent)
			}
		}
		if test.overhead == 0 && held < trials*88/100 {
			t.Errorf("%s: the 95 %% interval holds the truth in %d of %d trials", test.name, held, trials)
		}
	}
}

func TestFitGrowthRagged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths := []int{64, 128, 256, 512, 1000, 1024, 2048, 4096, 5000, 8192}
	g, ok := reports.FitGrowth(points(curve(lengths, 2, 0, 0.01, rng)))
	if !ok || math.Abs(g.Exponent-2) > 0.02 || g.Lengths != len(lengths) {
		t.Errorf("got %+v", g)
	}
	for _, l := range g.Slopes {
		if float64(l.To) < 1.5*float64(l.From) {
			t.Errorf("a local slope between %d and %d, which are too close", l.From, l.To)
		}
	}
}

func TestFitGrowthRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, lengths := range [][]int{nil, {64}, {64, 128}, {64, 70, 80}} {
		if g, ok := reports.FitGrowth(points(curve(lengths, 1, 0, 0, rng))); ok {
			t.Errorf("%v: fitted %+v", lengths, g)
		}
	}
	// Overhead still dominates: slopes climb from 0.1 to 0.5.
	g, ok := reports.FitGrowth(points(curve(doublings(64, 1024), 1, 1000, 0.001, rng)))
	if !ok || g.Settled || reports.Judge(g, 1, false) != reports.NotAsymptotic {
		t.Errorf("growth that still bends counts as settled: %+v", g)
	}
}

func TestJudge(t *testing.T) {
	growth := func(lo, hi float64) reports.Growth {
		return reports.Growth{Exponent: (lo + hi) / 2, Lo: lo, Hi: hi, Settled: true}
	}
	tests := []struct {
		g         reports.Growth
		claimed   float64
		logarithm bool
		want      reports.Verdict
	}{
		{growth(0.98, 1.04), 1, false, reports.AsClaimed},
		{growth(1.12, 1.18), 1, false, reports.FasterGrowth},
		{growth(1.12, 1.18), 1, true, reports.AsClaimed},
		{growth(1.4, 1.6), 2, false, reports.SlowerGrowth},
		{growth(0.6, 1.5), 1, false, reports.TooWide},
	}
	for _, test := range tests {
		if got := reports.Judge(test.g, test.claimed, test.logarithm); got != test.want {
			t.Errorf("[%.2f, %.2f] against %.0f: %s, want %s", test.g.Lo, test.g.Hi, test.claimed, got, test.want)
		}
	}
}

// TestCross: the curves 100·n² and 100·c·n cross at n = c.
func TestCross(t *testing.T) {
	const trials = 200
	rng := rand.New(rand.NewPCG(3, 4))
	held := 0
	for range trials {
		truth := 200 + 2000*rng.Float64()
		quadratic := curve(doublings(64, 8192), 2, 0, 0.02, rng)
		linear := curve(doublings(64, 16384), 1, 0, 0.02, rng)
		for _, c := range linear {
			for i := range c.Values {
				c.Values[i] *= truth
			}
		}
		c := reports.Cross(points(linear), points(quadratic))
		if c.Outcome != reports.Crosses || math.Abs(c.N/truth-1) > 0.1 || c.From != 64 || c.To != 8192 {
			t.Fatalf("true crossing %.0f, got %+v", truth, c)
		}
		if c.Lo <= truth && truth <= c.Hi {
			held++
		}
	}
	if held < trials*88/100 {
		t.Errorf("the 95 %% interval holds the truth in %d of %d trials", held, trials)
	}
}

func TestCrossOutcomes(t *testing.T) {
	cells := func(values ...float64) []reports.Samples {
		var list []reports.Samples
		for i, v := range values {
			list = append(list, reports.Samples{N: 64 << i, Values: []float64{v, v, v}})
		}
		return list
	}
	never := reports.Crossover{Outcome: reports.NotInRange, From: 64, To: 256}
	lost := never
	lost.Several = true
	tests := []struct {
		name              string
		variant, baseline []reports.Samples
		want              reports.Crossover
	}{
		{"always", cells(1, 2, 3), cells(2, 4, 6), reports.Crossover{Outcome: reports.Always, From: 64, To: 256}},
		{"never", cells(2, 4, 6, 8), cells(1, 2, 3), never},
		{"equal", cells(1, 2, 3), cells(1, 2, 3), never},
		{"apart", cells(1)[:1], cells(1, 2)[1:], reports.Crossover{Outcome: reports.NotComputed}},
		{"several", cells(1, 4, 1), cells(2, 2, 2), reports.Crossover{
			Outcome: reports.Crosses, N: 208.963, Hi: math.Inf(1), From: 64, To: 256, Several: true,
		}},
		{"lost again", cells(4, 1, 4), cells(2, 2, 2), lost},
	}
	for _, test := range tests {
		got := reports.Cross(points(test.variant), points(test.baseline))
		for _, v := range []*float64{&got.N, &got.Lo, &got.Hi} {
			*v = math.Round(1000**v) / 1000
		}
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestFewSamples: a cell with too few samples for an interval makes that of what rests on it infinite, and of
// nothing else.
func TestFewSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	series := func(exponent float64, few int) (points []reports.Point) {
		for n := 64; n <= 8192; n *= 2 {
			count := 10
			if n == few {
				count = 5
			}
			values := make([]float64, count)
			for i := range values {
				values[i] = math.Pow(float64(n)/700, exponent) * math.Exp(0.01*rng.NormFloat64())
			}
			points = append(points, reports.Samples{N: n, Values: values}.Point())
		}
		return points
	}
	linear, square := series(1, 8192), series(2, 0)
	if g, _ := reports.FitGrowth(linear); !math.IsInf(g.Hi, 1) || reports.Judge(g, 1, false) != reports.TooWide {
		t.Errorf("growth over a cell of five samples: %+v", g)
	}
	if g, _ := reports.FitGrowth(square); !(g.Hi > g.Lo) || g.Hi-g.Lo > 0.1 {
		t.Errorf("growth over whole cells: %+v", g)
	}
	if c := reports.Cross(linear, square); !(c.Lo > 600 && c.Lo < c.N && c.N < c.Hi && c.Hi < 800) {
		t.Errorf("crossing far from a cell of five samples: %+v", c)
	}
	linear = series(1, 1024)
	if c := reports.Cross(linear, square); c.Hi < 1024 {
		t.Errorf("crossing beside a cell of five samples: %+v", c)
	}
}

func TestSummarize(t *testing.T) {
	e := reports.Summarize([]float64{3, 1, 2, 5, 4, 6, 7, 8, 9, 10})
	if e.Median != 5.5 || e.Lo != 2 || e.Hi != 9 || e.Samples != 10 {
		t.Errorf("got %+v", e)
	}
	if few := reports.Summarize([]float64{1, 2, 3, 4, 5}); !math.IsInf(few.Spread(), 1) {
		t.Errorf("five samples have the interval %+v", few)
	}
}

// TestScatter: the scatter of samples is that of their noise, and outliers hardly change it.
func TestScatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, count := range []int{10, 25, 100} {
		const trials, noise = 2000, 0.03
		var clean, disturbed []float64
		for range trials {
			values := make([]float64, count)
			for i := range values {
				values[i] = 1e5 * math.Exp(noise*rng.NormFloat64())
			}
			clean = append(clean, reports.Samples{Values: values}.Point().Scatter)
			values[0] *= 3 // at most a tenth of the samples
			disturbed = append(disturbed, reports.Samples{Values: values}.Point().Scatter)
		}
		before, after := reports.Summarize(clean).Median/noise, reports.Summarize(disturbed).Median/noise
		if before < 0.92 || before > 1.05 || after > 1.25*before {
			t.Errorf("%d samples: %.2f of the noise, %.2f with an outlier", count, before, after)
		}
	}
	if s := (reports.Samples{Values: []float64{7, 7, 7, 7, 7, 7}}).Point().Scatter; s != 0 {
		t.Errorf("what is counted scatters by %g", s)
	}
}
