package reports

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"attnbench/results"
)

// told counts what a report ranks: cells that stand out as the fastest and speed-ups that are told.
func told(t *testing.T, set *results.Set) (best, speedups int, fastest string) {
	t.Helper()
	set.Variants[0].Role, set.Variants[0].Baseline = results.RoleExact, true
	report, err := Build(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range report.Parts[0].Tables {
		for _, row := range table.Rows {
			for _, c := range row.Cells[1:] {
				switch {
				case table.ID == "time" && c.Best:
					best++
				case strings.HasPrefix(table.ID, "speedup-") && c.Text != "~" && len(c.Marks) == 0:
					speedups++
				}
			}
		}
	}
	for _, line := range report.Parts[0].Headlines {
		if strings.HasPrefix(line, "Fastest: ") {
			fastest = line
		}
	}
	return best, speedups, fastest
}

// TestSameCodeRanksNothing: one variant under seven names. Holm allows 5 % of tables to find something where
// nothing differs; to lead, a cell must be ahead of all others, which chance alone hardly leads to.
func TestSameCodeRanksNothing(t *testing.T) {
	reports := 300
	if testing.Short() {
		reports = 30
	}
	s := trial{rng: rand.New(rand.NewPCG(11, 12)), samples: 10, noise: 0.01}
	ranked, spedUp := 0, 0
	for range reports {
		best, speedups, fastest := told(t, s.set("a", -1, 1))
		if best > 0 || !strings.HasPrefix(fastest, "Fastest: at n = 64–8192 no winner beyond the noise.") {
			ranked++
		}
		if speedups > 0 {
			spedUp++
		}
	}
	t.Logf("of %d reports %d rank something, %d tell a speed-up", reports, ranked, spedUp)
	if ranked*50 > reports {
		t.Errorf("%d of %d reports rank what does not differ", ranked, reports)
	}
	const most = 0.05
	if slack := 3 * math.Sqrt(most*(1-most)*float64(reports)); float64(spedUp) > most*float64(reports)+slack {
		t.Errorf("%d of %d reports tell speed-ups of what does not differ", spedUp, reports)
	}
}

// TestTrueDifferenceIsRanked: a cell that takes 10 % less, at 1 % noise.
func TestTrueDifferenceIsRanked(t *testing.T) {
	const quick, factor = 3*trialLengths + 2, 0.9 // v3 at n = 256
	s := trial{rng: rand.New(rand.NewPCG(13, 14)), samples: 10, noise: 0.01}
	for range 20 {
		best, speedups, fastest := told(t, s.set("a", quick, factor))
		if best == 0 || speedups == 0 || !strings.Contains(fastest, "v3 at n = 256;") {
			t.Errorf("%d stand out, %d speed-ups, %q", best, speedups, fastest)
		}
	}
}

// TestFloorKeepsRankingBack: what the U test finds is not told where the same code differs by more.
func TestFloorKeepsRankingBack(t *testing.T) {
	cell := func(times ...float64) *measured {
		return &measured{units: map[string][]float64{results.Time: times}}
	}
	a := cell(100, 101, 102, 103, 104, 105, 106, 107, 108, 109)
	b := cell(110, 111, 112, 113, 114, 115, 116, 117, 118, 119) // 9.6 % more
	pair := contrast{a, b}
	for floor, want := range map[float64]bool{0: true, 0.05: true, 0.09: true, 0.1: false, 0.5: false} {
		if got := newContrasts(floor, []contrast{pair}).differ(pair); got != want {
			t.Errorf("floor %v: %v", floor, got)
		}
		d := &duel{tested: true, floor: floor, ratio: Estimate{Median: 114.5 / 104.5}}
		if got := d.differs(); got != want {
			t.Errorf("comparison, floor %v: %v", floor, got)
		}
	}
	if newContrasts(0, nil).differ(pair) {
		t.Error("a pair that was not tested differs")
	}
}

// TestContrastsAreCorrectedTogether: a difference that one test finds is chance among many.
func TestContrastsAreCorrectedTogether(t *testing.T) {
	cell := func(first float64) *measured {
		m := &measured{units: map[string][]float64{}}
		for i := range 6 {
			m.units[results.Time] = append(m.units[results.Time], first+float64(i))
		}
		return m
	}
	a, b := cell(100), cell(200)
	pairs := []contrast{{a, b}, {a, b}} // again: no test of its own
	if told := newContrasts(0, pairs); !told.differ(pairs[0]) {
		t.Errorf("one difference: p %v", told.p[pairs[0]])
	}
	for range 30 { // 2/924 each, of six samples against six
		pairs = append(pairs, contrast{cell(100), cell(100)})
	}
	if told := newContrasts(0, pairs); told.differ(pairs[0]) {
		t.Errorf("one of 31: p %v", told.p[pairs[0]])
	}
}
