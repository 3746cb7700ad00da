package reports_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/reports"
)

// truth is a law with a fixed cost, and the samples of its figures.
type truth struct {
	law     reports.Law
	fixed   float64 // share of the figure at the shortest length
	lengths []int
}

func (t truth) cells(noise float64, rng *rand.Rand) []reports.Samples {
	order := func(n int) float64 {
		x := float64(n)
		return map[reports.Law]float64{
			reports.LawConstant: 1, reports.LawLinear: x, reports.LawLogLinear: x * math.Log(x),
			reports.LawQuadratic: x * x,
		}[t.law]
	}
	var cells []reports.Samples
	for _, n := range t.lengths {
		c := reports.Samples{N: n}
		for range 10 {
			figure := 1e5 * (t.fixed + (1-t.fixed)*order(n)/order(t.lengths[0]))
			c.Values = append(c.Values, figure*math.Exp(noise*rng.NormFloat64()))
		}
		cells = append(cells, c)
	}
	return cells
}

func laws() []reports.Law {
	return []reports.Law{reports.LawConstant, reports.LawLinear, reports.LawLogLinear, reports.LawQuadratic}
}

// TestChooseLaw: pure laws with a fixed cost of up to a fifth of the smallest time, 8 lengths, 10 samples and
// 2 % noise are recognised in at least 95 % of 1000 trials: from short lengths by doublings, from long ones,
// where n log n bends least, and over lengths that are half as far apart. By doublings they have no rival.
func TestChooseLaw(t *testing.T) {
	const trials = 1000
	for name, lengths := range map[string][]int{
		"short": doublings(64, 8192), "long": doublings(1024, 131072),
		"close": {512, 724, 1024, 1448, 2048, 2896, 4096, 5793},
	} {
		for _, law := range laws() {
			rng := rand.New(rand.NewPCG(5, 6))
			right, doubted := 0, 0
			for range trials {
				f, ok := reports.ChooseLaw(truth{law, 0.2 * rng.Float64(), lengths}.cells(0.02, rng), false)
				if !ok || !f.Fits() {
					t.Fatalf("%s, %s: no law: %+v", name, law, f)
				}
				if f.Law == law {
					right++
					if f.Rival != "" {
						doubted++
					}
				}
			}
			if right < trials*95/100 || name != "close" && doubted > trials*5/100 {
				t.Errorf("%s, %s: right in %d of %d trials, %d with a rival", name, law, right, trials, doubted)
			}
		}
	}
}

// TestChooseLawDoubts: over a range in which laws cannot be told apart, the wrong one is not chosen without a
// rival.
func TestChooseLawDoubts(t *testing.T) {
	const trials = 500
	for _, law := range laws() {
		rng := rand.New(rand.NewPCG(7, 8))
		wrong, doubted := 0, 0
		for range trials {
			f, _ := reports.ChooseLaw(truth{law, 0.2 * rng.Float64(), []int{1000, 1100, 1200, 1300, 1400, 1500}}.
				cells(0.02, rng), false)
			switch {
			case f.Rival != "":
				doubted++
			case f.Law != law:
				wrong++
			}
		}
		if wrong > trials*5/100 {
			t.Errorf("%s: wrong without a doubt in %d of %d trials, doubted in %d", law, wrong, trials, doubted)
		}
		if law == reports.LawLogLinear && doubted == 0 {
			t.Error("n log n over half an octave is never doubted: the test shows nothing")
		}
	}
}

// TestChooseLawCounted: counted figures have no noise; the fixed cost is a number, and says when growth is
// not yet asymptotic. What follows no law is told.
func TestChooseLawCounted(t *testing.T) {
	figures := func(of func(n float64) float64) []reports.Samples {
		var cells []reports.Samples
		for _, n := range doublings(64, 4096) {
			cells = append(cells, reports.Samples{N: n, Values: []float64{of(float64(n))}})
		}
		return cells
	}
	tests := []struct {
		name       string
		of         func(n float64) float64
		law        reports.Law
		fixed      float64 // share at n = 64
		bent, fits bool
	}{
		{"constant", func(float64) float64 { return 4096 }, reports.LawConstant, 0, false, true},
		{"mostly fixed", func(n float64) float64 { return 64*127 + n }, reports.LawLinear, 127. / 128, true, true},
		{"matrix", func(n float64) float64 { return 4096 + 4*n*n }, reports.LawQuadratic, 0.2, false, true},
		{"n log n", func(n float64) float64 { return n * math.Log(n) }, reports.LawLogLinear, 0, false, true},
		{"no law", func(n float64) float64 { return math.Pow(n, 1.5) }, "", 0, false, false},
	}
	for _, test := range tests {
		f, ok := reports.ChooseLaw(figures(test.of), true)
		if !ok || f.Fits() != test.fits || f.Bent() != test.bent || test.fits && f.Rival != "" {
			t.Errorf("%s: %+v", test.name, f)
		}
		if test.fits && (f.Law != test.law || math.Abs(f.FixedFirst-test.fixed) > 0.01) {
			t.Errorf("%s: %+v, want %s with %.3f fixed", test.name, f, test.law, test.fixed)
		}
	}
	if f, ok := reports.ChooseLaw(figures(func(n float64) float64 { return n })[:4], true); ok {
		t.Errorf("four lengths have the law %+v", f)
	}
}
