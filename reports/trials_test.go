package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/results"
)

// trial makes sets of which the truth is known: 7 variants at 8 lengths, log-normal noise.
type trial struct {
	rng     *rand.Rand
	samples int
	noise   float64
}

const trialVariants, trialLengths = 7, 8

// set draws times. slower is a factor on the time of the cell with that index.
func (s trial) set(run string, slow int, factor float64) *results.Set {
	set := new(results.Set)
	r := &results.RunResults{File: run + ".txt", Run: results.Run{ID: run, End: "known"}}
	r.Header = results.Header{{Key: results.KeyMachine, Value: "m"}, {Key: results.KeyCommit, Value: "c"}}
	for v := range trialVariants {
		name := fmt.Sprintf("v%d", v)
		set.Variants = append(set.Variants, results.Variant{Name: name, Role: results.RoleApproximation})
		for i := range trialLengths {
			cell := results.Cell{Variant: name, N: 64 << i, D: 64, Heads: 1, Batch: 1, Pass: results.PassForward,
				DType: "f32", SIMD: "avx2", Threads: 1, Input: "gaussian"}
			c := &results.CellResults{Cell: cell, Note: results.CellNote{Cell: cell.Name(), Status: results.Done}}
			for k := range s.samples {
				ns := 1e5 * float64(cell.N) * math.Exp(s.noise*s.rng.NormFloat64())
				if v*trialLengths+i == slow {
					ns *= factor
				}
				c.Samples = append(c.Samples, results.Sample{
					Iters: 1, Seq: k, Values: []results.Value{{Unit: results.Time, Value: math.Round(ns)}},
				})
			}
			r.Cells = append(r.Cells, c)
		}
	}
	set.Runs = append(set.Runs, r)
	return set
}

// duels compares two sets and returns the pairs.
func duels(t *testing.T, old, new *results.Set) (all []*duel) {
	t.Helper()
	c := comparer{units: []results.Unit{{Name: results.Time, Better: "lower"}}}
	sides := [2]*group{split(old)[0], split(new)[0]}
	x := newContest([2]string{"old", "new"}, sides, "", sides[0].cellsNamed(old), sides[1].cellsNamed(new))
	c.bouts = []*bout{{sides: sides, contests: []*contest{x}}}
	if _, err := c.conclude(); err != nil {
		t.Fatal(err)
	}
	if all = x.all(); len(all) != trialVariants*trialLengths {
		t.Fatalf("%d pairs", len(all))
	}
	return all
}

// TestFamilyWiseError: where nothing differs in a whole grid, something is called a difference in at most 5 %
// of the trials, 6.5 % with the scatter of 1000 trials. Without the correction it would be most of them.
func TestFamilyWiseError(t *testing.T) {
	trials := 1000
	if testing.Short() {
		trials = 100
	}
	s := trial{rng: rand.New(rand.NewPCG(5, 6)), samples: 10, noise: 0.01}
	wrong, uncorrected := 0, 0
	for range trials {
		any, naive := false, false
		for _, d := range duels(t, s.set("a", -1, 1), s.set("b", -1, 1)) {
			any = any || d.verdict == lower || d.verdict == higher
			naive = naive || d.p <= alpha
		}
		if any {
			wrong++
		}
		if naive {
			uncorrected++
		}
	}
	t.Logf("wrong about any cell in %d of %d trials, in %d without the correction", wrong, trials, uncorrected)
	const most = 0.065
	slack := 0.0
	if testing.Short() {
		slack = 0.06 // of a tenth of the trials
	}
	if share := float64(wrong) / float64(trials); share > most+slack {
		t.Errorf("wrong in %.1f %% of trials", 100*share)
	}
	if uncorrected < trials/2 {
		t.Errorf("the trials are too easy: only %d of %d are wrong without the correction", uncorrected, trials)
	}
}

// TestPower: one cell of the grid is 3 % slower.
func TestPower(t *testing.T) {
	trials := 200
	if testing.Short() {
		trials = 40
	}
	s := trial{rng: rand.New(rand.NewPCG(7, 8)), samples: 20, noise: 0.01}
	found := 0
	for i := range trials {
		slow := i % (trialVariants * trialLengths)
		if duels(t, s.set("a", -1, 1), s.set("b", slow, 1.03))[slow].verdict == higher {
			found++
		}
	}
	t.Logf("found in %d of %d trials", found, trials)
	if found < trials*8/10 {
		t.Errorf("a difference of 3 %% was found in %d of %d trials", found, trials)
	}
}
