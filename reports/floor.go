package reports

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"attnbench/results"
)

// noiseFloor is how far apart two measurements of the same code are: an A/A check in every report. The
// samples of a cell were taken in turns with those of other cells, so every other one is a measurement under
// one name, and the rest under another. Each half has half of the samples, so their medians lie √2 times as
// far apart as those of two whole cells.
//
// It is the relative difference that 95 % of the cells keep to; ok is false where the cells are too few to
// tell. It does not hold what changes from process to process, or from day to day.
func (g *group) noiseFloor() (floor float64, cells int, ok bool) {
	const least, share = 10, 0.95 // of cells
	var apart []float64
	for _, c := range g.cells {
		times := c.units[results.Time]
		if len(times) < results.FullSamples {
			continue
		}
		var halves [2][]float64
		for i, x := range times {
			halves[i%2] = append(halves[i%2], x)
		}
		apart = append(apart, math.Abs(math.Log(median(halves[0])/median(halves[1])))/math.Sqrt2)
	}
	if len(apart) < least {
		return 0, len(apart), false
	}
	slices.Sort(apart)
	return math.Expm1(stat.Quantile(share, stat.Empirical, apart, nil)), len(apart), true
}

// floorText says it in words.
func (g *group) floorText() string {
	floor, cells, ok := g.noiseFloor()
	if !ok {
		return "too few cells to tell"
	}
	return fmt.Sprintf("two measurements of the same code differ by up to %.1f %% (95 %% of %d cells)",
		100*floor, cells)
}

// floorFact adds what it is made of and what it does not hold.
func (g *group) floorFact() results.Field {
	text := g.floorText()
	if _, _, ok := g.noiseFloor(); ok {
		text = "A/A: " + text + ", every other sample against the rest; it does not hold what differs from " +
			"process to process (addresses) and from day to day"
	}
	return results.Field{Key: "noise floor", Value: text}
}

// floorNote says in a comparison what part the floor of two sides has.
func floorNote(floor float64) string {
	if floor == 0 {
		return "The noise floor (A/A) is not known, too few cells: ~ rests on the tests, and on " +
			placementText() + ", which two plans of the same code differ by."
	}
	return fmt.Sprintf("~ also where the medians differ by no more than the noise floor (A/A) of the noisier "+
		"side, %.1f %%, or than %s: what the same code differs by within a run.", 100*floor, placementText())
}
